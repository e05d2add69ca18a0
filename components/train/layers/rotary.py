"""Rotary positions: queries and keys turned by their places, so that products see distances only.

    [x1 || x2] -> [x1 cos(t w) - x2 sin(t w) || x2 cos(t w) + x1 sin(t w)],   w_i = 1e4^(-2i/dk)

The halves are [first || second] as in GPT-NeoX and Llama, where the paper pairs neighbours: the same up
to an order of the columns. Reference: Su et al. 2021 (arXiv 2104.09864), equation 34.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


class Rotary(keras.layers.Layer):
    """Turns queries and keys [B, H, T, D/H]; adds nothing to the logits."""

    adds_scores = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Where one layer of a model is not, Keras on JAX first runs the whole model operation by operation
        # (`predict_on_batch`), a program compiled for each.
        self.built = True

    def turn(self, x: Any, places: Any) -> Any:
        """x [B, H, T, D/H] at places [T] or [B, T] (a size of 1 stands for all) to the same shape."""
        half = x.shape[-1] // 2
        w = ops.exp(ops.arange(half, dtype="float32") * (-math.log(1e4) / half))
        angle = ops.cast(places, "float32")[..., None] * w  # [.., T, D/2H]
        if len(angle.shape) == 3:
            angle = angle[:, None]
        cos, sin = ops.cast(ops.cos(angle), x.dtype), ops.cast(ops.sin(angle), x.dtype)
        first, second = x[..., :half], x[..., half:]
        return ops.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)

    def scores(self, q: Any, places: Any, key_places: Any) -> Any:
        return None

    def values(self, weights: Any, places: Any, key_places: Any) -> Any:
        return None
