"""The mark of an interrupted `repro`, which keeps DVC from starting further stages."""

from __future__ import annotations

import os
from pathlib import Path

UNDER_REPRO = "TENSORGRID_REPRO"
"""Set in the environment of the stages that `repro` runs."""
USERS_PATH = "TENSORGRID_PATH"
"""Beside it: the PATH of whoever typed `repro`, which decides what can be typed next."""
STOP = Path(".work", "repro.stop")


def refuse_after_interrupt(root: Path) -> None:
    """Raises KeyboardInterrupt in a stage that DVC has started although its repro was interrupted.

    DVC ignores ^C while a stage runs and, with --keep-going, takes the next one.
    """
    if os.environ.get(UNDER_REPRO) and (root / STOP).exists():
        raise KeyboardInterrupt
