"""parallel_text: one file a column, line n of each is row n."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources import batch
from components.datagen.sources.files import Input
from components.datagen.sources.locate import one_a_column
from components.datagen.sources.source import Source
from components.datagen.sources.text import Lines


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with one `string` column a file.

    Raises UserError if there is not one path a column, and from the iterator, with both counts, if
    two files that belong together have not the same number of lines.
    """
    return _read(one_a_column(inputs, columns, "parallel_text"), source, columns)


def _read(
    sets: Sequence[tuple[Input, ...]], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    for entries in sets:
        sides = [Lines(entry.only(), source.encoding) for entry in entries]
        while True:
            arrays = [side.take(batch.ROWS) for side in sides]
            if len({len(array) for array in arrays}) > 1:
                _misaligned(sides)
            if not len(arrays[0]):
                break
            first = sides[0].taken - len(arrays[0]) + 1
            yield batch.make(arrays, columns, file=sides[0].name, unit="line", first=first)


def _misaligned(sides: Sequence[Lines]) -> None:
    counts = [(side.count_all(), side.name) for side in sides]
    fewest, short = min(counts)
    listed = " and ".join(f"{name} has {count} lines" for count, name in counts)
    raise UserError(f"misaligned parallel text: {listed}; line {fewest + 1} is missing in {short}")
