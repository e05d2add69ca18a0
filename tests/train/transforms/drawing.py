"""Generators and rows for the tests of transforms."""

from __future__ import annotations

import numpy as np


def rngs(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, row)) for row in range(count)]


def text(*lengths: int, low: int = 10, high: int = 1_000, seed: int = 0) -> np.ndarray:
    """int32 [B, L]: rows of so many random symbols, EOS, padding."""
    out = np.zeros((len(lengths), max(lengths) + 1), np.int32)
    for row, length in enumerate(lengths):
        out[row, :length] = np.random.default_rng((seed, row)).integers(low, high, length)
        out[row, length] = 1
    return out
