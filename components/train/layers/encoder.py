"""The Transformer's encoder stack, shared by the models that read with one.

    h = x + positions, dropped
    h = wrap(h, self-attention);  h = wrap(h, feed-forward)      num_layers times

Reference: Vaswani et al. 2017, section 3.1.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers import masks
from components.train.layers.dropout import Dropout
from components.train.layers.segments import places_of, segments_of
from components.train.layers.sublayers import Sublayers


class EncoderLayer(keras.layers.Layer):
    """Self-attention, then feed-forward, each wrapped."""

    def __init__(self, sub: Sublayers, **kwargs: Any) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        self.attention = sub.self_attention("attention")
        self.feed_forward = sub.ffn("ffn")
        self.wrap_attention = sub.wrap("wrap_attention")
        self.wrap_ffn = sub.wrap("wrap_ffn")

    def build(self, x_shape: Any, *_: Any) -> None:
        self.attention.build(x_shape)
        self.feed_forward.build(x_shape)
        self.built = True

    def call(
        self, x: Any, bias: Any, places: Any = None, training: bool | None = None, real: Any = None
    ) -> Any:
        """x [B, L, D], a bias as for attention, places [L] or [B, L] -> [B, L, D].

        real: bool [B, L], for networks that want to know it.
        """
        x = self.wrap_attention(
            x,
            sublayer=lambda h: self.attention(h, bias, training=training, places=places),
            training=training,
        )
        return self.wrap_ffn(
            x, sublayer=lambda h: self.transform(h, real, training), training=training
        )

    def transform(self, h: Any, real: Any, training: bool | None) -> Any:
        """The position-wise network; one over experts counts the real positions only."""
        return self.feed_forward(h, training=training)

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape


class Encoder(keras.layers.Layer):
    """[B, L, D] and mask [B, L] -> [B, L, D].

    The mask is bool, or int32 segments from 1 on with 0 for padding: then several texts stand in a
    row, and each sees itself alone, its places counted from its own beginning.
    """

    def __init__(self, num_layers: int, sub: Sublayers, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions = sub.absolute("positions")
        self.drop = Dropout(sub.dropout)
        self.layers = [EncoderLayer(sub, name=f"layer_{i}") for i in range(num_layers)]
        self.close = sub.close("close")

    def build(self, x_shape: Any, *_: Any) -> None:
        for layer in self.layers:
            layer.build(x_shape)
        self.built = True

    def call(self, x: Any, mask: Any, training: bool | None = None) -> Any:
        length = ops.shape(x)[1]
        allowed, segments = masks.padding(mask), segments_of(mask)
        if segments is not None:
            allowed = allowed & masks.same_segment(segments, segments)
        places = places_of(length, segments)
        x = self.drop(x + ops.cast(self.positions(places), x.dtype), training=training)
        bias = allowed.bias(length, length)
        for layer in self.layers:
            x = layer(x, bias, places, training=training)
        return self.close(x)

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape
