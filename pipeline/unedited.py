"""A cell's work is done by the code that its digest is of, or not at all.

`resolve` writes the digests before a grid runs. A source file that is edited while it runs would have
the cells still to come recorded as results of the code before.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from components.catalog import UserError
from pipeline import digests, identity, record
from pipeline.cells import Cell
from pipeline.closure import closure, fingerprint
from pipeline.resolved import Resolved

if TYPE_CHECKING:
    from components.datagen.problem import Problem

ROOTS = {"train": identity.train_roots, "evaluate": identity.evaluate_roots}


def unedited(kind: str, resolved: Resolved, cell: Cell) -> dict[str, str]:
    """The fingerprint of the code that trains or evaluates a cell, file by file, as it is now.

    `catalog.use` must have run. Not remembered from call to call, but for the hash of a file that
    nobody has written to: some milliseconds. Raises UserError if it is no longer what `resolve` saw.
    """
    signature, runtime = resolved.problems[cell.problem]["signature"], resolved.settings["runtime"]
    code = fingerprint(closure(ROOTS[kind](signature, cell.model)))
    if kind == "train":
        names: Mapping[str, object] = resolved.hparams[cell.hparams][cell.model]
        settings, wanted = [names["hparams"], names["train"]], record.train_digest(resolved, cell)
    else:
        settings, wanted = [resolved.settings["eval"]], record.evaluate_digest(resolved, cell)
    if identity.work_digest(cell, settings, runtime, code) != wanted:
        raise _changed(cell.stage(kind))
    return code


def unedited_problem(root: Path, resolved: Resolved, name: str) -> Problem:
    """A problem of which `resolve` saw the settings and all the code. `catalog.use` must have run.

    Raises UserError if its file, or what makes its data, has changed since.
    """
    from pipeline.problems import ProblemInUse, build

    told = resolved.problems[name]
    file, layers, members = told["file"], told["layers"], told.get("members", {})
    problem = build(file, layers, members)
    used = ProblemInUse(name, problem, told["signature"], (), file, layers, members)
    code = fingerprint(closure(identity.datagen_roots(used)))
    if identity.data_digest(used, code) != digests.of_data(root, name):
        raise _changed(f"datagen@{name}")
    return problem


def _changed(stage: str) -> UserError:
    return UserError(
        f"source files of {stage} changed since `resolve` ran; expected them as they were, so that "
        "its results are not taken for those of other code; run `dvc repro` again (before a stage "
        "alone: `python -m pipeline resolve`)"
    )
