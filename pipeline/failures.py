"""What happens when a stage's own work fails: a record, a log, and a message that helps."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.catalog import UserError
from pipeline.cells import Cell
from pipeline.whole_file import write_json, write_text

FAILURES = Path(".work", "failures")
LOGS = Path(".work", "logs")
SHOWN_LINES = 12
# What Keras puts around the message of whatever is raised while a layer is called.
KERAS = re.compile(r"Exception encountered when calling .*?\x1b\[1m(.*?)\x1b\[0m", re.DOTALL)
FAILED_IN_RUN = "TENSORGRID_FAILED"
"""In the environment of the stages that `run` lets DVC run: those that failed, blank-separated."""


class StageFailed(Exception):
    """The stage has failed and has said so; what is left is to exit with code 1."""


@contextmanager
def recorded(root: Path, dotted: str, stage: str) -> Iterator[None]:
    """Around the work of one stage: removes the record of an older failure, writes a new one.

    dotted: the cell's or problem's name, in file names. stage: its name in DVC. Errors of the user
    end without a traceback; others leave theirs in .work/logs/. Raises StageFailed.
    """
    record = root / FAILURES / f"{dotted}.json"
    record.unlink(missing_ok=True)
    try:
        yield
    except KeyboardInterrupt:
        raise
    except Exception as error:
        expected = isinstance(error, UserError) or _disk_full(error)
        log = None if expected else root / LOGS / f"{dotted}.log"
        reason = _reason(error)
        message = [f"\n{stage} failed: {reason}"]
        if log is not None:
            text = traceback.format_exc()
            last = text.rstrip().splitlines()[-SHOWN_LINES:]
            message += [f"  {line}" for line in last]
            message.append(f"the whole traceback: {log.relative_to(root)}")
            write_text(log, text)
        message.append(_alone(stage))
        print("\n".join(message), file=sys.stderr, flush=True)
        kept = {
            "stage": stage,
            "reason": reason,
            "log": str(log.relative_to(root)) if log else None,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        # A full disk may be the very reason: then the message above has to do.
        if not _disk_full(error):
            write_json(record, kept)
        raise StageFailed from error


def forget_failure(root: Path, cell: Cell) -> None:
    """Removes the record of an older failure; not that of the evaluation in the `run` that now calls
    DVC, which comes to the cell's training first."""
    if not _failed_in_run(cell.stage("evaluate")):
        (root / FAILURES / f"{cell.dotted}.json").unlink(missing_ok=True)


def refuse_again(root: Path, cell: Cell, kind: str) -> None:
    """Raises StageFailed in a stage whose work has failed already in the `run` that now calls DVC."""
    stage = cell.stage(kind)
    if _failed_in_run(stage):
        # A full disk leaves no record.
        record, reason = root / FAILURES / f"{cell.dotted}.json", "see above"
        if record.is_file():
            reason = json.loads(record.read_text(encoding="utf-8"))["reason"]
        print(f"{stage} failed: {reason}\n{_alone(stage)}", file=sys.stderr, flush=True)
        raise StageFailed


def _failed_in_run(stage: str) -> bool:
    return stage in os.environ.get(FAILED_IN_RUN, "").split()


def _alone(stage: str) -> str:
    return f"to run it alone: dvc repro -s {stage}"


def _reason(error: Exception) -> str:
    said = str(error).strip()
    if wrapped := KERAS.match(said):
        said = wrapped[1]
    if isinstance(error, UserError):
        return said
    if _disk_full(error):
        return f"the disk is full ({error})"
    first = said.split("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _disk_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
