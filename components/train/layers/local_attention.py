"""Attention that looks no farther than a window around its block of queries, at a cost of O(T * window).

    Blocks       l_q places in a row see their own block and the one before it      (local 1D)
    Rectangles   h_q x w_q places of an image see their own rectangle, h_m rows above it and
                 w_m columns on either side of it                                   (local 2D)

each its past only: what comes before it in reading order. Positions are cut into blocks, which take the
place of examples, so that the logits are [B * N, H, l_q, l_m] and never [B, H, T, T]; a window's `mask`
says the same for the whole at once, or for one position that is decoded.

Deviations from the paper's 2D: an image is written in reading order, not rectangle by rectangle, as the
symbols of a problem come in that order; so a position sees none of the rows below its own.
Reference: Parmar et al. 2018 (arXiv 1802.05751), section 3.3; Tensor2Tensor's `local_mask_right` and
`masked_local_attention_2d`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from keras import ops

from components.train.layers import masks
from components.train.layers.attention import Attention
from components.train.layers.masks import MASKED, Mask
from components.train.layers.parts import fill, neighbours
from components.train.watch import see


class Window(Protocol):
    """How T positions [B, T, C] are cut into N blocks of Q queries that may each see M positions.

    mask: which pairs of the whole are allowed. places: int32 [Q] and [M], how far the queries of a
    block and what they may see are from each other, the same for every block.
    """

    mask: Mask
    places: tuple[np.ndarray, np.ndarray]

    def fold(self, x: Any) -> Any:
        """[B, T, C] to the queries' blocks [B * N, Q, C], zeros beyond the end."""

    def surround(self, x: Any) -> Any:
        """[B, T, C] to what each block may see, [B * N, M, C], zeros where there is nothing."""

    def unfold(self, y: Any, length: Any) -> Any:
        """[B * N, Q, C], as `fold` cuts, to [B, T, C]."""


def window_bias(window: Window, length: Any) -> Any:
    """For T positions what is added to the logits of each block: float32 [N, 1, Q, M]."""
    # Numbers from 1 on are cut as positions are; what is 0 then is outside.
    numbers = 1 + ops.arange(length, dtype="int32")[None, :, None]
    q, k = window.fold(numbers), ops.transpose(window.surround(numbers), (0, 2, 1))
    allowed = ops.logical_and(window.mask.allowed(q - 1, k - 1), k > 0)
    return ((1.0 - ops.cast(allowed, "float32")) * MASKED)[:, None]


class Blocks:
    """l_q = `size`, l_m = 2 `size`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.mask = masks.blocks(size) & masks.causal()
        places = np.arange(2 * size, dtype=np.int32)
        self.places = (places[size:], places)

    def fold(self, x: Any) -> Any:
        return ops.reshape(self._cut(x), (-1, self.size, x.shape[-1]))

    def surround(self, x: Any) -> Any:
        near = neighbours(self._cut(x), 1, self.size, 0)
        return ops.reshape(near, (-1, 2 * self.size, x.shape[-1]))

    def unfold(self, y: Any, length: Any) -> Any:
        rows = -(-length // self.size) * self.size
        return ops.reshape(y, (-1, rows, y.shape[-1]))[:, :length]

    def _cut(self, x: Any) -> Any:
        x = fill(x, 1, self.size)
        return ops.reshape(x, (ops.shape(x)[0], -1, self.size, x.shape[-1]))


class Rectangles:
    """Rectangles of an image whose rows are `row_length` symbols.

    Args:
        row_length: width times channels.
        query: h_q and w_q.
        memory: h_m and w_m.
    """

    def __init__(self, row_length: int, query: tuple[int, int], memory: tuple[int, int]) -> None:
        self.row_length, self.query, self.memory = row_length, query, memory
        self.columns = -(-row_length // query[1])  # rectangles side by side
        self.mask = masks.causal() & Mask(self._near)
        (h, w), (above, aside) = query, memory
        rows, columns = np.arange(above + h), np.arange(w + 2 * aside)
        places = (rows[:, None] * row_length + columns).astype(np.int32)
        self.places = (places[above:, aside : aside + w].ravel(), places.ravel())

    def _near(self, q: Any, k: Any) -> Any:
        (h, w), (above, aside) = self.query, self.memory
        top = q // self.row_length // h * h
        left = q % self.row_length // w * w
        row, column = k // self.row_length, k % self.row_length
        beside = ops.logical_and(column >= left - aside, column < left + w + aside)
        return ops.logical_and(row >= top - above, beside)

    def fold(self, x: Any) -> Any:
        return self._flat(self._cut(x))

    def surround(self, x: Any) -> Any:
        above, aside = self.memory
        return self._flat(neighbours(neighbours(self._cut(x), 1, above, 0), 3, aside, aside))

    def unfold(self, y: Any, length: Any) -> Any:
        (h, w), width = self.query, y.shape[-1]
        down = -(-length // (self.row_length * h))
        y = ops.reshape(y, (-1, self.columns, h, w, width))
        y = ops.reshape(ops.transpose(y, (0, 2, 1, 3, 4)), (-1, self.columns * w, width))
        y = y[:, : self.row_length]
        return ops.reshape(y, (-1, down * h * self.row_length, width))[:, :length]

    def _cut(self, x: Any) -> Any:
        """[B, T, C] to [B, down, h_q, columns, w_q, C]."""
        (h, w), batch = self.query, ops.shape(x)[0]
        x = fill(x, 1, self.row_length * h)
        x = fill(ops.reshape(x, (-1, self.row_length, x.shape[-1])), 1, w)
        return ops.reshape(x, (batch, -1, h, self.columns, w, x.shape[-1]))

    def _flat(self, x: Any) -> Any:
        """[B, down, h, columns, w, C] to [B * down * columns, h * w, C]."""
        size = x.shape[2] * x.shape[4]
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, size, x.shape[-1]))


def attend_locally(
    attention: Attention, x: Any, window: Window, bias: Any, training: bool | None = None
) -> Any:
    """Self-attention [B, T, D] -> [B, T, D] within a window, whose `bias` of T positions is given.

    Who watches sees `weights` over all positions, as all attention shows them.
    """

    def show(weights: Any) -> None:
        see(attention, "weights", whole_weights(window, weights, ops.shape(x)[1]))

    kv = window.surround(attention.project(x, "kv"))
    k, v = (attention.heads(one) for one in ops.split(kv, 2, axis=-1))
    if attention.positions is not None:
        k = attention.positions.turn(k, window.places[1])
    bias = ops.tile(bias, (ops.shape(x)[0], 1, 1, 1))
    y = attention.attend(window.fold(x), k, v, bias, training, window.places, show)
    return window.unfold(y, ops.shape(x)[1])


def whole_weights(window: Window, weights: Any, length: Any) -> Any:
    """Weights of blocks [B * N, H, Q, M] over all T positions, [B, H, T, T].

    What attention would give if each position had a unit vector for its value.
    """
    units = window.surround(ops.eye(length)[None])  # [N, M, T]
    heads, queries = weights.shape[1:3]
    by_block = ops.reshape(weights, (-1, ops.shape(units)[0], *weights.shape[1:]))
    found = ops.einsum("bnhqm,nmt->bnqht", ops.cast(by_block, units.dtype), units)
    found = window.unfold(ops.reshape(found, (-1, queries, heads * length)), length)
    found = ops.reshape(found, (-1, length, heads, length))
    return ops.transpose(found, (0, 2, 1, 3))
