"""Batch normalization over the rows of a batch that are examples.

    mean, var    over all examples of the batch and all their positions, channel by channel
    y = gamma (x - mean) / sqrt(var + epsilon) + beta
    moving = momentum moving + (1 - momentum) (mean, var), which stand for both outside of training

Rows that only fill up a batch, to a shape that a backend compiled or to the number of devices, are
left out of the statistics (Keras's layer has them in). Several devices have statistics of their own.
Reference: Ioffe and Szegedy 2015 (arXiv 1502.03167), algorithms 1 and 2. Momentum and epsilon are
Tensor2Tensor's and PyTorch's.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

MOMENTUM = 0.9
EPSILON = 1e-5


class BatchNorm(keras.layers.Layer):
    """[B, ..., C] -> [B, ..., C] of the same dtype; computed in float32.

    Args:
        channels: C.
        momentum: what a step leaves of the moving statistics.
        epsilon: added to the variance.
    """

    def __init__(
        self,
        channels: int,
        *,
        momentum: float = MOMENTUM,
        epsilon: float = EPSILON,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.channels, self.momentum, self.epsilon = channels, momentum, epsilon

    def build(self, *_: Any) -> None:
        shape: dict[str, Any] = {"shape": (self.channels,), "autocast": False}
        self.gamma = self.add_weight(**shape, initializer="ones", name="gamma")
        self.beta = self.add_weight(**shape, initializer="zeros", name="beta")
        counted = {**shape, "trainable": False}
        self.moving_mean = self.add_weight(**counted, initializer="zeros", name="moving_mean")
        self.moving_variance = self.add_weight(
            **counted, initializer="ones", name="moving_variance"
        )
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        """x [B, ..., C]; real [B], True where a row is an example."""
        h = ops.cast(x, "float32")
        if training:
            mean, variance = self._of_batch(h, ops.cast(real, "float32"))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = self.gamma * ops.rsqrt(variance + self.epsilon)
        return ops.cast(h * scale + (self.beta - mean * scale), x.dtype)

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return x_shape

    def _of_batch(self, h: Any, real: Any) -> tuple[Any, Any]:
        """Mean and variance [C] of the batch; the moving ones follow them."""
        count = ops.sum(real)
        # A row's share; first over its positions, so that leaving rows out costs nothing.
        share = ops.expand_dims(real / ops.maximum(count, 1.0), -1)  # [B, 1]
        places = tuple(range(1, len(h.shape) - 1))
        mean = ops.sum(share * ops.mean(h, axis=places), axis=0)
        centred = h - mean
        variance = ops.sum(share * ops.mean(centred * centred, axis=places), axis=0)
        # A device may be given no example at all.
        pace = ops.where(count > 0, 1.0 - self.momentum, 0.0)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving + pace * (ops.stop_gradient(now) - moving))
        return mean, variance
