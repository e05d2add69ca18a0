"""Positions that are added to a stack's input: sinusoids, or a vector learned for each place.

    timing    inv_i = exp(-i * ln(1e4) / (D/2 - 1)),  i = 0 .. D/2 - 1      Tensor2Tensor's
    sinusoid  inv_i = exp(-i * ln(1e4) / (D/2))                             the paper's
              [sin(t inv) || cos(t inv)]
    learned   P[t], the last of the table's rows for places beyond it

Deviation from Vaswani et al. 2017, section 3.5: sines and cosines stand in two halves, not
interleaved, which is the same up to an order of the columns.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

ADDED = ("timing", "sinusoid", "learned")


class Positions(keras.layers.Layer):
    """What is added to a stack's input at places [T] or [B, T]: float32 [.., T, D], or 0.0.

    Args:
        kind: one of `ADDED`; anything else adds nothing.
        d_model: D.
        max_positions: rows of the learned table.
    """

    def __init__(self, kind: str, d_model: int, max_positions: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.d_model, self.max_positions = kind, d_model, max_positions
        self.adds = kind in ADDED
        if kind == "learned":
            self.table = self.add_weight(
                shape=(max_positions, d_model),
                initializer=keras.initializers.RandomNormal(stddev=0.02),
                name="table",
            )
        self.built = True

    def call(self, places: Any) -> Any:
        if self.kind == "timing":
            return timing_signal(places, self.d_model)
        if self.kind == "sinusoid":
            return timing_signal(places, self.d_model, intervals=self.d_model // 2)
        if self.kind == "learned":
            last = self.max_positions - 1
            return ops.take(self.table, ops.minimum(ops.cast(places, "int32"), last), axis=0)
        return 0.0


def timing_signal(positions: Any, d_model: int, intervals: int = 0) -> Any:
    """Positions [...] (any numeric dtype) to float32 [..., D]; an odd D gets a last column of zeros.

    intervals: between the periods 2 pi and 2e4 pi; 0: D/2 - 1, as Tensor2Tensor.
    """
    half = d_model // 2
    scale = math.log(1e4) / (intervals or max(half - 1, 1))
    inverse = ops.exp(-scale * ops.arange(half, dtype="float32"))
    angle = ops.expand_dims(ops.cast(positions, "float32"), -1) * inverse
    signal = ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
    widths = [[0, 0]] * (len(signal.shape) - 1) + [[0, 1]]
    return ops.pad(signal, widths) if d_model % 2 else signal
