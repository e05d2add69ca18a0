"""Image generation by class: the name of a class in, an image of it out; see image_generation.

Raw rows: `image`, `label`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.task import Task
from components.datagen.tasks.image_generation import OPTIONS, check, feature_options, pixels

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`image`, `label` -> standard rows. The reference is the class: images are not compared as texts."""
    import pyarrow as pa

    written, label = pixels(batch.column("image"), problem), batch.column("label").cast("string")
    return pa.RecordBatch.from_pydict(
        {
            "inputs": label,
            "targets": written,
            "inputs_text": label,
            "targets_text": label,
        }
    )


TASK = Task(
    columns=("image", "label"),
    inputs="class_label",
    targets="symbol",
    vocabularies={"inputs": "label", "targets": "bytes"},
    fixed=("targets",),
    metrics=("bits_per_dim",),
    dev_metric="bits_per_dim",
    rows=rows,
    feature_options=feature_options,
    options=OPTIONS,
    check=check,
)
