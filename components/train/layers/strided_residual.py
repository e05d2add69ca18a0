"""Xception's residual block that shrinks a map, normalised at each position by itself.

    step(x)    = LN(separable 3x3(ReLU(x)))
    ConvRes(x) = maxpool 3x3/s(step(step(x))) + LN(conv 1x1/s(x))

`residual_conv.py` has the block with statistics over a batch, and a stride of 2; here no example sees
another, and each side has a stride of its own. Zeros stand around the map, one on every side whatever
the stride, so that window i is around row s i however far a batch is padded. Rows that are not real
are zeros before each convolution, and never the largest of a window.

Deviation from Kaiser et al.: the way around has no ReLU, as Xception's has none; their ConvStep and
some of Tensor2Tensor's blocks have one. References: Kaiser et al. 2017 (arXiv 1706.05137), section
2.5.2; Chollet 2017 (arXiv 1610.02357), figure 5; T2T's xnet_resblock.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.layer_norm import LayerNorm

FAR = -1e4
"""Below all that a norm leaves, and finite in 16 bits."""


class StridedResidual(keras.layers.Layer):
    """[B, H, W, C] -> [B, ceil(H / s), ceil(W / s'), filters].

    Args:
        channels: C.
        filters: channels of the output.
        strides: (s, s').
    """

    def __init__(
        self, channels: int, filters: int, *, strides: tuple[int, int], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.channels, self.filters, self.strides = channels, filters, strides
        self.convs = [
            keras.layers.SeparableConv2D(
                filters, 3, padding="same", use_bias=False, name=f"conv_{i}"
            )
            for i in range(2)
        ]
        self.norms = [LayerNorm(filters, name=f"norm_{i}") for i in range(2)]
        self.around = keras.layers.Conv2D(
            filters, 1, strides=strides, use_bias=False, name="around"
        )
        self.around_norm = LayerNorm(filters, name="around_norm")

    def build(self, *_: Any) -> None:
        for conv, channels in zip(self.convs, (self.channels, self.filters), strict=True):
            conv.build((None, None, None, channels))
        self.around.build((None, None, None, self.channels))
        self.built = True

    def call(self, x: Any, real: Any = None) -> Any:
        """real [B, H] (bool): which rows are there; None: all."""
        y = x
        for conv, norm in zip(self.convs, self.norms, strict=True):
            y = ops.relu(y)
            if real is not None:
                y = y * ops.cast(real[:, :, None, None], y.dtype)
            y = norm(conv(y))
        if real is not None:
            y = ops.where(real[:, :, None, None], y, FAR)
        return largest(y, (3, 3), self.strides) + self.around_norm(self.around(x))


def largest(x: Any, window: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """Max pooling [B, .., C] around every so many-th position; windows are odd, and what is not to be
    taken is `FAR`."""
    around = [[0, 0], *([size // 2, size // 2] for size in window), [0, 0]]
    return ops.max_pool(ops.pad(x, around, constant_values=FAR), window, strides)
