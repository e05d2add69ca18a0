"""Multi-head scaled dot-product attention, as Tensor2Tensor has it unless it is told otherwise.

    Attention(Q, K, V) = softmax(Q K^T / sqrt(dk) + bias) V

T2T has no biases in the projections. Fewer heads for keys and values than for queries is Ainslie et
al. 2023 (arXiv 2305.13245), one of them Shazeer 2019 (arXiv 1911.02150).
Reference: Vaswani et al. 2017 (arXiv 1706.03762), section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from components.train.accelerator import accelerator
from components.train.layers import masks
from components.train.layers.dropout import Dropout
from components.train.layers.fused_attention import kernel_for
from components.train.layers.masks import MASKED
from components.train.watch import see, watched

__all__ = ["MASKED", "Attention", "causal_bias", "padding_bias"]


def fan_avg_uniform(fan_in: int, fan_out: int) -> keras.initializers.Initializer:
    """T2T's uniform_unit_scaling(fan_avg) of a [fan_in, fan_out] matrix, kept when several are fused."""
    limit = (6.0 / (fan_in + fan_out)) ** 0.5
    return keras.initializers.RandomUniform(-limit, limit)


def padding_bias(mask: Any) -> Any:
    """Mask [B, L] (True = real) to an additive bias [B, 1, 1, L] for attention's logits."""
    return masks.padding(mask).bias(1, 1)


def causal_bias(length: Any) -> Any:
    """An additive bias [1, 1, T, T] that hides what comes after each position."""
    return masks.causal().bias(length, length)


