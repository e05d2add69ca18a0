"""Pixels as they are, for bodies that are image networks themselves: a map, not positions.

    x = pixels / 127.5 - 1, in three channels

A grey image stands in all three, so that a body is the same for every problem (and for weights that
were trained on photographs); other numbers of channels are mixed into three by a learned 1x1 map.
Deviation from Tensor2Tensor, which standardises each image: a dark image stays dark.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import Feature

CHANNELS = 3


class Modality(keras.layers.Layer):
    """An image as an input: [B, H, W, C] uint8 -> [B, H, W, 3].

    Args:
        feature: the last of `shape` is C.
        hp: nothing of it is read.
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(feature.shape or ()) != 3:
            raise ValueError("an image feature needs a shape: height, width, channels")
        self.channels = int(feature.shape[-1])
        self.mix = keras.layers.Dense(CHANNELS, name="mix")

    def build(self, *_: Any) -> None:
        if self.channels not in (1, CHANNELS):
            self.mix.build((None, None, None, self.channels))
        self.mix.built = True  # or unused: see `Rotary`
        self.built = True

    def mask(self, pixels: Any) -> Any:
        """[B, H, W, C] -> [B, 1] bool, False for an image that is black all over: a row that fills up
        a batch looks so. Bodies answer for it too; they only learn no statistics of it."""
        return ops.any(ops.not_equal(pixels, 0), axis=(1, 2, 3))[:, None]

    def bottom(self, pixels: Any, training: bool | None = None) -> Any:
        """[B, H, W, C] uint8 -> [B, H, W, 3] from -1 to 1 in the compute dtype."""
        x = ops.cast(pixels, self.compute_dtype) / 127.5 - 1.0
        if self.channels == 1:
            return ops.repeat(x, CHANNELS, axis=-1)
        return x if self.channels == CHANNELS else self.mix(x)
