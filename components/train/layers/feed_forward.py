"""The position-wise feed-forward network: max(0, x W1 + b1) W2 + b2.

Reference: Vaswani et al. 2017, section 3.3. T2T adds dropout after the ReLU (`relu_dropout`). BERT
and GPT have GELU in its place (Hendrycks and Gimpel 2016, arXiv 1606.08415).
"""

from __future__ import annotations

from typing import Any

import keras

from components.train.layers.dropout import Dropout


class FeedForward(keras.layers.Layer):
    """[B, L, D] -> [B, L, D] through a hidden width of d_ff."""

    def __init__(
        self,
        d_model: int,
        d_ff: int,
        *,
        relu_dropout: float,
        activation: str = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.expand = keras.layers.Dense(d_ff, name="expand")
        self.drop = Dropout(relu_dropout, activation)
        self.contract = keras.layers.Dense(d_model, name="contract")

    def build(self, x_shape: Any) -> None:
        self.expand.build(x_shape)
        self.contract.build((*x_shape[:-1], self.expand.units))
        self.built = True

    def call(self, x: Any, training: bool | None = None) -> Any:
        return self.contract(self.drop(self.expand(x), training=training))
