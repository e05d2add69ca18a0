"""Record batches that know which rows of which file they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

ROWS = 4096


def make(
    arrays: Sequence[pa.Array],
    columns: Sequence[str],
    *,
    file: str,
    unit: str,
    first: int,
    metadata: Mapping[str, str] | None = None,
) -> pa.RecordBatch:
    """A batch whose schema's metadata hold the place of its first row: `unit` number `first`.

    unit: "line" where a row is a line; else "row", "tree", "segment" or "image", counted from 1.
    """
    fields = [pa.field(name, array.type) for name, array in zip(columns, arrays, strict=True)]
    place = {"file": file, "unit": unit, "first": str(first), **(metadata or {})}
    return pa.RecordBatch.from_arrays(list(arrays), schema=pa.schema(fields, metadata=place))


def place(batch: pa.RecordBatch, row: int) -> str:
    """Where row `row` (from 0) of a batch as read stands: "train.en, line 12"."""
    told = {key.decode(): value.decode() for key, value in batch.schema.metadata.items()}
    return f"{told['file']}, {told['unit']} {int(told['first']) + row}"
