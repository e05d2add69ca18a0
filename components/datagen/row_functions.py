"""Rows that a Python function makes (`problem.Rows`), checked: what it yields is an author's own."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from components.catalog import UserError, closest
from components.datagen.problem import Rows

if TYPE_CHECKING:
    import pyarrow as pa


def batches_of(
    rows: Rows, split: str, seed: int, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `columns`: text and numbers as `string`, bytes as `binary`; none is empty.

    Raises UserError that names the function, the split and the column where there is no such
    function, or a batch lacks a column, has columns of different lengths, or values of another type.
    """
    import pyarrow as pa

    start = 0
    for made in _function(rows.function)(split, seed, **rows.options) or ():
        where = f"{rows.function}: rows of {split} from {start} on"
        arrays = [_array(made, name, where) for name in columns]
        lengths = {name: len(one) for name, one in zip(columns, arrays, strict=True)}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise UserError(f"{where}: columns of different lengths: {told}")
        batch = pa.RecordBatch.from_arrays(arrays, list(columns))
        if batch.num_rows:
            yield batch
        start += batch.num_rows


def _function(name: str) -> Any:
    module, _, function = name.partition(":")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{name}: there is no module {error.name}; expected package.module:name"
        ) from error
    if not hasattr(found, function):
        known = [one for one, value in vars(found).items() if callable(value)]
        raise UserError(f"{name}: the module has no such function; {closest(function, known)}")
    return getattr(found, function)


def _array(made: Any, name: str, where: str) -> pa.Array:
    """One column of what the function yielded."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in made:
        raise UserError(f"{where}: no column {name!r}; {closest(name, made)}")
    try:
        array = pa.RecordBatch.from_pydict({name: made[name]}).column(0)
        kind = array.type
        if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
            array = array.cast(pa.string())
    # What Arrow says of values that it cannot convert; its own errors are of the first three.
    except (ValueError, TypeError, NotImplementedError, OverflowError) as error:
        raise UserError(
            f"{where}: {name!r}: expected a sequence of text (bytes for images): {error}"
        ) from error
    if array.null_count:
        row = pc.index(pc.is_null(array), True).as_py()
        raise UserError(f"{where}: {name!r} is None in row {row} of the batch; expected text")
    return array
