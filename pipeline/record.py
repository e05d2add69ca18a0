"""What is written beside a training's results so that it can be repeated and explained."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from components.train.hparams import of_results
from pipeline import identity
from pipeline.cells import Cell
from pipeline.closure import combine
from pipeline.resolved import Resolved

LIBRARIES = ("tensorflow", "keras", "jax", "numpy", "sentencepiece", "tfx-bsl", "dvc", "mlflow")


def data_hash(root: Path, problem: str) -> str | None:
    """16 hex digits for a problem's data: its manifest holds the sha256 of every shard."""
    file = root / "data" / problem / "manifest.json"
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file.is_file() else None


def cell_hash(train_digest: str, data: str | None) -> str:
    """The identity of a cell's training: settings, code and seed, and the data."""
    return identity.digest([train_digest, data])


def describe(root: Path, resolved: Resolved, cell: Cell, code: Mapping[str, str]) -> dict[str, Any]:
    """The part of train.json that is known before the training begins."""
    names = resolved.hparams[cell.hparams][cell.model]
    digest = train_digest(resolved, cell)
    data = data_hash(root, cell.problem)
    revision, dirty = git_state(root)
    return {
        "status": "ok",
        "cell": {
            "problem": cell.problem,
            "model": cell.model,
            "hparams": cell.hparams,
            "seed": cell.seed,
        },
        "cell_hash": cell_hash(digest, data),
        "hparams": names["hparams"],
        "settings": names["train"],
        "runtime": of_results(resolved.settings["runtime"]),
        "data_hash": data,
        "code_hash": combine(dict(code)),
        "code": dict(code),
        "git_revision": revision,
        "git_dirty": dirty,
        "versions": versions(),
        "machine": machine(),
    }


def train_digest(resolved: Resolved, cell: Cell) -> str:
    """The digest that DVC tracks for a cell's training."""
    return resolved.digests[cell.name]["train"]


def evaluate_digest(resolved: Resolved, cell: Cell) -> str:
    """The digest that DVC tracks for a cell's evaluation."""
    return resolved.digests[cell.name]["evaluate"]


def git_state(root: Path) -> tuple[str | None, bool | None]:
    """(revision, whether files differ from it); (None, None) outside git."""
    try:
        revision = _git(root, "rev-parse", "HEAD")
        dirty = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return revision, dirty


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that results depend on, where installed."""
    from importlib import metadata

    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def machine() -> str:
    """System, processor and cores: on another kind, rounding and so weights may differ."""
    parts = [f"{platform.system()} {platform.machine()}", platform.processor()]
    with contextlib.suppress(OSError):
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        named = [line for line in text.splitlines() if line.startswith("model name")]
        parts[1] = named[0].split(":")[1].strip() if named else parts[1]
    return ", ".join([*filter(None, parts), f"{os.cpu_count()} cores"])


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=root, check=True, capture_output=True, text=True, timeout=20
    )
    return done.stdout.strip()
