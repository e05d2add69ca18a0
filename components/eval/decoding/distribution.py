"""What every search shares: the step it is given, and sums over the vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from components.datagen.schema import PAD

# (previous symbols [rows] int32, 0 at first; position, int32 scalar; cache; memory) to
# (float32 logits [rows, V], new cache). Memory: a dict, leaves [B, ...]; see `body.py` for the cache.
Step = Callable[[Any, Any, Any, Any], tuple[Any, Any]]
# (memory, positions to cache) to the cache before the first step.
InitCache = Callable[[Any, Any], Any]

IMPOSSIBLE = -1e9  # added to a log probability, or in the place of a score


def log_total(logits: Any) -> Any:
    """log sum exp over the vocabulary, [rows, V] to [rows, 1]."""
    # max(logits) - log(max(softmax)): a softmax is one operation of every backend's library, which on
    # TensorFlow's CPU takes half as long as the differences, powers and their sum one after the other.
    best = ops.max(ops.softmax(logits, axis=-1), axis=-1, keepdims=True)
    return ops.max(logits, axis=-1, keepdims=True) - ops.log(best)


def without_padding(logits: Any) -> Any:
    """Logits [rows, V] of which padding is never the highest."""
    never = ops.cast(ops.equal(ops.arange(logits.shape[-1]), PAD), "float32") * IMPOSSIBLE
    return logits + never
