"""What every search shares: the step it is given, and sums over the vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

# (previous symbols [rows] int32, 0 at first; position, int32 scalar; cache; memory) to
# (float32 logits [rows, V], new cache). Memory: a dict, leaves [B, ...]; see `body.py` for the cache.
Step = Callable[[Any, Any, Any, Any], tuple[Any, Any]]
# (memory, positions to cache) to the cache before the first step.
InitCache = Callable[[Any, Any], Any]

IMPOSSIBLE = -1e9  # added to a log probability, or in the place of a score


def log_total(logits: Any) -> Any:
    """log sum exp over the vocabulary, [rows, V] to [rows, 1]."""
    top = ops.max(logits, axis=-1, keepdims=True)
    return top + ops.log(ops.sum(ops.exp(logits - top), axis=-1, keepdims=True))
