"""Attention one position at a time, for the K beams of a sentence together.

Keys and values that a beam computed stay where they are: [B, H, T, K, D/H], written once. When a
search lets beams live on elsewhere, only `slots` [B*K, T] moves with them, which says in which beam
each of a row's positions was computed. Every beam's query meets the positions of all K beams, and a
bias hides those that are not its own past: K times the products of a small part, where moving keys
and values would copy the whole cache at every step.

The queries of a sentence stand in the place of positions, so that a memory is shared by its beams.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.attention import MASKED, Attention


def attend(attention: Attention, y: Any, keys: Any, values: Any, bias: Any) -> Any:
    """Queries of rows y [B*K, D] over keys and values [B, H, N, D/H] to [B*K, D].

    bias: added to the logits [B, H, K, N], float32.
    """
    q = beside(attention, ops.matmul(y, ops.cast(attention.q_kernel, y.dtype)), keys)
    logits = ops.matmul(q * attention.d_head**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
    weights = ops.softmax(ops.cast(logits, "float32") + bias, axis=-1)
    found = ops.transpose(ops.matmul(ops.cast(weights, y.dtype), values), (0, 2, 1, 3))
    found = ops.reshape(found, (-1, attention.d_model))
    return ops.matmul(found, ops.cast(attention.output_kernel, y.dtype))


def beside(attention: Attention, rows: Any, keys: Any) -> Any:
    """[B*K, D] to [B, H, K, D/H], the beams of a sentence side by side; B is that of `keys`."""
    shape = (ops.shape(keys)[0], -1, attention.num_heads, attention.d_head)
    return ops.transpose(ops.reshape(rows, shape), (0, 2, 1, 3))


def remember(cached: Any, new: Any, position: Any) -> Any:
    """[B, H, T, K, D/H] with `new` [B, H, K, D/H] at `position`."""
    if keras.backend.backend() != "tensorflow":
        return ops.slice_update(cached, (0, 0, position, 0, 0), new[:, :, None])
    # TensorFlow writes this in place, and copies the whole array for a slice.
    batch, heads = ops.shape(new)[0], cached.shape[1]
    rows = ops.broadcast_to(ops.arange(batch, dtype="int32")[:, None], (batch, heads))
    columns = ops.broadcast_to(ops.arange(heads, dtype="int32"), (batch, heads))
    places = ops.stack([rows, columns, ops.zeros_like(rows) + position], axis=-1)
    return ops.scatter_update(cached, places, new)


def own_past(slots: Any, position: Any, beams: int) -> tuple[Any, Any]:
    """`slots` [B*K, T] with the rows' own places at `position`, and the bias [B, 1, K, T*K] that
    hides what is not a beam's past."""
    length = ops.shape(slots)[1]
    steps = ops.arange(length, dtype="int32")
    slots = ops.reshape(slots, (-1, beams, length))
    places = ops.arange(beams, dtype="int32")
    slots = ops.where(ops.equal(steps, position), places[:, None], slots)
    own = ops.logical_and(
        ops.equal(slots[..., None], places), ops.less_equal(steps, position)[:, None]
    )
    bias = (1.0 - ops.cast(own, "float32")) * MASKED  # [B, K, T, K]
    bias = ops.reshape(bias, (-1, 1, beams, length * beams))
    return ops.reshape(slots, (-1, length)), bias
