"""`python -m pipeline repro`: check, `dvc repro`, MLflow, comparison; once at a time in a checkout."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from components.catalog import UserError
from components.datagen.schema import MANIFEST
from pipeline import outcome, resolve
from pipeline.failures import FAILURES
from pipeline.interrupt import STOP, UNDER_REPRO, USERS_PATH
from pipeline.params import Params, load

LOCK = Path(".work", "repro.lock")
DVC_LOCKS = Path(".dvc", "tmp", "rwlock")
INTERRUPTED = 130
# A stage that does not end by itself after ^C (it was just starting) is told again after this.
STOP_SECONDS = 5


def repro(
    root: Path,
    arguments: Sequence[str],
    *,
    keep_going: bool,
    first: Callable[[Params], dict[str, str] | None] | None = None,
) -> int:
    """Runs the grid; the exit code is 1 if a stage failed, and the comparison is printed anyway.

    first: is done before, alone as the rest is; returns what DVC's environment is to hold as well, or
        None after ^C.
    Raises ParamsError before anything runs, UserError if another repro runs in this folder.
    """
    params = load(root)
    with _alone(root):
        _refuse_without_git(root)
        _refuse_other_dvc(root)
        if not resolve.is_current(root, params):
            # DVC cannot see, for example, a new file in a folder that a problem reads, cannot read
            # links to files that are gone, and leaves `resolve` out where it runs one stage alone.
            resolve.resolve(root)
        (root / outcome.TEXT).unlink(missing_ok=True)
        words = [*(["--keep-going"] if keep_going else []), *arguments]
        more = first(params) if first else {}
        code = INTERRUPTED if more is None else dvc_repro(root, words, more)
        if code == INTERRUPTED:
            print("\ninterrupted; `make repro` goes on from here", file=sys.stderr)
            return code
        if any(word in ("--dry", "-h", "--help") for word in arguments):
            return code
        outcome.show(root)
    _list_failures(root, params)
    return 1 if code else 0


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Holds `.work/repro.lock`; the kernel frees it when the process ends, however it ends."""
    file = root / LOCK
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read().strip() or "another process"
            raise UserError(
                f"another repro runs in this folder ({holder}); wait for it to end, then run this "
                "again: what it has finished will not be repeated"
            ) from None
        stream.truncate(0)
        stream.write(f"process {os.getpid()}, since {time.strftime('%H:%M:%S')}")
        stream.flush()
        yield


def _refuse_without_git(root: Path) -> None:
    """DVC runs in a git repository only, be it one without a commit; an unpacked archive is none."""
    whole = root.resolve()
    if not any((folder / ".git").exists() for folder in (whole, *whole.parents)):
        raise UserError(
            f"{whole} is not in a git repository, without which DVC does not run; `git init` here "
            "makes it one (no commit is needed), then run this again"
        )


def _refuse_other_dvc(root: Path) -> None:
    """A `dvc repro` typed in another terminal: DVC would end in its own words, after 3 seconds.

    Locks of a DVC that was killed are removed, which DVC would ask the user to do by hand.
    """
    for process in running_dvc(root):
        raise UserError(
            f"DVC runs in this folder (process {process.pid}: {' '.join(process.cmdline()[-3:])}); "
            "wait for it to end, then run this again"
        )
    (root / DVC_LOCKS).unlink(missing_ok=True)
    (root / STOP).unlink(missing_ok=True)


def running_dvc(root: Path) -> list[psutil.Process]:
    """The live processes that DVC's own lock file names."""
    try:
        held = json.loads((root / DVC_LOCKS).read_text() or "{}")
    except (FileNotFoundError, json.JSONDecodeError):
        return []
    holders = [holder for found in held.get("read", {}).values() for holder in found]
    holders += held.get("write", {}).values()
    live = {}
    for pid in {int(holder["pid"]) for holder in holders if holder}:
        # A zombie has no command line; a pid may have passed to another program.
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if any("dvc" in word for word in process.cmdline()):
                live[pid] = process
    return list(live.values())


def dvc_repro(root: Path, words: Sequence[str], more: Mapping[str, str] | None = None) -> int:
    """Runs `dvc repro` with this Python first on the PATH; `more` is added to its environment."""
    typed = os.environ.get("PATH", "")
    path = os.pathsep.join([str(Path(sys.executable).parent), typed])
    environment = {**os.environ, "PATH": path, UNDER_REPRO: "1", USERS_PATH: typed, **(more or {})}
    mark = root / STOP
    # At once, before DVC can begin with another stage: `Popen.wait` alone would take 0.25 s.
    before = signal.signal(signal.SIGINT, lambda *_: mark.touch())
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "dvc", "repro", *words], cwd=root, env=environment
        )
        while not mark.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(0.1)
        return _stop(process)
    finally:
        mark.unlink(missing_ok=True)
        signal.signal(signal.SIGINT, before)


def _stop(process: subprocess.Popen[bytes]) -> int:
    """Ends DVC after ^C. The stage has got the signal from the terminal, but DVC ignores it while a
    stage runs, and with --keep-going takes the next one. Stages refuse to start from now on
    (`interrupt.py`), and DVC is told again until it is gone."""
    patience = time.monotonic() + STOP_SECONDS
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        if time.monotonic() > patience:
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.send_signal(signal.SIGINT)
            patience = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    return INTERRUPTED


def _list_failures(root: Path, params: Params) -> None:
    """Every problem whose data could not be made; the comparison has named the cells that failed."""
    for name in params.problems:
        file = root / FAILURES / f"{name}.json"
        if (root / "data" / name / MANIFEST).is_file():
            file.unlink(missing_ok=True)  # DVC has restored the data, without a stage to say so
        elif file.is_file():
            reason = json.loads(file.read_text(encoding="utf-8"))["reason"]
            print(f"no data for {name}: {reason}", file=sys.stderr)
            print(f"  alone: dvc repro -s datagen@{name}", file=sys.stderr)
