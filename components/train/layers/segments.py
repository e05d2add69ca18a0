"""Several texts packed into one row: which positions belong together, and their places.

A row's segments are numbered from 1 on, in order; 0 is padding. Reference: Tensor2Tensor's packed
problems (`inputs_segmentation`, `inputs_position`).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def segments_of(mask: Any) -> Any:
    """The mask [B, L] if it numbers segments (int32), None if it only says what is real (bool)."""
    return None if keras.backend.standardize_dtype(mask.dtype) == "bool" else mask


def places_of(length: Any, segments: Any) -> Any:
    """Places int32 [L], or [B, L] counted from the beginning of each position's own segment."""
    places = ops.arange(length, dtype="int32")
    if segments is None:
        return places
    before = ops.pad(segments[:, :-1], [[0, 0], [1, 0]])
    begins = ops.where(ops.equal(segments, before), 0, places[None])
    # Beginnings grow along a row, so that the latest one so far is the own one.
    same = ops.equal(segments[:, :, None], segments[:, None, :])
    return places[None] - ops.max(ops.where(same, begins[:, None, :], 0), axis=-1)
