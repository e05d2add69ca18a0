"""Who may look at whom: masks that are put together with `&`, `|` and `~`.

    causal() & padding(real)              a decoder's own past
    padding(real) & same_segment(s, s)    several texts in one row, each alone
    local(8) & causal()                   the last 9 positions, one's own among them

A mask says for queries [T] and keys [L] by their place in the row which pairs are allowed: bool,
broadcastable to [B, 1, T, L]. `bias` makes of it what is added to attention's logits.
References: Vaswani et al. 2017 (causal); Dong et al. 2019, arXiv 1905.03197 (unilm); Liu et al. 2018,
arXiv 1801.10198 (local).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

MASKED = -1e9


@dataclass(frozen=True)
class Mask:
    """allowed: places of queries [T, 1] and of keys [1, L], int32, to bool, see above."""

    allowed: Callable[[Any, Any], Any]

    def __and__(self, other: Mask) -> Mask:
        return Mask(lambda q, k: ops.logical_and(self.allowed(q, k), other.allowed(q, k)))

    def __or__(self, other: Mask) -> Mask:
        return Mask(lambda q, k: ops.logical_or(self.allowed(q, k), other.allowed(q, k)))

    def __invert__(self) -> Mask:
        return Mask(lambda q, k: ops.logical_not(self.allowed(q, k)))

    def matrix(self, queries: Any, keys: Any) -> Any:
        """bool, broadcastable to [B, 1, T, L], for so many queries and keys."""
        q = ops.arange(queries, dtype="int32")[:, None]
        k = ops.arange(keys, dtype="int32")[None, :]
        return self.allowed(q, k)

    def bias(self, queries: Any, keys: Any) -> Any:
        """float32: 0 where allowed, -1e9 elsewhere; broadcastable to [B, 1, T, L]."""
        allowed = self.matrix(queries, keys)
        # A sum of such biases stays finite, and a row that may look at nothing gives a mean, not NaN.
        bias = (1.0 - ops.cast(allowed, "float32")) * MASKED
        return bias[None, None] if len(bias.shape) == 2 else bias


def everything() -> Mask:
    """All pairs."""
    return Mask(lambda q, k: ops.equal(q - q, k - k))


def padding(real: Any) -> Mask:
    """Keys [B, L] that are real: bool, or segments from 1 on with 0 for padding."""
    keys = ops.cast(real, "bool")[:, None, None, :]
    return Mask(lambda q, k: keys)


def causal() -> Mask:
    """One's own place and those before."""
    return Mask(lambda q, k: k <= q)


def prefix(length: Any) -> Mask:
    """The first `length` places (int, or int32 [B]) see each other, the others their past."""
    if len(getattr(length, "shape", ())) == 1:
        length = length[:, None, None, None]
    return causal() | Mask(lambda q, k: ops.less(k, length))


def local(width: int) -> Mask:
    """Places at most `width` away on either side."""
    return Mask(lambda q, k: ops.abs(q - k) <= width)


def blocks(size: int) -> Mask:
    """The own block of `size` places and the one before it."""

    def near(q: Any, k: Any) -> Any:
        apart = q // size - k // size
        return ops.logical_and(apart >= 0, apart <= 1)

    return Mask(near)


def same_segment(queries: Any, keys: Any) -> Mask:
    """Pairs of one segment; int32 [B, T] and [B, L]."""
    same = ops.equal(queries[:, None, :, None], keys[:, None, None, :])
    return Mask(lambda q, k: same)


def unilm(segments: Any) -> Mask:
    """int32 [B, L], 0 for what is given and 1 for what is written: what is given sees itself, what is
    written sees that and its own past. Padding is not hidden by it."""
    place = ops.cumsum(segments, axis=1)
    return Mask(lambda q, k: place[:, None, None, :] <= place[:, None, :, None])
