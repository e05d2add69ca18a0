"""Pixels to positions: two convolutions, then patches, then a learned position a patch.

    x = pixels / 255 - 0.5
    x = relu(conv3x3(x)), relu(conv3x3(x))        32 and 64 channels, T2T's entry widths
    x = conv_{P x P, stride P}(x) -> [B, H/P * W/P, D], plus a learned table [H/P * W/P, D]

Deviation from T2T's image bottom (Xception's entry flow, five strided blocks): images of 8 to 32
pixels would be left with one position; here `patch` (P) says how many pixels a position covers.
References: Chollet 2017 (arXiv 1610.02357), figure 5; Dosovitskiy et al. 2021 (arXiv 2010.11929),
section 3.1; Xiao et al. 2021 (arXiv 2106.14881) on the convolutional stem.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import Feature
from components.train.patches import refused


def cut_of(feature: Feature) -> tuple[int, int]:
    """P and how many patches an image has. Raises ValueError if P does not divide its sides."""
    height, width, _ = feature.shape
    patch = int(feature.options.get("patch", 1))
    if wrong := refused("image", patch, height, width):
        raise ValueError(f"patch: {wrong}")
    return patch, (height // patch) * (width // patch)


class Modality(keras.layers.Layer):
    """An image as an input: [B, H, W, C] uint8 -> [B, H/P * W/P, D].

    Args:
        feature: `shape` (H, W, C) and `options["patch"]` (P, must divide H and W).
        hp: d_model (D) is read.
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.image_shape = feature.shape
        self.patch, self.positions = cut_of(feature)
        self.d_model = hp.d_model
        self.stem = [
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv_{i}")
            for i, filters in enumerate((32, 64))
        ]
        self.cut = keras.layers.Conv2D(hp.d_model, self.patch, strides=self.patch, name="patch")

    def build(self, *_: Any) -> None:
        shape: tuple[int | None, ...] = (None, *self.image_shape)
        for conv in (*self.stem, self.cut):
            conv.build(shape)
            shape = (*shape[:-1], conv.filters)
        self.table = self.add_weight(
            shape=(self.positions, self.d_model),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="positions",
        )
        self.built = True

    def mask(self, pixels: Any) -> Any:
        """[B, H, W, C] -> [B, L] bool, all True: every patch is there."""
        return ops.ones((ops.shape(pixels)[0], self.positions), dtype="bool")

    def bottom(self, pixels: Any, training: bool | None = None) -> Any:
        """[B, H, W, C] uint8 -> [B, L, D] in the compute dtype."""
        x = ops.cast(pixels, self.compute_dtype) / 255.0 - 0.5
        for conv in self.stem:
            x = conv(x)
        x = ops.reshape(self.cut(x), (ops.shape(pixels)[0], self.positions, self.d_model))
        return x + ops.cast(self.table, x.dtype)
