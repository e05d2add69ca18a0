"""Standard rows (see `task.py`) put together, as several tasks need them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.datagen.task import Option

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

SEPARATOR = "<sep>"
"""The piece between two texts that are read as one; a `symbol` of the tasks that use it."""

SKIP_LABEL = {"skip_label": Option("str", "-", "rows with this label are left out")}
"""The `options` of a task that has `without_skipped` for its `regroup`."""


def without_skipped(
    batches: Iterator[pa.RecordBatch], problem: Problem, split: str
) -> Iterator[pa.RecordBatch]:
    """Leaves out the rows that have no gold label."""
    import pyarrow.compute as pc

    from components.datagen.sources.batch import regrouped

    skip = problem.option("skip_label")
    for batch in batches:
        kept = pc.indices_nonzero(pc.not_equal(batch.column("label").cast("string"), skip))
        yield regrouped(batch.take(kept).columns, batch, kept.to_pylist())


def joined(first: pa.Array, second: pa.Array) -> pa.Array:
    """Two columns of texts as one, with the separator between."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(first, second, f" {SEPARATOR} ")


def read_and_write(
    inputs: pa.Array, targets: pa.Array, shown: pa.Array | None = None
) -> pa.RecordBatch:
    """Text in, text or label out. shown: the references, where they are not the targets."""
    import pyarrow as pa

    return pa.RecordBatch.from_pydict(
        {
            "inputs": inputs,
            "targets": targets,
            "inputs_text": inputs,
            "targets_text": targets if shown is None else shown,
        }
    )


def inputs_and_targets(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """The `rows` of a task whose raw columns are `inputs` and `targets`, taken as they are."""
    return read_and_write(batch.column("inputs"), batch.column("targets"))
