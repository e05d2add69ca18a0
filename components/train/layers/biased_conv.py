"""A convolution over positions with a bias, and branches of different widths.

y = Conv(x) + b
"""

from __future__ import annotations

from typing import Any

from keras import ops

from components.train.layers.separable_conv import SeparableConv


class BiasedConv(SeparableConv):
    """[B, L, C] -> [B, L, filters]; everything else as `SeparableConv`."""

    def build(self, x_shape: Any, *_: Any) -> None:
        super().build(x_shape)
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def slide(self, x: Any) -> Any:
        y = super().slide(x)
        return y + ops.cast(self.bias, y.dtype)


def widen(x: Any, width: int) -> Any:
    """[B, L, C] to [B, L, width], filled up with zeros."""
    return ops.pad(x, [[0, 0], [0, 0], [0, width - x.shape[-1]]])
