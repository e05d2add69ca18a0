"""parquet: Apache Parquet. `columns` may name a field of a struct: `translation.en`."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.catalog import UserError
from components.datagen.sources import batch
from components.datagen.sources.files import Input
from components.datagen.sources.pick import named
from components.datagen.sources.source import Source

FILES = ("image", "audio")
"""The columns of tasks that hold bytes as they are; any other is text."""


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `columns`: text, categories and numbers as `string`, and so bytes in UTF-8, but
    those of `FILES` as `binary`.

    Raises UserError for files inside an archive, and from the iterator if a file is no Parquet or
    broken, a column is missing or of another type, or a value is null or not UTF-8 (with its row).
    """
    entries = [entry for group in inputs for entry in group]
    for entry in entries:
        if entry.member:
            raise UserError(f"{entry.name}: Parquet is read from plain files; unpack the archive")
    return (rows for entry in entries for rows in _read(entry, source, columns))


def _read(entry: Input, source: Source, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    first = 1
    try:
        with pq.ParquetFile(entry.path) as file:
            paths = [_path(file.schema_arrow, column, source, entry.name) for column in columns]
            names = sorted({".".join(path) for path in paths})
            for rows in file.iter_batches(batch.ROWS, columns=names):
                arrays = [
                    _column(rows, path, f"{entry.name}, row", first, file=column in FILES)
                    for path, column in zip(paths, columns, strict=True)
                ]
                yield batch.make(arrays, columns, file=entry.name, unit="row", first=first)
                first += len(rows)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{entry.name}: not a whole Parquet file ({error})") from error
    if first == 1:
        raise UserError(f"{entry.name}: the file has no rows")


def _path(schema: pa.Schema, column: str, source: Source, file: str) -> list[str]:
    """The column's name, or the names of a struct and of its field."""
    name = str(source.columns.get(column, column))
    outer, _, inner = name.partition(".")
    if name in schema.names or outer not in schema.names or not inner:
        return [named(column, schema.names, source.columns, file)]
    kind = schema.field(outer).type
    fields = (
        [kind.field(i).name for i in range(kind.num_fields)] if pa.types.is_struct(kind) else []
    )
    return [outer, named(column, fields, {column: inner}, f"{file}, {outer}")]


def _column(rows: pa.RecordBatch, path: list[str], place: str, first: int, file: bool) -> pa.Array:
    array = rows.column(path[0])
    if len(path) > 1:
        array = pc.struct_field(array, path[1:])
    name, kind = ".".join(path), array.type
    if array.null_count:
        row = first + pc.index(pc.is_null(array), True).as_py()
        raise UserError(f"{place} {row}: {name!r} is null")
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return array.cast(pa.binary()) if file else _text(array, name, place, first)
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not (text or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise UserError(f"{place} {first}: {name!r} is {kind}; expected text, numbers or bytes")
    return array.cast(pa.string())


def _text(array: pa.Array, name: str, place: str, first: int) -> pa.Array:
    """Bytes as the text that they are in UTF-8."""
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid as error:
        for row, data in enumerate(array.to_pylist(), first):
            try:
                data.decode()
            except UnicodeDecodeError as at:
                raise UserError(f"{place} {row}: {name!r} is not UTF-8 ({at.reason})") from error
        raise
