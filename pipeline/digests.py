"""`.digests/`: one small file a cell, with the digests that its stages depend on.

Small, because DVC parses the whole file and walks all of its keys about eight times a stage: one
file for 300 cells cost each stage 0.1 s as JSON and 4 s as YAML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from components.datagen.replaced_folder import replaced_folder
from pipeline import identity
from pipeline.cells import Cell

if TYPE_CHECKING:
    from pipeline.params import Params

FOLDER = ".digests"


def file(cell: Cell) -> str:
    """A cell's file, as dvc.yaml names it."""
    return f"{FOLDER}/{cell.name}.json"


def _file_of_data(problem: str) -> str:
    return f"{FOLDER}/{problem}/datagen.json"


def of_data(root: Path, problem: str) -> str:
    """The digest that `resolve` wrote for a problem's data."""
    return str(json.loads((root / _file_of_data(problem)).read_bytes())["datagen"])


def of(params: Params) -> dict[str, dict[str, str]]:
    """File -> stage -> digest, for every stage of the grid."""
    return {
        f"{FOLDER}/compare.json": {"compare": identity.compare_digest(params)},
        **{
            _file_of_data(name): {"datagen": identity.datagen_digest(problem)}
            for name, problem in params.problems.items()
        },
        **{
            file(cell): {
                "train": identity.train_digest(params, cell),
                "evaluate": identity.evaluate_digest(params, cell),
            }
            for cell in params.cells
        },
    }


def write(root: Path, digests: Mapping[str, Mapping[str, str]]) -> None:
    """Replaces `.digests/`, whole or not at all."""
    with replaced_folder(root / FOLDER) as partial:
        for name, values in digests.items():
            path = partial / Path(name).relative_to(FOLDER)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values) + "\n", encoding="utf-8")


def as_written(root: Path, digests: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether `.digests/` holds just these."""
    found = {path.relative_to(root).as_posix() for path in (root / FOLDER).rglob("*.json")}
    return found == set(digests) and all(
        json.loads((root / name).read_bytes()) == values for name, values in digests.items()
    )
