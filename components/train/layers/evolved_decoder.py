"""The Evolved Transformer's decoder cell: y of width D over an encoder's h.

    y = y + Drop(self-attention of 2 H heads, at most 16 (LN(y))) + Drop(attention over h (LN(y)))

then, every line wrapped as y + Drop(F(LN(y))):

    F(z) = SepConv7_D(LN(l + r)),      l = Drop(relu(SepConv11_{2 D}(z))),  r = Drop(SepConv7_{D/2}(z))
    F(z) = self-attention of H heads (z);   F(z) = attention over h (z)
    F(z) = LN(Drop(swish(z W + b))) W' + b'  through 4 D

Convolutions see what stands at and before a position; while decoding, the 10 and 6 vectors that they
still need are kept. What is narrower is filled up with zeros before it is added.
Reference: So et al. 2019 (arXiv 1901.11117), figure 3; T2T's `evolved_transformer_decoder`.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.biased_conv import BiasedConv, widen
from components.train.layers.decoder import DecoderLayer, Pair, Past
from components.train.layers.dropout import Dropout
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.step_attention import attend, look_back
from components.train.layers.sublayers import Sublayers

FIRST, SECOND = 10, 6  # inputs before a position that the convolutions see


class SwishFeedForward(keras.layers.Layer):
    """[..., D] -> [..., D] with a norm within."""

    def __init__(self, d_model: int, d_ff: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expand = keras.layers.Dense(d_ff, activation="silu", name="expand")
        self.drop = Dropout(dropout)
        self.norm = LayerNorm(d_ff, name="norm")
        self.contract = keras.layers.Dense(d_model, name="contract")

    def build(self, x_shape: Any) -> None:
        self.expand.build(x_shape)
        self.contract.build((*x_shape[:-1], self.expand.units))
        self.built = True

    def call(self, x: Any, training: bool | None = None) -> Any:
        return self.contract(self.norm(self.drop(self.expand(x), training=training)))


class DecoderSublayers(Sublayers):
    """A Transformer's, with this network for each position."""

    def ffn(self, name: str) -> keras.layers.Layer:
        return SwishFeedForward(self.d_model, self.d_ff, self.relu_dropout, name=name)


class DecoderBranches(keras.layers.Layer):
    """Convolutions over what stands at and before each position."""

    def __init__(self, d_model: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.d_model, self.wide = d_model, 2 * d_model
        self.left = BiasedConv(self.wide, FIRST + 1, name="separable_conv_11")
        self.right = BiasedConv(d_model // 2, 7, name="separable_conv_7_1")
        self.drop = Dropout(dropout)
        self.norm = LayerNorm(self.wide, name="norm")
        self.last = BiasedConv(d_model, SECOND + 1, name="separable_conv_7_2")

    def build(self, z_shape: Any) -> None:
        self.left.build(z_shape)
        self.right.build(z_shape)
        self.last.build((*z_shape[:-1], self.wide))
        self.built = True

    def windows(self, rows: Any, dtype: Any) -> Pair:
        """What stands before the first position: zeros [rows, 10, D] and [rows, 6, 2 D]."""
        shapes = (rows, FIRST, self.d_model), (rows, SECOND, self.wide)
        return ops.zeros(shapes[0], dtype=dtype), ops.zeros(shapes[1], dtype=dtype)

    def call(self, z: Any, first: Any, second: Any, training: bool | None = None) -> Any:
        """z [B, T, D] and the windows before it to [B, T, D] and the windows behind it."""
        z = ops.concatenate([first, z], axis=1)
        left = self.drop(ops.relu(self.left.slide(z)), training=training)
        right = self.drop(self.right.slide(z[:, FIRST - self.right.reach :]), training=training)
        mixed = self.norm(left + widen(right, self.wide))
        mixed = ops.concatenate([second, mixed], axis=1)
        return self.last.slide(mixed), z[:, -FIRST:], mixed[:, -SECOND:]


class DecoderCell(keras.layers.Layer):
    """[B, T, D] -> [B, T, D]; what it attends to is computed beforehand."""

    def __init__(self, sub: Sublayers, wide: Sublayers, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.norm = LayerNorm(sub.d_model, name="norm")
        self.wide_attention = wide.self_attention("wide_self_attention")
        self.first_attention = sub.cross_attention("first_cross_attention")
        self.drop = Dropout(sub.dropout)
        self.branches = DecoderBranches(sub.d_model, sub.dropout, name="conv_branches")
        self.wrap_conv = sub.wrap("wrap_conv")
        self.rest = DecoderLayer(sub, name="layer")

    def build(self, y_shape: Any, *_: Any) -> None:
        for layer in (self.wide_attention, self.first_attention, self.branches, self.rest):
            layer.build(y_shape)
        self.built = True

    def keys_values(self, h: Any) -> tuple[Pair, Pair]:
        """What h [B, L, D] offers to the two attentions over it."""
        return self.first_attention.keys_values(h), self.rest.cross_attention.keys_values(h)

    def call(
        self, y: Any, bias: Any, memory: tuple[Pair, Pair], over: Any, training: bool | None = None
    ) -> Any:
        """bias hides the future, `over` the memory's padding: as for attention."""
        z = self.norm(y)
        found = self.wide_attention(z, bias, training=training)
        other = self.first_attention.attend(z, *memory[0], over, training=training)
        y = y + self.drop(found, training=training) + self.drop(other, training=training)
        windows = self.branches.windows(ops.shape(y)[0], y.dtype)
        y = self.wrap_conv(
            y,
            sublayer=lambda z: self.branches(z, *windows, training=training)[0],
            training=training,
        )
        return self.rest(y, bias, memory[1], over, training=training)

    def step(
        self,
        y: Any,
        position: Any,
        past: Past,
        places: tuple[int, int],
        windows: Pair,
        memory: tuple[Pair, Pair],
        over: Any,
    ) -> tuple[Any, Pair]:
        """One position of every beam: y [B*K, D] to [B*K, D] and the next windows.

        places: where `past` keeps the keys of the attention of H heads, and of that of more.
        """
        z, (own, wide) = self.norm(y), places
        found, grown = look_back(self.wide_attention, z, past.of(wide), past.bias, position)
        past.keep(wide, grown)
        y = y + found + attend(self.first_attention, z, *memory[0], over)
        seen: list[Any] = []

        def convolve(z: Any) -> Any:
            done, *behind = self.branches(z[:, None], *windows, training=False)
            seen.extend(behind)
            return done[:, 0]

        y = self.wrap_conv(y, sublayer=convolve, training=False)
        y, grown = self.rest.step(y, position, past.of(own), past.bias, memory[1], over)
        past.keep(own, grown)
        return y, (seen[0], seen[1])
