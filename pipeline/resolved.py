"""resolved.json as the stages read it. JSON, because every stage parses all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import catalog
from components.catalog import UserError
from pipeline.cells import Cell

FILE = "resolved.json"


@dataclass(frozen=True)
class Resolved:
    """All settings of the grid. digests: for each cell's name, those of train and evaluate."""

    plugins: tuple[str, ...]
    problems: Mapping[str, Any]
    hparams: Mapping[str, Any]
    settings: Mapping[str, Any]
    cells: tuple[Cell, ...]
    digests: Mapping[str, Mapping[str, str]]

    def cell(self, problem: str, model: str, hparams: str, seed: int) -> Cell:
        """The cell of that name. Raises UserError if the grid has none."""
        wanted = Cell(problem, model, hparams, seed).name
        for cell in self.cells:
            if cell.name == wanted:
                return cell
        near = catalog.closest(wanted, [cell.name for cell in self.cells][:20])
        raise UserError(f"the grid of params.yaml has no cell {wanted}; {near}")


def read(root: Path) -> Resolved:
    """Reads resolved.json. Raises UserError if it is not there."""
    try:
        raw = json.loads((root / FILE).read_bytes())
    except FileNotFoundError:
        raise UserError(f"{FILE} is missing; `python -m pipeline resolve` writes it") from None
    cells, digests = [], {}
    for item in raw["cells"]:
        problem, model, hparams, seed = item["cell"].split("/")
        status = item.get("status", "run")
        cells.append(Cell(problem, model, hparams, int(seed), status, item.get("reason", "")))
        digests[item["cell"]] = {stage: item[stage] for stage in ("train", "evaluate")}
    return Resolved(
        plugins=tuple(raw["plugins"]),
        problems=raw["problems"],
        hparams=raw["hparams"],
        settings=raw["settings"],
        cells=tuple(cells),
        digests=digests,
    )
