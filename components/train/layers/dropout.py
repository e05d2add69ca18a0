"""Dropout that draws one byte a value, or none.

A training step draws more random numbers than it has weights, and drawing is what dropout costs:
a 32-bit number decides over four values here. With b a uniform byte a value is kept where
b >= floor(256 rate + u), u uniform in [0, 1) and drawn once a call, so that each value is dropped
with probability `rate` exactly, and those that are kept are scaled by 1 / (1 - rate). On JAX nothing is
drawn: a hash of its place decides over a value (`kernels/dropout.py`).

Reference: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class Dropout(keras.layers.Layer):
    """Keras's Dropout, drawn faster: [...] -> [...] of the same dtype.

    Args:
        rate: probability that a value is dropped, 0 <= rate < 1.
        activation: what the values go through first, one of Keras's names.
    """

    def __init__(self, rate: float, activation: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.activation = keras.activations.get(activation)
        self.seeds = keras.random.SeedGenerator() if rate else None
        self.supports_masking = True
        self.built = True

    def call(self, x: Any, training: bool | None = None) -> Any:
        seeds = self.seeds if training else None
        if seeds is not None and keras.backend.backend() == "jax":
            from components.train.kernels.dropout import dropped, dropped_relu

            if self.activation is keras.activations.relu:
                return dropped_relu(x, seeds.next(), self.rate)
            return dropped(self.activation(x), seeds.next(), self.rate)
        x = self.activation(x)
        if seeds is None:
            return x
        kept = random_bytes(ops.shape(x), seeds) >= _threshold(self.rate, seeds)
        return x * (ops.cast(kept, x.dtype) * (1.0 / (1.0 - self.rate)))

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape


def random_bytes(shape: Any, seeds: keras.random.SeedGenerator) -> Any:
    """Uniform uint8 values of `shape`, four from each number drawn."""
    count = 1
    for size in shape:
        count = count * size
    words = keras.random.randint(((count + 3) // 4, 1), -(2**31), 2**31 - 1, "int32", seed=seeds)
    flat = ops.reshape(ops.view(words, "uint8"), (-1,))
    return ops.reshape(flat[:count], shape)


def _threshold(rate: float, seeds: keras.random.SeedGenerator) -> Any:
    drawn = keras.random.uniform((), seed=seeds)
    return ops.cast(ops.minimum(ops.floor(256.0 * rate + drawn), 255.0), "uint8")
