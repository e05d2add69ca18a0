"""Sinusoidal positions as Tensor2Tensor computes them.

    inv_i = exp(-i * ln(1e4) / (D/2 - 1)),  i = 0 .. D/2 - 1
    timing(t) = [sin(t inv) || cos(t inv)]

Deviation from Vaswani et al. 2017, section 3.5: sines and cosines stand in two halves, not
interleaved, and the divisor is D/2 - 1; Tensor2Tensor's own comment says so.
"""

from __future__ import annotations

import math
from typing import Any

from keras import ops


def timing_signal(positions: Any, d_model: int) -> Any:
    """Positions [T] (any numeric dtype) to float32 [T, D]; an odd D gets a last column of zeros."""
    half = d_model // 2
    scale = math.log(1e4) / max(half - 1, 1)
    inverse = ops.exp(-scale * ops.arange(half, dtype="float32"))
    angle = ops.expand_dims(ops.cast(positions, "float32"), -1) * inverse
    signal = ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
    return ops.pad(signal, [[0, 0], [0, 1]]) if d_model % 2 else signal