class Attention(keras.layers.Layer):
    """The attention of one set of heads; projections are separate, so that keys can be kept.

    Args:
        d_model: D; a multiple of num_heads.
        num_heads: H.
        dropout: dropped share of the attention weights in training.
        num_kv_heads: heads of keys and values, shared by H / num_kv_heads queries' each; 0: H.
        use_bias: whether the four projections have biases.
        positions: how places take part: a `Rotary` or a `RelativePositions`; None: they don't.
    """

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        *,
        dropout: float,
        num_kv_heads: int = 0,
        use_bias: bool = False,
        positions: Any = None,
        **kwargs: Any,
    ) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        self.d_model, self.num_heads, self.d_head = d_model, num_heads, d_model // num_heads
        self.num_kv_heads, self.use_bias = num_kv_heads or num_heads, use_bias
        if d_model % num_heads or num_heads % self.num_kv_heads:
            raise ValueError(
                f"num_heads {num_heads} must divide d_model {d_model}, and num_kv_heads "
                f"{self.num_kv_heads} must divide num_heads"
            )
        self.positions = positions
        self.rate = dropout
        self.drop = Dropout(dropout)

    def build(self, *_: Any) -> None:
        d, kv = self.d_model, self.num_kv_heads * self.d_head
        self.q_kernel = self.add_weight(shape=(d, d), initializer=fan_avg_uniform(d, d), name="q")
        self.kv_kernel = self.add_weight(
            shape=(d, 2 * kv), initializer=fan_avg_uniform(d, kv), name="kv"
        )
        self.output_kernel = self.add_weight(
            shape=(d, d), initializer=fan_avg_uniform(d, d), name="output"
        )
        if self.use_bias:
            self.q_bias = self.add_weight(shape=(d,), initializer="zeros", name="q_bias")
            self.kv_bias = self.add_weight(shape=(2 * kv,), initializer="zeros", name="kv_bias")
            self.output_bias = self.add_weight(shape=(d,), initializer="zeros", name="output_bias")
        self.built = True

    def heads(self, x: Any) -> Any:
        """[B, L, n * D/H] -> [B, n, L, D/H]."""
        batch, length = ops.shape(x)[0], ops.shape(x)[1]
        x = ops.reshape(x, (batch, length, -1, self.d_head))
        return ops.transpose(x, (0, 2, 1, 3))

    def project(self, x: Any, which: str, half: int | None = None) -> Any:
        """x [..., D] through the matrix and bias of "q", "kv" or "output", or half of their columns."""

        def weight(name: str) -> Any:
            found = ops.cast(getattr(self, f"{which}_{name}"), x.dtype)
            return found if half is None else ops.split(found, 2, axis=-1)[half]

        y = ops.matmul(x, weight("kernel"))
        return y + weight("bias") if self.use_bias else y

    def keys_values(self, x: Any, places: Any = None) -> tuple[Any, Any]:
        """What [B, L, D] offers to be attended to: keys and values [B, num_kv_heads, L, D/H].

        places: of the keys, [L] or [B, L], for positions that turn them.
        """
        if accelerator() is None:
            k, v = ops.split(self.project(x, "kv"), 2, axis=-1)
        else:
            # The gradients of two halves of one product would be copied into one array, twice.
            k, v = (self.project(x, "kv", half) for half in (0, 1))
        k = self.heads(k)
        if self.positions is not None:
            k = self.positions.turn(k, places)
        return k, self.heads(v)

    def attend(
        self,
        x: Any,
        k: Any,
        v: Any,
        bias: Any,
        training: bool | None = None,
        places: tuple[Any, Any] | None = None,
        show: Callable[[Any], None] | None = None,
    ) -> Any:
        """Queries from [B, T, D] over keys and values [B, num_kv_heads, L, D/H] -> [B, T, D].

        bias: broadcasts to [B, H, T, L], float32; None: nothing is hidden. places: of queries and of
        keys, where there are positions. show: see `weigh`.
        """
        y = self.weigh(self.heads(self.project(x, "q")), k, v, bias, places, training, show)
        return self.project(ops.reshape(ops.transpose(y, (0, 2, 1, 3)), ops.shape(x)), "output")

    def weigh(
        self,
        q: Any,
        k: Any,
        v: Any,
        bias: Any,
        places: tuple[Any, Any] | None = None,
        training: bool | None = None,
        show: Callable[[Any], None] | None = None,
    ) -> Any:
        """Queries [B, H, T, D/H], not scaled, over keys and values to their weighted values.

        show: given the weights [B, H, T, L] where somebody watches; None: they are shown as they are.
        """
        if self.positions is not None and places is not None:
            q = self.positions.turn(q, places[0])
        if self.num_kv_heads < self.num_heads:
            k, v = (ops.repeat(one, self.num_heads // self.num_kv_heads, axis=1) for one in (k, v))
        if self.positions is None or not self.positions.adds_scores:
            rate = self.rate if training else 0.0
            kernel = kernel_for(q, k, scale=self.d_head**-0.5, rate=rate, seeds=self.drop.seeds)
            if kernel is not None:
                return kernel(q, k, v, bias)
        q = q * self.d_head**-0.5
        more = None if self.positions is None else self.positions.scores(q, *(places or ()))
        logits = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2)))  # [B, H, T, L]
        logits = ops.cast(logits if more is None else logits + more, "float32")
        if bias is not None:
            # With one axis more, so that TensorFlow does not make one operation of product and sum, which
            # is slow on the CPU where rows share the bias: see benchmarks/losses.py.
            logits = ops.squeeze(ops.expand_dims(logits, 0) + ops.expand_dims(bias, 0), 0)
        weights = ops.softmax(logits, axis=-1)
        if show is None:
            see(self, "weights", weights)
        elif watched():
            show(weights)
        weights = self.drop(ops.cast(weights, q.dtype), training=training)
        y = ops.matmul(weights, v)
        more = None if self.positions is None else self.positions.values(weights, *(places or ()))
        return y if more is None else y + more

    def call(self, x: Any, bias: Any, training: bool | None = None, places: Any = None) -> Any:
        """Self-attention: [B, L, D] and an additive bias that broadcasts to [B, H, L, L].

        places: [L] or [B, L], where there are positions.
        """
        k, v = self.keys_values(x, places)
        return self.attend(x, k, v, bias, training=training, places=(places, places))

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape
