"""The resolve stage: params.yaml, checked and completed, as the later stages read it.

Writes `resolved.yaml` and `.sources/`. The digests at its end are all that dvc.yaml refers to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components import catalog
from components.catalog import UserError
from pipeline import identity, sources
from pipeline.cells import Cell
from pipeline.located import Loader
from pipeline.params import Params, load
from pipeline.whole_file import write_text

FILE = "resolved.yaml"
HEADER = """\
# Written by `python -m pipeline resolve` from params.yaml and the code; do not edit.
# The digests at the end are what dvc.yaml depends on: settings and source files of each stage.
"""


@dataclass(frozen=True)
class Resolved:
    """resolved.yaml as the stages read it."""

    plugins: tuple[str, ...]
    problems: Mapping[str, Any]
    hparams: Mapping[str, Any]
    settings: Mapping[str, Any]
    cells: tuple[Cell, ...]
    digests: Mapping[str, Mapping[str, Any]]

    def cell(self, problem: str, model: str, hparams: str, seed: int) -> Cell:
        """The cell of that name. Raises UserError if the grid has none."""
        wanted = Cell(problem, model, hparams, seed).name
        for cell in self.cells:
            if cell.name == wanted:
                return cell
        near = catalog.closest(wanted, [cell.name for cell in self.cells][:20])
        raise UserError(f"the grid of params.yaml has no cell {wanted}; {near}")


def resolve(root: Path) -> Params:
    """Checks params.yaml and writes `resolved.yaml` and `.sources/` under root.

    Raises ParamsError; nothing is written then.
    """
    params = load(root)
    sources.write(root, listings(root, params))
    write_text(root / FILE, text(params))
    return params


def text(params: Params) -> str:
    """resolved.yaml, byte for byte."""
    return HEADER + "".join(_lines(sections(params)))


def sections(params: Params) -> dict[str, Any]:
    """The content of resolved.yaml."""
    digests: dict[str, Any] = {
        "datagen": {
            name: identity.datagen_digest(found) for name, found in params.problems.items()
        },
        "train": {},
        "evaluate": {},
        "compare": identity.compare_digest(params),
    }
    for cell in params.cells:
        for stage, of in (("train", identity.train_digest), ("evaluate", identity.evaluate_digest)):
            models = digests[stage].setdefault(cell.problem, {})
            sets = models.setdefault(cell.model, {}).setdefault(cell.hparams, {})
            sets[f"seed_{cell.seed}"] = of(params, cell)
    return {
        "plugins": list(params.plugins),
        "problems": {
            name: {
                "file": found.file,
                "layers": [list(layer) for layer in found.layers],
                "signature": dict(found.signature),
                "settings": identity.problem_settings(found),
            }
            for name, found in params.problems.items()
        },
        "hparams": {
            name: {
                model: {"hparams": hparams, "train": train}
                for model, (hparams, train) in by_model.items()
            }
            for name, by_model in params.sets.items()
        },
        "settings": {
            name: dict(getattr(params, name)) for name in ("eval", "runtime", "beam", "tracking")
        },
        "cells": [
            {"cell": cell.name}
            | ({"status": cell.status, "reason": cell.reason} if cell.reason else {})
            for cell in params.cells
        ],
        **digests,
    }


def listings(root: Path, params: Params) -> dict[str, dict[str, Path]]:
    """What `.sources/` links: the local files of each problem, and the plugins' source files."""
    own = (catalog.ROOT / "components").resolve()
    plugins = [file for file in identity.used_files(params) if not file.is_relative_to(own)]
    found = {name: problem.local for name, problem in params.problems.items()}
    return {
        name: sources.listing(root, paths)
        for name, paths in {**found, sources.PLUGINS: tuple(plugins)}.items()
    }


def is_current(root: Path, params: Params) -> bool:
    """Whether what `resolve` wrote last is what it would write now."""
    file = root / FILE
    return (
        file.is_file()
        and file.read_text(encoding="utf-8") == text(params)
        and sources.as_written(root, listings(root, params))
    )


def read(root: Path) -> Resolved:
    """Reads resolved.yaml. Raises UserError if it is not there."""
    try:
        raw = yaml.load((root / FILE).read_bytes(), Loader=Loader)
    except FileNotFoundError:
        raise UserError(f"{FILE} is missing; `dvc repro resolve` writes it") from None
    cells = []
    for item in raw["cells"]:
        problem, model, hparams, seed = item["cell"].split("/")
        status = item.get("status", "run")
        cells.append(Cell(problem, model, hparams, int(seed), status, item.get("reason", "")))
    return Resolved(
        plugins=tuple(raw["plugins"]),
        problems=raw["problems"],
        hparams=raw["hparams"],
        settings=raw["settings"],
        cells=tuple(cells),
        digests={stage: raw[stage] for stage in ("datagen", "train", "evaluate")},
    )


def _lines(content: Mapping[str, Any]) -> Iterable[str]:
    """YAML whose leaves are JSON, one line each: quick to write, to read and to compare."""
    for name, value in content.items():
        yield f"{name}:{_below(value, 1)}\n"


def _below(value: Any, depth: int) -> str:
    indent = "\n" + "  " * depth
    if isinstance(value, dict) and value and depth < 5:
        return "".join(f"{indent}{key}:{_below(item, depth + 1)}" for key, item in value.items())
    if isinstance(value, list) and value and isinstance(value[0], dict) and depth == 1:
        return "".join(f"{indent}- {json.dumps(item)}" for item in value)
    return " " + json.dumps(value, ensure_ascii=False)
