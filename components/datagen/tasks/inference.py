"""Natural language inference, and every other question on two texts: both in, a class out.

The two are read as one, with `<sep>` between (Devlin et al. 2019, section 3). Raw rows: `premise`,
`hypothesis`, `label`. Rows without a gold label, `-` in SNLI, belong to no class: leave them out of
your files, or say `skip_label`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.standard_rows import (
    SEPARATOR,
    SKIP_LABEL,
    joined,
    read_and_write,
    without_skipped,
)
from components.datagen.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`premise`, `hypothesis`, `label` -> standard rows."""
    inputs = joined(batch.column("premise"), batch.column("hypothesis"))
    return read_and_write(inputs, batch.column("label").cast("string"))


def symbols(problem: Problem) -> tuple[str, ...]:
    """What stands between the two."""
    return (SEPARATOR,)


TASK = Task(
    columns=("premise", "hypothesis", "label"),
    inputs="symbol",
    targets="class_label",
    vocabularies={"inputs": "sentencepiece", "targets": "label"},
    metrics=("accuracy", "f1", "matthews"),
    dev_metric="accuracy",
    rows=rows,
    regroup=without_skipped,
    symbols=symbols,
    options=SKIP_LABEL,
)
