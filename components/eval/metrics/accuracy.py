"""Accuracy: the share of examples whose predicted label is the right one.

Statistics of an example: right (0 or 1), 1. Nothing to score gives 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INPUT = "text"
HIGHER_IS_BETTER = True
MAIN = "accuracy"


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] labels, [N] predicted labels -> [N, 2] float64."""
    pairs = zip(targets, predictions, strict=True)
    right = np.array([target == prediction for target, prediction in pairs], np.float64)
    return np.stack([right, np.ones_like(right)], axis=-1)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 2] -> accuracy [...]."""
    return {"accuracy": summed[..., 0] / np.maximum(summed[..., 1], 1)}


def signature() -> str:
    """How the number is meant."""
    return "top-1"


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Accuracy, 0..1."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
