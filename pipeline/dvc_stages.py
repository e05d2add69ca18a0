"""Cells' stages begun in DVC's own process, where DVC starts a shell and a Python for each.

What such a stage does before its work (`settled.py`) takes milliseconds, and the work is a fork's
of the warm process: neither needs a process in between, which takes 0.2 s. A stage whose work no
fork can do is left to DVC.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.catalog import UserError
from pipeline import warm
from pipeline.failures import StageFailed
from pipeline.interrupt import refuse_after_interrupt
from pipeline.resolved import read
from pipeline.settled import command, settled

INTERRUPTED = 130
OURS = ["python", "-m", "pipeline"]
ROOT = Path(".")


def install(path: Sequence[str]) -> None:
    """Makes DVC, in this process, begin cells' stages as above. path: of modules, for the forks."""
    from dvc.stage import run
    from dvc.stage.exceptions import StageCmdFailedError

    by_dvc = run._run

    def begin(executable: str | None, cmd: str, **options: Any) -> None:
        words = cmd.split()
        code = None
        if words[:3] == OURS and os.path.samefile(options["cwd"], ROOT):
            code = stage(words[3:], options["env"], path)
        if code == INTERRUPTED:
            raise KeyboardInterrupt  # not a failure, after which DVC would list what it leaves out
        if code is None:
            by_dvc(executable, cmd, **options)
        elif code:
            raise StageCmdFailedError(cmd, code)

    run._run = begin


def stage(words: Sequence[str], environment: Mapping[str, str], path: Sequence[str]) -> int | None:
    """The exit code of `python -m pipeline <words>`; None if it is to be a process of its own."""
    kind, *names = words
    try:
        refuse_after_interrupt(ROOT)
        if kind in ("train", "evaluate"):
            problem, model, hparams, seed = names
            resolved = read(ROOT)
            cell = resolved.cell(problem, model, hparams, int(seed))
            if settled(kind, ROOT, resolved, cell):
                return 0
            return warm.run_for_dvc(command(kind, cell), resolved.settings, environment, path)
        if kind == "compare":
            settings = read(ROOT).settings
            if warm.is_running(settings):
                return warm.run_for_dvc(words, settings, environment, path)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except StageFailed:
        return 1
    return None
