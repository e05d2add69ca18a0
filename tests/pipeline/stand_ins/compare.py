"""Stand-in for pipeline/compare.py: one line a cell, no pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline import report_cells
from pipeline.cells import Cell
from pipeline.tracking import TrackingSettings


def compare(root: Path, cells: Iterable[Cell], settings: TrackingSettings) -> str:
    """Writes reports/compare.md and returns its text."""
    results = [report_cells.read(root, cell) for cell in cells]
    text = "\n".join(f"{one.name}: {one.state} {one.reason}".strip() for one in results)
    (root / "reports").mkdir(exist_ok=True)
    (root / "reports" / "compare.md").write_text(text)
    return text
