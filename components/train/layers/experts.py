"""A mixture of experts in the place of a feed-forward network: every position is read by k of E.

    y = sum over its experts i of gate_i * relu(x W1_i) W2_i * (F / D)^-1/2

as Tensor2Tensor's ffn_expert_fn: no biases, and the second product scaled as if F were D.

Evaluation and decoding drop nothing, so that no answer depends on what else is in the batch. With a
`capacity_factor`, training drops what exceeds an expert's rows, in the order of the batch; only the
residual around this layer passes it on. Without one, training drops nothing either.

Reference: Shazeer et al. 2017 (arXiv 1701.06538), section 2.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.attention import fan_avg_uniform
from components.train.layers.dispatch import (
    Rows,
    by_capacity,
    capacity,
    in_blocks,
    line_up,
    of_blocks,
    send,
)
from components.train.layers.dropout import Dropout
from components.train.layers.gating import Gates, NoisyTopKGating
from components.train.watch import see, watched


class Experts(keras.layers.Layer):
    """[B, L, D] and which positions are real, bool [B, L] -> [B, L, D]; or [N, D] -> [N, D].

    What is not real is not counted. In training it is not computed either, and the output is 0 there;
    outside training it has an output like any position, so that none depends on what is real. Without
    `real` (which is not called `mask`, for Keras would look for one by itself) everything is.

    In training `loss_coef` times the imbalance (see `gating.py`) is added to the losses. Those who
    watch are shown `load` [E], the experts' shares of all choices, 1 in sum; `importance` [E], the
    sums of their gates; and `dropped`, the share of choices that are over the capacity: outside
    training, those that a step on this batch would drop.

    Args:
        d_model: D.
        num_experts: E.
        k: experts that read a position.
        hidden: F.
        loss_coef: of the imbalance.
        capacity_factor: rows of an expert in training over its even share k * N / E, N being the
            batch's real positions; read to 1/100; 0: no limit.
        dropout: dropped share of the experts' hidden units.

    Raises ValueError if k is not from 1 to E.
    """

    def __init__(
        self,
        d_model: int,
        *,
        num_experts: int,
        k: int,
        hidden: int,
        loss_coef: float,
        capacity_factor: float = 0.0,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        if not 1 <= k <= num_experts:
            raise ValueError(f"k {k} must be from 1 to the number of experts, {num_experts}")
        self.d_model, self.hidden, self.num_experts, self.k = d_model, hidden, num_experts, k
        self.loss_coef, self.percent = loss_coef, round(100 * capacity_factor)
        self.gating = NoisyTopKGating(d_model, num_experts=num_experts, k=k, name="gating")
        self.drop = Dropout(dropout)

    def build(self, *_: Any) -> None:
        e, d, f = self.num_experts, self.d_model, self.hidden
        self.expand = self.add_weight(
            shape=(e, d, f), initializer=fan_avg_uniform(d, f), name="expand"
        )
        self.contract = self.add_weight(
            shape=(e, f, d), initializer=fan_avg_uniform(f, d), name="contract"
        )
        self.built = True

    def call(self, x: Any, real: Any = None, training: bool | None = None) -> Any:
        flat = ops.reshape(x, (-1, self.d_model))
        count = ops.shape(flat)[0]
        every = ops.ones((count,), "bool")
        real = every if real is None else ops.reshape(real, (-1,))
        chosen = self.gating(flat, real, training=training)
        if training:
            self.add_loss(self.loss_coef * chosen.imbalance)
        if watched():
            self.show(chosen, real)
        sent = real if training else every
        place, lines = line_up(chosen.experts, sent, self.num_experts)
        kept = ops.broadcast_to(sent[:, None], ops.shape(place))
        if training and self.percent:
            kept = kept & self.inside(place, real)
            rows = by_capacity(self.capacity(count), self.num_experts)
        else:
            rows = in_blocks(count, self.k, lines)
        y = send(flat, chosen.experts, place, kept, rows, lambda h: self.network(h, rows, training))
        y = ops.sum(y * ops.cast(chosen.gates, y.dtype)[..., None], axis=1)
        return ops.reshape(y, ops.shape(x))

    def show(self, chosen: Gates, real: Any) -> None:
        """Load, importance and what is over the capacity, to those who watch."""
        place, lines = line_up(chosen.experts, real, self.num_experts)
        total = ops.maximum(ops.sum(ops.cast(lines, "float32")), 1.0)
        see(self, "load", ops.cast(lines, "float32") / total)
        see(self, "importance", chosen.importance)
        over = real[:, None] & ~self.inside(place, real)
        see(self, "dropped", ops.sum(ops.cast(over, "float32")) / total)

    def inside(self, place: Any, real: Any) -> Any:
        """Which choices [N, k] an expert has a row for, by their places in its line."""
        if not self.percent:
            return ops.ones_like(place, "bool")
        return place < self.capacity(ops.sum(ops.cast(real, "int32")))

    def capacity(self, count: Any) -> Any:
        """Rows that an expert has for so many positions."""
        return capacity(count, self.k, self.num_experts, self.percent)

    def network(self, h: Any, rows: Rows, training: bool | None) -> Any:
        """Each block [blocks, size, D] through its own expert."""
        expand, contract = (ops.cast(one, h.dtype) for one in (self.expand, self.contract))
        h = self.drop(ops.relu(ops.matmul(h, of_blocks(expand, rows.owner))), training=training)
        h = ops.matmul(h, of_blocks(contract, rows.owner))
        return h * (self.hidden / self.d_model) ** -0.5

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape
