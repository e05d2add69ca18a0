"""jsonl: one JSON object a line. `columns` may name a value inside one: `translation.en`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources import batch
from components.datagen.sources.files import File, Input
from components.datagen.sources.pick import named
from components.datagen.sources.source import Source
from components.datagen.sources.text import blocks

BROKEN = re.compile("[\ud800-\udfff]")


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with one `string` column for each of `columns`; numbers become their digits.

    Raises UserError, from the iterator, with the line, if it is not a JSON object, lacks a column,
    or a value is neither text nor a number.
    """
    files = (file for group in inputs for entry in group for file in entry.files())
    return (rows for file in files for rows in _read(file, source, columns))


def _read(file: File, source: Source, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    values: list[list[str]] = [[] for _ in columns]
    first = 1
    for number, line in _lines(file, source.encoding):
        place = f"{file.name}, line {number}"
        row = _object(line, place)
        for column, kept in zip(columns, values, strict=True):
            name = str(source.columns.get(column, column))
            value = _value(row, column, name, place)
            kept.append(value if type(value) is str else _text(value, name, place))
        if len(values[0]) == batch.ROWS:
            yield _batch(values, columns, file.name, first)
            first = number + 1
            values = [[] for _ in columns]
    if values[0]:
        yield _batch(values, columns, file.name, first)


def _lines(file: File, encoding: str) -> Iterator[tuple[int, str]]:
    for first, block in blocks(file, encoding):
        yield from enumerate(block[:-1].decode().split("\n"), first)


def _object(line: str, place: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:  # thousands of brackets, one in another
        shown = line if len(line) <= 60 else line[:60] + "..."
        raise UserError(f"{place}: not JSON ({error}): {shown!r}") from error
    if not isinstance(row, dict):
        raise UserError(f"{place}: expected a JSON object, got {type(row).__name__}")
    return row


def _value(row: Mapping[str, Any], column: str, name: str, place: str) -> Any:
    """The value of that name, or at a path such as `translation.en`; UserError if there is none."""
    if name in row:
        return row[name]
    outer, dot, inner = name.partition(".")
    if dot and isinstance(row.get(outer), dict):
        return _value(row[outer], column, inner, f"{place}, {outer}")
    return row[named(column, list(row), {column: name}, place)]


def _text(value: Any, name: str, place: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    shown = "null" if value is None else type(value).__name__
    raise UserError(f"{place}: {name!r} is {shown}; expected text")


def _batch(
    values: list[list[str]], columns: tuple[str, ...], name: str, first: int
) -> pa.RecordBatch:
    try:
        arrays = [pa.array(column, pa.string()) for column in values]
    except UnicodeEncodeError as error:
        row = next(
            i for i, row in enumerate(zip(*values, strict=True)) if BROKEN.search("".join(row))
        )
        raise UserError(f"{name}, line {first + row}: half a surrogate pair in a text") from error
    return batch.make(arrays, columns, file=name, unit="line", first=first)
