"""Grids that a benchmark trains: in a clone of this repository, by the product's own commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from benchmarks.rounds import REPOSITORY


def run(work: Path, params: dict[str, Any], *words: str) -> bool:
    """`python -m pipeline WORDS` with these params.yaml in the clone `work`, made if it is not there.

    What ran there before is not run again. False if a cell failed, which its output has said.
    """
    if not (work / ".git").is_dir():
        subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(work)], check=True)
    (work / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *words], cwd=work, env={**os.environ, "PATH": paths}
    )
    return done.returncode == 0
