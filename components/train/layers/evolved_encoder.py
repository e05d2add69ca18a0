"""The Evolved Transformer's encoder cell: x of width D, every line wrapped as x + Drop(F(LN(x))).

    F(z) = (z W + b) * sigmoid(z W' + b')                                    gated linear unit
    F(z) = SepConv9_{D/2}(LN(l + r)),  l = Drop(relu(z W + b))  of width 4 D
                                       r = Drop(relu(Conv3_{D/2}(z)))
    F(z) = self-attention(z);   F(z) = relu(z W + b) W' + b'  through 4 D

What is narrower is filled up with zeros before it is added.
Reference: So et al. 2019 (arXiv 1901.11117), figure 3; T2T's `evolved_transformer_encoder`.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.biased_conv import BiasedConv, widen
from components.train.layers.dropout import Dropout
from components.train.layers.encoder import EncoderLayer
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.sublayers import Sublayers


class GatedLinearUnit(keras.layers.Layer):
    """[B, L, D] -> [B, L, D]."""

    def __init__(self, d_model: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.values = keras.layers.Dense(d_model, name="values")
        self.gates = keras.layers.Dense(d_model, activation="sigmoid", name="gates")

    def build(self, x_shape: Any) -> None:
        self.values.build(x_shape)
        self.gates.build(x_shape)
        self.built = True

    def call(self, x: Any) -> Any:
        return self.values(x) * self.gates(x)


class EncoderBranches(keras.layers.Layer):
    """[B, L, D] and mask [B, L] -> [B, L, D]: narrow and wide, then a separable convolution."""

    def __init__(self, d_model: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.d_model, wide, narrow = d_model, 4 * d_model, d_model // 2
        self.left = keras.layers.Dense(wide, activation="relu", name="dense")
        self.right = BiasedConv(narrow, 3, separability=1, padding="both", name="conv_3")
        self.drop = Dropout(dropout)
        self.norm = LayerNorm(wide, name="norm")
        self.last = BiasedConv(narrow, 9, padding="both", name="separable_conv_9")

    def build(self, x_shape: Any) -> None:
        self.left.build(x_shape)
        self.right.build(x_shape)
        self.last.build((*x_shape[:-1], self.left.units))
        self.built = True

    def call(self, z: Any, mask: Any, training: bool | None = None) -> Any:
        left = self.drop(self.left(z), training=training)
        right = self.drop(ops.relu(self.right(z, mask)), training=training)
        z = self.norm(left + widen(right, self.left.units))
        return widen(self.last(z, mask), self.d_model)


class EncoderCell(keras.layers.Layer):
    """[B, L, D] -> [B, L, D]."""

    def __init__(self, sub: Sublayers, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.gated = GatedLinearUnit(sub.d_model, name="gated_linear_unit")
        self.branches = EncoderBranches(sub.d_model, sub.dropout, name="conv_branches")
        self.wrap_gated, self.wrap_conv = sub.wrap("wrap_gated"), sub.wrap("wrap_conv")
        self.rest = EncoderLayer(sub, name="layer")

    def build(self, x_shape: Any, *_: Any) -> None:
        for layer in (self.gated, self.branches, self.rest):
            layer.build(x_shape)
        self.built = True

    def call(self, x: Any, mask: Any, bias: Any, training: bool | None = None) -> Any:
        """mask [B, L] (bool), and a bias as for attention."""
        x = self.wrap_gated(x, sublayer=self.gated, training=training)
        x = self.wrap_conv(
            x, sublayer=lambda z: self.branches(z, mask, training=training), training=training
        )
        return self.rest(x, bias, training=training)
