"""Sequence accuracy: the share of predictions that equal their reference word for word.

Differences in white space do not count. Statistics of an example: equal (0 or 1), 1. Nothing to
score gives 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INPUT = "text"
HIGHER_IS_BETTER = True
MAIN = "sequence_accuracy"


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] references, [N] predictions -> [N, 2] float64."""
    pairs = zip(targets, predictions, strict=True)
    equal = np.array([target.split() == prediction.split() for target, prediction in pairs], float)
    return np.stack([equal, np.ones_like(equal)], axis=-1)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 2] -> sequence_accuracy [...]."""
    return {"sequence_accuracy": summed[..., 0] / np.maximum(summed[..., 1], 1)}


def signature() -> str:
    """How the number is meant."""
    return "exact match, white space normalised, cased"


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Sequence accuracy, 0..1."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
