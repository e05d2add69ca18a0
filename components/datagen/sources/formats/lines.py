"""lines: one column, one row a line."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources import batch
from components.datagen.sources.files import Input
from components.datagen.sources.source import Source
from components.datagen.sources.text import Lines


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with one `string` column. Raises UserError if the task wants more than one column."""
    if len(columns) != 1:
        raise UserError(
            f"format lines has one column, but the task wants {', '.join(columns)}; "
            "for one file a column use format parallel_text"
        )
    return _read(inputs, source, columns)


def _read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    for file in (file for group in inputs for entry in group for file in entry.files()):
        lines = Lines(file, source.encoding)
        while len(array := lines.take(batch.ROWS)):
            first = lines.taken - len(array) + 1
            yield batch.make([array], columns, file=file.name, unit="line", first=first)
