"""Dropout that draws one byte a value.

A training step draws more random numbers than it has weights, and drawing is what dropout costs:
a 32-bit number decides over four values here. With b a uniform byte a value is kept where
b >= floor(256 rate + u), u uniform in [0, 1) and drawn once a call, so that each value is dropped
with probability `rate` exactly, and those that are kept are scaled by 1 / (1 - rate).

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
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seeds = keras.random.SeedGenerator() if rate else None
        self.supports_masking = True
        self.built = True

    def call(self, x: Any, training: bool | None = None) -> Any:
        if not training or self.seeds is None:
            return x
        shape = ops.shape(x)
        kept = random_bytes(shape, self.seeds) >= _threshold(self.rate, self.seeds)
        scale = 1.0 / (1.0 - self.rate)
        if keras.backend.backend() == "jax":
            # What the backward pass keeps is a byte a value here, and two or four below.
            return ops.where(kept, x * ops.cast(scale, x.dtype), 0)
        return x * (ops.cast(kept, x.dtype) * scale)

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape


def random_bytes(shape: Any, seeds: keras.random.SeedGenerator) -> Any:
    """Uniform uint8 values of `shape`, four from each number drawn."""
    count = 1
    for size in shape:
        count = count * size
    words = _words((count + 3) // 4, seeds)
    flat = ops.reshape(ops.view(words, "uint8"), (-1,))
    return ops.reshape(flat[:count], shape)


def _words(count: Any, seeds: keras.random.SeedGenerator) -> Any:
    """So many uniform numbers of 32 bits, [count, 1]."""
    if keras.backend.backend() == "jax":
        from components.train.kernels import random_words

        return random_words.draw(count, seeds.next())
    return keras.random.randint((count, 1), -(2**31), 2**31 - 1, "int32", seed=seeds)


def _threshold(rate: float, seeds: keras.random.SeedGenerator) -> Any:
    drawn = keras.random.uniform((), seed=seeds)
    return ops.cast(ops.minimum(ops.floor(256.0 * rate + drawn), 255.0), "uint8")
