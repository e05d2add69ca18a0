"""Ragged arrays: rows of different lengths as flat values and offsets, worked on without a loop.

Row r of (flat, offsets) is flat[offsets[r] : offsets[r + 1]].
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def offsets_of(lengths: np.ndarray) -> np.ndarray:
    """int64 [rows + 1] from the lengths of the rows."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def of_lists(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """(flat int32, offsets int64 [rows + 1])"""
    offsets = offsets_of(np.fromiter(map(len, rows), np.int64, len(rows)))
    return np.fromiter(chain.from_iterable(rows), np.int32, int(offsets[-1])), offsets


def take(flat: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows `rows`, in that order; any may be asked for several times."""
    starts = offsets[rows]
    taken = offsets_of(offsets[rows + 1] - starts)
    # The place of each value: counting on, and jumping where its row begins.
    places = np.repeat(starts - taken[:-1], np.diff(taken))
    places += np.arange(len(places))
    return flat[places], taken


def bytes_of(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """(bytes uint8, offsets) of an Arrow array of strings or binaries without nulls; no copy.

    The offsets need not begin at 0: the array may be a slice.
    """
    import pyarrow as pa

    wide = pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)
    _, places, data = column.buffers()
    if places is None or not len(column):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(places, np.int64 if wide else np.int32)
    offsets = offsets[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data or b"", np.uint8), offsets


def binary(data: np.ndarray, offsets: np.ndarray) -> pa.LargeBinaryArray:
    """The rows of bytes as an Arrow array; no copy of `data`."""
    import pyarrow as pa

    places = pa.py_buffer(np.ascontiguousarray(offsets, np.int64))
    buffers = [None, places, pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)
