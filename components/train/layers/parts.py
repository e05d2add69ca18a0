"""An axis cut into parts of one size: filled up so that they come out even, and with their neighbours."""

from __future__ import annotations

from typing import Any

from keras import ops


def fill(x: Any, axis: int, size: int) -> Any:
    """Zeros at the end of an axis, up to a multiple of `size`."""
    widths: list[Any] = [[0, 0]] * len(x.shape)
    widths[axis] = [0, -ops.shape(x)[axis] % size]
    return ops.pad(x, widths)


def neighbours(x: Any, axis: int, before: int, after: int) -> Any:
    """Parts [.., N, size, ..] of an axis, each with so many places before and after it.

    N is at `axis`; the result is [.., N, before + size + after, ..], zeros outside.
    """
    size, count = x.shape[axis + 1], ops.shape(x)[axis]
    lead, trail = -(-before // size), -(-after // size)  # whole parts that are needed
    widths: list[Any] = [[0, 0]] * len(x.shape)
    widths[axis] = [lead, trail]
    x = ops.pad(x, widths)
    every = (slice(None),) * axis
    shifted = [x[(*every, slice(i, i + count))] for i in range(lead + trail + 1)]
    wide = ops.concatenate(shifted, axis=axis + 1)
    start = lead * size - before
    return wide[(*every, slice(None), slice(start, start + before + size + after))]
