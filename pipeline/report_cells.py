"""The state of each cell and what it left, read from its files under runs/, data/, .work/."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.datagen.schema import MANIFEST, Manifest
from pipeline import tracking_record
from pipeline.cells import NOT_APPLICABLE, RUN, Cell
from pipeline.failures import FAILURES

DONE = "done"
TRAINED = "trained, not evaluated"
FAILED = "failed"
NOT_RUN = "not yet run"


@dataclass(frozen=True)
class Result:
    """One cell: its state, why it is so, how to run it alone, and its numbers if there are any."""

    cell: Cell
    state: str
    reason: str
    folder: Path
    train: Mapping[str, Any] | None
    metrics: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        return self.cell.name

    @property
    def label(self) -> str:
        """What tells the cell from others of its problem."""
        return f"{self.cell.model} {self.cell.hparams}"

    @property
    def command(self) -> str:
        """What runs this cell alone."""
        return f"dvc repro {self.cell.stage('evaluate')}"

    def history(self) -> list[tuple[int, dict[str, float]]]:
        file = self.folder / "history.jsonl"
        return list(tracking_record.history(file)) if file.is_file() else []

    def lines(self, kind: str, split: str) -> list[str] | None:
        """`predictions` or `references`, one a line; None where the evaluation kept none."""
        file = self.folder / f"{kind}.{split}.txt"
        if not file.is_file():
            return None
        return file.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def read(root: Path, cell: Cell) -> Result:
    """The cell's state by its files; what `Cell` says decides only where there are none."""
    return read_from(root, Path(root) / cell.folder, cell)


def read_from(root: Path, folder: Path, cell: Cell) -> Result:
    """The same for a cell whose files are in another folder than its own."""
    train, metrics = _load(folder / "train.json"), _load(folder / "metrics.json")
    failure = _load(Path(root) / FAILURES / f"{cell.dotted}.json")
    no_data = None
    # The record of an older failure stays where DVC has restored the data.
    if cell.status == RUN and not (Path(root) / "data" / cell.problem / MANIFEST).is_file():
        no_data = _load(Path(root) / FAILURES / f"{cell.problem}.json")

    def result(state: str, reason: str = "") -> Result:
        return Result(cell, state, reason, folder, train, metrics)

    for written in (metrics, train):
        if written and written.get("status", "ok") == NOT_APPLICABLE:
            return result(NOT_APPLICABLE, written["reason"])
    if no_data:
        return result(FAILED, f"its data could not be made: {no_data['reason']}")
    if train and metrics:
        return result(DONE)
    if failure:
        return result(FAILED, failure["reason"])
    if train:
        return result(TRAINED, "its evaluation has not run")
    if cell.status != RUN:
        return result(NOT_APPLICABLE, cell.reason)
    return result(NOT_RUN, "nothing under runs/ yet")


def by_problem(results: Iterable[Result]) -> dict[str, list[Result]]:
    """In the order of the grid."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        grouped.setdefault(result.cell.problem, []).append(result)
    return grouped


def manifest(root: Path, problem: str) -> Manifest | None:
    """The problem's manifest; None before its data is generated."""
    folder = Path(root) / "data" / problem
    return Manifest.load(folder) if (folder / MANIFEST).is_file() else None


def _load(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
