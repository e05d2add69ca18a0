"""Root mean square normalization: y = x / sqrt(mean(x^2) + epsilon) * gamma.

Reference: Zhang and Sennrich 2019 (arXiv 1910.07467), equation 4.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.layer_norm import EPSILON


class RMSNorm(keras.layers.Layer):
    """[..., D] -> [..., D] of the same dtype; computed in float32.

    Args:
        d_model: D.
        epsilon: added to the mean square.
    """

    def __init__(self, d_model: int, *, epsilon: float = EPSILON, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.epsilon = epsilon
        self.gamma = self.add_weight(
            shape=(d_model,), initializer="ones", name="gamma", autocast=False
        )
        self.built = True

    def call(self, x: Any) -> Any:
        y = ops.cast(x, "float32")
        y = y * ops.rsqrt(ops.mean(y * y, axis=-1, keepdims=True) + self.epsilon)
        return ops.cast(y * self.gamma, x.dtype)

    def beside(self, x: Any) -> tuple[Any, Any]:
        """The norm of x, and x, as LayerNorm has it."""
        return self(x), x

    def compute_output_shape(self, x_shape: Any) -> Any:
        return x_shape
