"""After the cells: MLflow made complete, reports/ written, the comparison shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from components import catalog
from pipeline import tracking
from pipeline.interrupt import UNDER_REPRO
from pipeline.resolved import read
from pipeline.tracking import TrackingSettings
from pipeline.whole_file import write_text

TEXT = Path(".work", "compare.txt")
"""The comparison of the last stage, for the `repro` that has run it."""


def show(root: Path) -> None:
    """Prints what the stage `compare` has made in this `repro`; makes it where that has not run."""
    file = root / TEXT
    if file.is_file():
        print(file.read_text(encoding="utf-8"))
    else:
        publish(root)


def publish(root: Path) -> str:
    """Writes reports/ and completes MLflow; prints the comparison.

    Not in a stage that `repro` runs: that prints it itself, at the very end (`show`).
    """
    from pipeline.compare import compare

    resolved = read(root)
    catalog.use(resolved.plugins)  # whose metrics the comparison reads
    settings = TrackingSettings(**resolved.settings["tracking"])
    tracking.sync(root, resolved.cells, settings)
    text = compare(root, resolved.cells, settings)
    if os.environ.get(UNDER_REPRO):
        write_text(root / TEXT, text)
    else:
        print(text)
    return text


def track(root: Path) -> int:
    """Makes MLflow agree with runs/ and says what that took."""
    resolved = read(root)
    catalog.use(resolved.plugins)
    settings = TrackingSettings(**resolved.settings["tracking"])
    if not settings.enabled:
        print("tracking.enabled is false in params.yaml; nothing to do")
        return 0
    done = tracking.sync(root, resolved.cells, settings)
    if done.warning:
        return 1
    for what, names in (
        ("added", done.created),
        ("completed", done.completed),
        ("marked as killed", done.killed),
    ):
        for name in names:
            print(f"{what}: {name}")
    if not (done.created or done.completed or done.killed):
        print(f"MLflow ({settings.uri}) has every finished cell", file=sys.stdout)
    return 0
