"""The gated position-wise network: (silu(x W) * x V) W2, no biases.

Reference: Shazeer 2020 (arXiv 2002.05202), equation 6, SwiGLU. Its hidden width d_ff is usually
two thirds of the plain network's, for as many weights.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.dropout import Dropout


class GatedFeedForward(keras.layers.Layer):
    """[B, L, D] -> [B, L, D] through a hidden width of d_ff."""

    def __init__(self, d_model: int, d_ff: int, *, relu_dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate = keras.layers.Dense(d_ff, activation="silu", use_bias=False, name="gate")
        self.expand = keras.layers.Dense(d_ff, use_bias=False, name="expand")
        self.drop = Dropout(relu_dropout)
        self.contract = keras.layers.Dense(d_model, use_bias=False, name="contract")

    def build(self, x_shape: Any) -> None:
        self.gate.build(x_shape)
        self.expand.build(x_shape)
        self.contract.build((*x_shape[:-1], self.expand.units))
        self.built = True

    def call(self, x: Any, training: bool | None = None) -> Any:
        h = ops.multiply(self.gate(x), self.expand(x))
        return self.contract(self.drop(h, training=training))
