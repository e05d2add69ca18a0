"""Attention one position at a time, for the K beams of a sentence together.

Keys and values that a beam computed stay where they are: [B, H, T, K, D/H], written once. When a
search lets beams live on elsewhere, only `slots` [B*K, T] moves with them, which says in which beam
each of a row's positions was computed. Every beam's query meets the positions of all K beams, and a
bias hides those that are not its own past: K times the products of a small part, where moving keys
and values would copy the whole cache at every step.

The queries of a sentence stand in the place of positions, so that a memory is shared by its beams.
H is that of keys and values.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.in_place import write_position
from components.train.layers.attention import MASKED, Attention


def attend(
    attention: Attention,
    y: Any,
    keys: Any,
    values: Any,
    bias: Any,
    places: tuple[Any, Any] | None = None,
) -> Any:
    """Queries of rows y [B*K, D] over keys and values [B, H, N, D/H] to [B*K, D].

    bias: added to the logits [B, H, K, N], float32. places: of the queries, one for all, and of keys.
    """
    q = beside(attention, attention.project(y, "q"), keys)
    found = ops.transpose(attention.weigh(q, keys, values, bias, places), (0, 2, 1, 3))
    return attention.project(ops.reshape(found, (-1, attention.d_model)), "output")


def look_back(
    attention: Attention,
    y: Any,
    cached: tuple[Any, Any],
    past: Any,
    position: Any,
    before: tuple[Any, Any] | None = None,
    places: tuple[Any, Any] | None = None,
) -> tuple[Any, tuple[Any, Any]]:
    """Self-attention of rows y [B*K, D] at `position` over their own past: [B*K, D], the cache grown.

    cached: keys and values [B, H, T, K, D/H]; past: its bias, see `own_past`. before: keys and values
    [B, H, N, D/H] that stand before the past, whose bias stands before `past`. places: of the
    queries [1] or [B, 1], and of all keys [N + T*K] or [B, N + T*K], where there are positions.
    """
    rows = keys_values_beside(attention, y, cached[0])
    if attention.positions is not None and places is not None:
        rows[0] = attention.positions.turn(rows[0], places[0])
    grown = [remember(old, one, position) for old, one in zip(cached, rows, strict=True)]
    batch, heads, length, beams, width = ops.shape(grown[0])
    keys, values = (ops.reshape(one, (batch, heads, length * beams, width)) for one in grown)
    if before is not None:
        keys = ops.concatenate([before[0], keys], axis=2)
        values = ops.concatenate([before[1], values], axis=2)
    return attend(attention, y, keys, values, past, places), (grown[0], grown[1])


def empty_cache(memory: Any, num_kv_heads: int, length: Any, beams: int, width: int) -> Any:
    """Keys or values before the first step: zeros [B, H, T, K, D/H]; B and the dtype are those of
    `memory` [B, ...]."""
    shape = (ops.shape(memory)[0], num_kv_heads, length, beams, width)
    return ops.zeros(shape, dtype=memory.dtype)


def beside(attention: Attention, rows: Any, keys: Any) -> Any:
    """[B*K, n * D/H] to [B, n, K, D/H], the beams of a sentence side by side; B is that of `keys`."""
    heads = rows.shape[-1] // attention.d_head
    shape = (ops.shape(keys)[0], -1, heads, attention.d_head)
    return ops.transpose(ops.reshape(rows, shape), (0, 2, 1, 3))


def keys_values_beside(attention: Attention, y: Any, cached: Any) -> list[Any]:
    """Keys and values that rows y [B*K, D] offer, [B, H, K, D/H] each; cached: [B, H, T, K, D/H]."""
    heads, beams = cached.shape[1], cached.shape[3]
    both = ops.reshape(attention.project(y, "kv"), (-1, beams, 2, heads, attention.d_head))
    both = ops.transpose(both, (2, 0, 3, 1, 4))
    return [both[0], both[1]]


def remember(cached: Any, new: Any, position: Any) -> Any:
    """[B, H, T, K, D/H] with `new` [B, H, K, D/H] at `position`."""
    if keras.backend.backend() == "tensorflow":
        return write_position(cached, new, position)
    return ops.slice_update(cached, (0, 0, position, 0, 0), new[:, :, None])


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
