"""Cells: problem x model x hparams x seed; which ones the grid has and whether they can work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

RUN = "run"
EXCLUDED = "excluded"
NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Cell:
    """One training and one evaluation. status: run, excluded or not applicable; `reason` says why."""

    problem: str
    model: str
    hparams: str
    seed: int
    status: str = RUN
    reason: str = ""

    @property
    def name(self) -> str:
        """Its name for people and in MLflow."""
        return f"{self.problem}/{self.model}/{self.hparams}/{self.seed}"

    @property
    def folder(self) -> Path:
        """Its results, relative to the project's folder."""
        return Path("runs", self.problem, self.model, self.hparams, str(self.seed))

    @property
    def dotted(self) -> str:
        """Its name as part of a file's name."""
        return self.name.replace("/", ".")

    def stage(self, kind: str = "train") -> str:
        """The name DVC gives its stage in the matrix of dvc.yaml."""
        return f"{kind}@{self.problem}-{self.model}-{self.hparams}-{self.seed}"


def matches(pattern: str, cell: Cell) -> bool:
    """Whether an exclude pattern such as `image_*/lstm_attention` covers a cell.

    It is compared part by part; parts that it leaves out cover everything.
    """
    parts = (cell.problem, cell.model, cell.hparams, str(cell.seed))
    return all(
        fnmatchcase(part, wanted) for part, wanted in zip(parts, pattern.split("/"), strict=False)
    )


def parts(signature: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The signatures of a mixture's members, or that of a problem alone."""
    return list(signature["members"].values()) if "members" in signature else [signature]


def reason_against(needs: Mapping[str, Any], signature: Mapping[str, Any]) -> str:
    """Why a model that declares `needs` cannot run on a problem; empty if it can.

    A mixture needs a model that can run on every member.
    """
    for member, one in signature.get("members", {}).items():
        if reason := reason_against(needs, one):
            return f"{member}: {reason}"
    if "members" in signature:
        return ""
    for side in ("inputs", "targets"):
        allowed = needs.get(side)
        if allowed and signature[side] not in allowed:
            return f"needs {side} of kind {' or '.join(allowed)}, has {signature[side]}"
    missing = [name for name in needs.get("provides", ()) if name not in signature["provides"]]
    return f"needs {', '.join(missing)}, which the problem does not provide" if missing else ""


def expand(
    grid: Mapping[str, Sequence[Any]],
    needs: Mapping[str, Mapping[str, Any]],
    signatures: Mapping[str, Mapping[str, Any]],
) -> list[Cell]:
    """All cells of the grid in its order, each with its status."""
    # What else stands in the list has been noted as a fault.
    patterns = [one for one in grid["exclude"] if isinstance(one, str)]
    cells = []
    for names in product(grid["problem"], grid["model"], grid["hparams"], grid["seed"]):
        cell = Cell(*names)
        pattern = next((one for one in patterns if matches(one, cell)), None)
        reason = reason_against(needs[cell.model], signatures[cell.problem])
        if pattern is not None:
            cell = Cell(*names, EXCLUDED, f"grid.exclude: {pattern}")
        elif reason:
            cell = Cell(*names, NOT_APPLICABLE, f"{cell.model} {reason}")
        cells.append(cell)
    return cells


def runnable(cells: Iterable[Cell]) -> list[Cell]:
    """The cells that are trained and evaluated."""
    return [cell for cell in cells if cell.status == RUN]
