"""Square patches of an image as positions, and a learned place for each: ViT's input.

    x_i = W patch_i + b + place_i        patch_i: P x P pixels, from -1 to 1

The plain form of `image`, which has convolutions before the cut.
Reference: Dosovitskiy et al. 2021 (arXiv 2010.11929), equation 1.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import Feature
from components.train.modalities.image import cut_of


class Modality(keras.layers.Layer):
    """An image as an input: [B, H, W, C] uint8 -> [B, H/P * W/P, D], row after row.

    Args:
        feature: `shape` (H, W, C) and `options["patch"]` (P, must divide H and W).
        hp: d_model (D) is read.
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = feature.shape[-1]
        self.patch, self.positions = cut_of(feature)
        self.d_model = hp.d_model
        self.cut = keras.layers.Conv2D(hp.d_model, self.patch, strides=self.patch, name="cut")

    def build(self, *_: Any) -> None:
        self.cut.build((None, None, None, self.channels))
        self.places = self.add_weight(
            shape=(self.positions, self.d_model),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="places",
        )
        self.built = True

    def mask(self, pixels: Any) -> Any:
        """[B, H, W, C] -> [B, L] bool, all True: every patch is there."""
        return ops.ones((ops.shape(pixels)[0], self.positions), dtype="bool")

    def bottom(self, pixels: Any, training: bool | None = None) -> Any:
        """[B, H, W, C] uint8 -> [B, L, D] in the compute dtype."""
        x = self.cut(ops.cast(pixels, self.compute_dtype) / 127.5 - 1.0)
        x = ops.reshape(x, (ops.shape(pixels)[0], self.positions, self.d_model))
        return x + ops.cast(self.places, x.dtype)
