"""Text classification: a text in, the name of its class out (GLUE's single sentences, sentiment).

Raw rows: `text`, `label`. Rows whose label is `skip_label` belong to no class and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.standard_rows import SKIP_LABEL, read_and_write, without_skipped
from components.datagen.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`text`, `label` -> standard rows."""
    return read_and_write(batch.column("text"), batch.column("label").cast("string"))


TASK = Task(
    columns=("text", "label"),
    inputs="symbol",
    targets="class_label",
    vocabularies={"inputs": "sentencepiece", "targets": "label"},
    metrics=("accuracy", "f1", "matthews"),
    dev_metric="accuracy",
    rows=rows,
    regroup=without_skipped,
    options=SKIP_LABEL,
)
