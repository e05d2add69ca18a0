"""Multi-head scaled dot-product attention as Tensor2Tensor has it: no biases, q scaled by dk^-0.5.

    Attention(Q, K, V) = softmax(Q K^T / sqrt(dk) + bias) V

Reference: Vaswani et al. 2017 (arXiv 1706.03762), section 3.2.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.dropout import Dropout

MASKED = -1e9


def fan_avg_uniform(width: int) -> keras.initializers.Initializer:
    """T2T's uniform_unit_scaling(fan_avg) of a [width, width] matrix, kept when several are fused."""
    limit = (3.0 / width) ** 0.5
    return keras.initializers.RandomUniform(-limit, limit)


def padding_bias(mask: Any) -> Any:
    """Mask [B, L] (True = real) to an additive bias [B, 1, 1, L] for attention's logits."""
    return (1.0 - ops.cast(mask, "float32"))[:, None, None, :] * MASKED


def causal_bias(length: Any) -> Any:
    """An additive bias [1, 1, T, T] that hides what comes after each position."""
    t = ops.arange(length)
    return ops.cast(t[None, :] > t[:, None], "float32")[None, None] * MASKED


class Attention(keras.layers.Layer):
    """The attention of one set of heads; projections are separate, so that keys can be kept.

    Args:
        d_model: D; a multiple of num_heads.
        num_heads: H.
        dropout: dropped share of the attention weights in training.
    """

    def __init__(self, d_model: int, num_heads: int, *, dropout: float, **kwargs: Any) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        self.d_model, self.num_heads, self.d_head = d_model, num_heads, d_model // num_heads
        self.drop = Dropout(dropout)

    def build(self, *_: Any) -> None:
        shape = (self.d_model, self.d_model)
        init = fan_avg_uniform(self.d_model)
        self.q_kernel = self.add_weight(shape=shape, initializer=init, name="q")
        wide = (self.d_model, 2 * self.d_model)
        self.kv_kernel = self.add_weight(
            shape=wide, initializer=fan_avg_uniform(self.d_model), name="kv"
        )
        self.output_kernel = self.add_weight(
            shape=shape, initializer=fan_avg_uniform(self.d_model), name="output"
        )
        self.built = True

    def heads(self, x: Any) -> Any:
        """[B, L, D] -> [B, H, L, D/H]."""
        batch, length = ops.shape(x)[0], ops.shape(x)[1]
        x = ops.reshape(x, (batch, length, self.num_heads, self.d_head))
        return ops.transpose(x, (0, 2, 1, 3))

    def keys_values(self, x: Any) -> tuple[Any, Any]:
        """What [B, L, D] offers to be attended to: keys and values [B, H, L, D/H]."""
        k, v = ops.split(ops.matmul(x, ops.cast(self.kv_kernel, x.dtype)), 2, axis=-1)
        return self.heads(k), self.heads(v)

    def attend(self, x: Any, k: Any, v: Any, bias: Any, training: bool | None = None) -> Any:
        """Queries from [B, T, D] over keys and values [B, H, L, D/H] -> [B, T, D]."""
        q = self.heads(ops.matmul(x, ops.cast(self.q_kernel, x.dtype))) * self.d_head**-0.5
        logits = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2)))  # [B, H, T, L]
        logits = ops.cast(logits, "float32")
        weights = ops.softmax(logits if bias is None else logits + bias, axis=-1)
        weights = self.drop(ops.cast(weights, x.dtype), training=training)
        y = ops.transpose(ops.matmul(weights, v), (0, 2, 1, 3))  # [B, T, H, D/H]
        y = ops.reshape(y, ops.shape(x))
        return ops.matmul(y, ops.cast(self.output_kernel, x.dtype))

    def call(self, x: Any, bias: Any, training: bool | None = None) -> Any:
        """Self-attention: [B, L, D] and an additive bias that broadcasts to [B, H, L, L]."""
        return self.attend(x, *self.keys_values(x), bias, training=training)

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape
