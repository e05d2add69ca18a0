"""tsv: one row a line, fields between tabs. Quotes are text, so no field holds a tab or a line end.

Whether there is a header: columns given by name, yes; by position, no; not given, yes if the first
line holds the task's own column names, and no if it has just as many fields as the task columns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.catalog import UserError
from components.datagen.sources import batch
from components.datagen.sources.files import File, Input
from components.datagen.sources.pick import by_position, header_positions, looks_like_header
from components.datagen.sources.source import Source
from components.datagen.sources.text import Lines


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with one `string` column for each of `columns`.

    Raises UserError if columns mixes names and positions, and from the iterator, with the line, if
    a column is missing or a line has another number of fields than the first.
    """
    positions = by_position(source.columns, columns)
    files = (file for group in inputs for entry in group for file in entry.files())
    return (rows for file in files for rows in _read(file, source, columns, positions))


def _read(
    file: File, source: Source, columns: tuple[str, ...], positions: list[int] | None
) -> Iterator[pa.RecordBatch]:
    lines = Lines(file, source.encoding)
    text = lines.take(batch.ROWS)
    if not len(text):
        return
    fields = text[0].as_py().split("\t")
    if positions is None and not source.columns and not looks_like_header(fields, columns):
        if len(fields) != len(columns):
            raise UserError(
                f"{file.name}, line 1: {len(fields)} fields, and columns does not say which is "
                f"{' and which '.join(columns)}; give names of a header or positions from 1, e.g. "
                f"columns: {{{', '.join(f'{name}: {i + 1}' for i, name in enumerate(columns))}}}"
            )
        positions = list(range(len(columns)))
    first = 1
    if positions is None:
        positions = header_positions(fields, source.columns, columns, file.name)
        first, text = 2, text.slice(1)
    elif max(positions) >= len(fields):
        raise UserError(
            f"{file.name}, line 1: {len(fields)} fields, but columns asks for number "
            f"{max(positions) + 1}"
        )
    while len(text):
        arrays = _split(text, positions, len(fields), file.name, first)
        yield batch.make(arrays, columns, file=file.name, unit="line", first=first)
        first += len(text)
        text = lines.take(batch.ROWS)


def _split(
    text: pa.StringArray, positions: list[int], width: int, name: str, first: int
) -> list[pa.Array]:
    rows = pc.split_pattern(text, "\t")
    widths = pc.list_value_length(rows).to_numpy(zero_copy_only=False)
    if (wrong := np.flatnonzero(widths != width)).size:
        raise UserError(
            f"{name}, line {first + int(wrong[0])}: {widths[wrong[0]]} fields between tabs, "
            f"but the first line has {width}"
        )
    return [pc.list_element(rows, position) for position in positions]
