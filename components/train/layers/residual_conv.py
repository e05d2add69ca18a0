"""Residual blocks of depthwise separable convolutions, Xception's.

    step(x)      norm(separable 3x3(relu(x)))
    ConvRes(x)   maxpool 3x3/2(step(step(x))) + norm(conv 1x1/2(x))     half the map, more channels
    Middle(x)    step(step(step(x))) + x

A separable convolution filters each channel by itself, then mixes them by 1x1.
References: Chollet 2017 (arXiv 1610.02357), figure 5; Kaiser et al. 2017 (arXiv 1706.05137), section
2.5.2, where ConvRes is a part of MultiModel's modality nets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from components.train.layers.batch_norm import BatchNorm
from components.train.layers.conv_norm import ConvNorm


class SeparableStep(keras.layers.Layer):
    """norm(separable 3x3(x)): [B, H, W, C] -> [B, H, W, filters]; no bias, the norm has one.

    Args:
        channels: C.
        filters: channels of the output.
    """

    def __init__(self, channels: int, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.conv = keras.layers.SeparableConv2D(
            filters, 3, padding="same", use_bias=False, name="conv"
        )
        self.norm = BatchNorm(filters, name="norm")

    def build(self, *_: Any) -> None:
        self.conv.build((None, None, None, self.channels))
        self.norm.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        """real [B]: True where a row is an example."""
        return self.norm(self.conv(x), real, training=training)


class ConvRes(keras.layers.Layer):
    """[B, H, W, C] -> [B, ceil(H / 2), ceil(W / 2), filters].

    Args:
        channels: C.
        filters: channels of the output.
        inner: channels between the two steps; 0: filters.
    """

    def __init__(self, channels: int, filters: int, *, inner: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        inner = inner or filters
        self.steps: list[Any] = [
            SeparableStep(channels, inner, name="step_0"),
            SeparableStep(inner, filters, name="step_1"),
        ]
        self.shortcut = ConvNorm(channels, filters, 1, strides=2, relu=False, name="shortcut")

    def build(self, *_: Any) -> None:
        for layer in (*self.steps, self.shortcut):
            layer.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        """real [B]: True where a row is an example."""
        y = in_turn(self.steps, x, real, training)
        y = ops.max_pool(y, 3, strides=2, padding="same")
        return y + self.shortcut(x, real, training=training)


class Middle(keras.layers.Layer):
    """[B, H, W, C] -> [B, H, W, C].

    Args:
        channels: C.
    """

    def __init__(self, channels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps = [SeparableStep(channels, channels, name=f"step_{i}") for i in range(3)]

    def build(self, *_: Any) -> None:
        for step in self.steps:
            step.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        """real [B]: True where a row is an example."""
        return x + in_turn(self.steps, x, real, training)


def in_turn(steps: Sequence[Any], x: Any, real: Any, training: bool | None) -> Any:
    """Each step on the ReLU of what came before."""
    for step in steps:
        x = step(ops.relu(x), real, training=training)
    return x
