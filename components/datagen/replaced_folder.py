"""A folder that is replaced whole: the old one stays until the new one is finished."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Yields an empty folder beside `target` that takes its place at the end.

    If the body raises, the new folder is removed and `target` is as before. What a killed process
    of this machine has left behind is removed first.
    """
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    mark = f".{target.name}.partial-{socket.gethostname()}-"
    for left in target.parent.glob(f"{mark}*"):
        if not _alive(left.name.removeprefix(mark)):
            shutil.rmtree(left)
    partial = target.parent / f"{mark}{os.getpid()}"
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir()
    try:
        yield partial
        _swap(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _swap(partial: Path, target: Path) -> None:
    """A folder that is not empty cannot be renamed over: the old one steps aside first."""
    if not target.exists():
        os.replace(partial, target)
        return
    old = partial.with_name(f"{partial.name}.old")
    os.replace(target, old)
    try:
        os.replace(partial, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old)


def _alive(process: str) -> bool:
    if not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
