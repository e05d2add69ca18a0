"""A cell's work is done by the code that its digest is of, or not at all.

`resolve` writes the digests before a grid runs. A source file that is edited while it runs would have
the cells still to come recorded as results of the code before.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.catalog import UserError
from pipeline import identity, record
from pipeline.cells import Cell
from pipeline.closure import closure, fingerprint
from pipeline.resolved import Resolved

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
        raise UserError(
            f"source files of {cell.stage(kind)} changed since `resolve` ran; expected them as they "
            "were, so that its results are not taken for those of other code; run `dvc repro` again "
            "(before a stage alone: `python -m pipeline resolve`)"
        )
    return code
