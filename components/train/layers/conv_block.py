"""Steps of convolution as Xception, SliceNet, ByteNet and MultiModel have them, and rows of these.

    ConvStep(x) = LN(Conv(ReLU(x)))
    ConvBlock(x) = ConvStep_n(.. ConvStep_1(x) ..)

Inputs at padding are zero before each convolution. References: Kaiser et al. 2017 (arXiv 1706.03059),
section 3.1; T2T's conv_block, whose default is a ReLU in front of the first convolution too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from components.train.layers.layer_norm import LayerNorm
from components.train.layers.separable_conv import SeparableConv


class ConvStep(keras.layers.Layer):
    """[B, L, C] -> [B, L, filters].

    Args:
        filters, kernel_size, separability, padding, dilation: of the convolution, see `SeparableConv`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        separability: int = 0,
        padding: str = "left",
        dilation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conv = SeparableConv(
            filters,
            kernel_size,
            separability=separability,
            padding=padding,
            dilation=dilation,
            name="conv",
        )
        self.norm = LayerNorm(filters, name="norm")

    def build(self, x_shape: Any, *_: Any) -> None:
        self.channels = x_shape[-1]
        self.conv.build(x_shape)
        self.built = True

    def call(self, x: Any, real: Any = None) -> Any:
        """real [B, L] (bool): positions where it is False count as zeros."""
        return self.norm(self.conv(ops.relu(x), real))

    def window(self, rows: Any, dtype: Any) -> Any:
        """What the convolution has seen before the first position: zeros [rows, (k-1) d, C]."""
        return ops.zeros((rows, self.conv.reach, self.channels), dtype=dtype)

    def step(self, x: Any, window: Any) -> tuple[Any, Any]:
        """One position: x [N, C] to [N, filters], and the next window."""
        y, window = self.conv.step(ops.relu(x), window)
        return self.norm(y), window

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return (*x_shape[:-1], self.conv.filters)


class ConvBlock(keras.layers.Layer):
    """[B, L, C] -> [B, L, filters] through a step for each of `kernels`.

    Args:
        filters: of every step.
        kernels, dilations, separabilities: of each step.
        padding: of all.
        name: unique in a body: the windows of decoding are called after it.
    """

    def __init__(
        self,
        filters: int,
        kernels: Sequence[int],
        dilations: Sequence[int],
        separabilities: Sequence[int],
        *,
        padding: str,
        name: str,
    ) -> None:
        super().__init__(name=name)
        self.filters = filters
        self.steps = [
            ConvStep(filters, k, separability=s, padding=padding, dilation=d, name=f"step_{i}")
            for i, (k, d, s) in enumerate(zip(kernels, dilations, separabilities, strict=True))
        ]

    def build(self, x_shape: Any, *_: Any) -> None:
        for step in self.steps:
            step.build(x_shape)
            x_shape = (*x_shape[:-1], self.filters)
        self.built = True

    def call(self, x: Any, real: Any = None) -> Any:
        """real [B, L] (bool): positions where it is False count as zeros."""
        for step in self.steps:
            x = step(x, real)
        return x

    def windows(self, rows: Any, dtype: Any) -> dict[str, Any]:
        """The block's part of a cache before the first position, leaves [rows, (k-1) d, C]."""
        return {f"{self.name}_{i}": step.window(rows, dtype) for i, step in enumerate(self.steps)}

    def step(self, x: Any, cache: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """One position: x [N, C] and a cache that holds the windows to [N, filters], new windows."""
        grown = {}
        for i, step in enumerate(self.steps):
            x, grown[f"{self.name}_{i}"] = step.step(x, cache[f"{self.name}_{i}"])
        return x, grown

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return (*x_shape[:-1], self.filters)
