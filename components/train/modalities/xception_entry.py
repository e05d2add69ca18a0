"""Pixels to positions by Xception's entry flow: the image net of MultiModel.

    x = pixels / 127.5 - 1
    x = ReLU(LN(conv 3x3(x)))                       twice, 32 and 64 channels
    x = ConvRes(x)                                  three times, 128, 256 and D channels, D at most
    [B, H/P, W/P, D] -> [B, H/P * W/P, D]           row after row

In the paper the first convolution and each ConvRes halve the map: a position covers 16 x 16 pixels of
a photograph. Of 28 or 32 pixels that leaves two a side, so here the problem's `patch` (P) says what a
position covers, and the first log2(P) of those four halve: with 16 it is the paper's flow.

Deviations from Tensor2Tensor: images are not standardised one by one, a dark image stays dark; the
first convolution has a bias, which lets its norm tell strong edges from weak ones. ConvRes is
`layers/strided_residual.py`. Positions are added by the body.
References: Kaiser et al. 2017 (arXiv 1706.05137), section 2.5.2; Chollet 2017 (arXiv 1610.02357),
figure 5; T2T 1.0's ImageModality.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import Feature
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.strided_residual import StridedResidual
from components.train.patches import refused

STEM = (32, 64)
BLOCKS = (128, 256)


class Modality(keras.layers.Layer):
    """An image as an input: [B, H, W, C] uint8 -> [B, H/P * W/P, D].

    Args:
        feature: `shape` (H, W, C) and `options["patch"]` (P).
        hp: d_model (D) is read.

    Raises ValueError for a P that is none of `CUTTING` (components/train/patches.py).
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        height, width, self.channels = feature.shape
        patch = int(feature.options.get("patch", 1))
        if wrong := refused("xception_entry", patch, height, width):
            raise ValueError(f"patch: {wrong}")
        self.positions = (height // patch) * (width // patch)
        self.d_model = hp.d_model
        first, *later = (2 if 2 ** (i + 1) <= patch else 1 for i in range(4))
        self.stem = [
            keras.layers.Conv2D(STEM[0], 3, strides=first, name="conv_0"),
            keras.layers.Conv2D(STEM[1], 3, use_bias=False, name="conv_1"),
        ]
        self.norms = [LayerNorm(filters, name=f"norm_{i}") for i, filters in enumerate(STEM)]
        widths = [STEM[1], *(min(filters, hp.d_model) for filters in BLOCKS), hp.d_model]
        self.blocks = [
            StridedResidual(widths[i], widths[i + 1], strides=(stride, stride), name=f"block_{i}")
            for i, stride in enumerate(later)
        ]

    def build(self, *_: Any) -> None:
        for conv, channels in zip(self.stem, (self.channels, STEM[0]), strict=True):
            conv.build((None, None, None, channels))
        for block in self.blocks:
            block.build()
        self.built = True

    def mask(self, pixels: Any) -> Any:
        """[B, H, W, C] -> [B, L] bool, all True: every patch is there."""
        return ops.ones((ops.shape(pixels)[0], self.positions), dtype="bool")

    def bottom(self, pixels: Any, training: bool | None = None) -> Any:
        """[B, H, W, C] uint8 -> [B, L, D] in the compute dtype."""
        x = ops.cast(pixels, self.compute_dtype) / 127.5 - 1.0
        for conv, norm in zip(self.stem, self.norms, strict=True):
            x = ops.relu(norm(conv(ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]))))
        for block in self.blocks:
            x = block(x)
        return ops.reshape(x, (ops.shape(pixels)[0], self.positions, self.d_model))
