"""The Transformer's encoder stack, shared by the models that read with one.

    h = x + timing(0 .. L-1), dropped
    h = wrap(h, self-attention);  h = wrap(h, feed-forward)      num_layers times

Reference: Vaswani et al. 2017, section 3.1.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.attention import Attention, padding_bias
from components.train.layers.dropout import Dropout
from components.train.layers.feed_forward import FeedForward
from components.train.layers.positions import timing_signal
from components.train.layers.residual import WRAPPERS, FinalNorm


def closing_norm(norm: str, d_model: int, name: str) -> keras.layers.Layer:
    """Pre-norm stacks need one more norm at the end; post-norm ones have it already."""
    return FinalNorm(d_model, name=name) if norm == "pre" else keras.layers.Identity(name=name)


class EncoderLayer(keras.layers.Layer):
    """Self-attention, then feed-forward, each wrapped."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        *,
        norm: str,
        dropout: float,
        attention_dropout: float,
        relu_dropout: float,
        **kwargs: Any,
    ) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        wrap = WRAPPERS[norm]
        self.attention = Attention(d_model, num_heads, dropout=attention_dropout, name="attention")
        self.feed_forward = FeedForward(d_model, d_ff, relu_dropout=relu_dropout, name="ffn")
        self.wrap_attention = wrap(d_model, dropout, name="wrap_attention")
        self.wrap_ffn = wrap(d_model, dropout, name="wrap_ffn")

    def build(self, x_shape: Any, *_: Any) -> None:
        self.attention.build(x_shape)
        self.feed_forward.build(x_shape)
        self.built = True

    def call(self, x: Any, bias: Any, training: bool | None = None) -> Any:
        x = self.wrap_attention(
            x, sublayer=lambda h: self.attention(h, bias, training=training), training=training
        )
        return self.wrap_ffn(
            x, sublayer=lambda h: self.feed_forward(h, training=training), training=training
        )

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape


class Encoder(keras.layers.Layer):
    """[B, L, D] and mask [B, L] -> [B, L, D]."""

    def __init__(
        self,
        num_layers: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        *,
        norm: str,
        dropout: float,
        attention_dropout: float,
        relu_dropout: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.d_model = d_model
        self.drop = Dropout(dropout)
        self.layers = [
            EncoderLayer(
                d_model,
                num_heads,
                d_ff,
                norm=norm,
                dropout=dropout,
                attention_dropout=attention_dropout,
                relu_dropout=relu_dropout,
                name=f"layer_{i}",
            )
            for i in range(num_layers)
        ]
        self.close = closing_norm(norm, d_model, "close")

    def build(self, x_shape: Any, *_: Any) -> None:
        for layer in self.layers:
            layer.build(x_shape)
        self.built = True

    def call(self, x: Any, mask: Any, training: bool | None = None) -> Any:
        timing = timing_signal(ops.arange(ops.shape(x)[1]), self.d_model)
        x = self.drop(x + ops.cast(timing, x.dtype), training=training)
        bias = padding_bias(mask)
        for layer in self.layers:
            x = layer(x, bias, training=training)
        return self.close(x)

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape
