"""One number: the body is asked one question, a zero vector, and answers with a mean.

    loss = (y - x)^2

the negative log-likelihood, up to constants, of a normal distribution of variance 1/2. Reference:
Tai et al. 2015 (arXiv 1503.00075), section 4.2, on relatedness by regression; T2T's real modality.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import Feature


class Modality(keras.layers.Layer):
    """[B, 1, D] -> float32 [B, 1, 1]; targets [B, 1] float32.

    Args:
        feature: `options` may hold `low` and `high`: the range of the numbers, which the answers'
            centre and scale are taken from.
        hp: d_model (D) is read.
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        low, high = feature.options.get("low", -1.0), feature.options.get("high", 1.0)
        self.centre, self.half = (low + high) / 2, (high - low) / 2
        self.d_model = hp.d_model

    def build(self, *_: Any) -> None:
        self.kernel = self.add_weight(
            shape=(self.d_model, 1), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")
        self.built = True

    def mask(self, numbers: Any) -> Any:
        """[B, 1] -> [B, 1] bool: a number is always there, 0 is one like the others."""
        return ops.ones_like(numbers, dtype="bool")

    def top(self, h: Any) -> Any:
        """[..., D] -> float32 [..., 1], in the units of the targets."""
        y = ops.cast(ops.matmul(h, ops.cast(self.kernel, h.dtype)), "float32")
        y = y + ops.cast(self.bias, "float32")
        return self.centre + self.half * y

    def loss(self, answers: Any, targets: Any, label_smoothing: float) -> Any:
        """Squared error in units of half the range, float32 [B, 1]; nothing to smooth."""
        return ops.square((answers[..., 0] - ops.cast(targets, "float32")) / self.half)

    def nll(self, answers: Any, targets: Any) -> Any:
        """Squared error in the units of the targets, float32 [B, 1]."""
        return ops.square(answers[..., 0] - ops.cast(targets, "float32"))

    def right(self, answers: Any, targets: Any) -> Any:
        """1.0 where the answer is nearer than a tenth of half the range."""
        near = ops.abs(answers[..., 0] - ops.cast(targets, "float32")) < self.half / 10
        return ops.cast(near, "float32")
