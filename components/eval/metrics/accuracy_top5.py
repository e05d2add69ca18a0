"""Top-5 accuracy: the share of examples whose label is among the five best predicted ones.

Statistics of an example: found (0 or 1), 1. Nothing to score gives 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INPUT = "ranked"
HIGHER_IS_BETTER = True
MAIN = "accuracy_top5"
BEST = 5


def statistics(targets: Sequence[str], predictions: Sequence[Sequence[str]]) -> np.ndarray:
    """[N] labels, [N] lists of labels, the best first -> [N, 2] float64."""
    pairs = zip(targets, predictions, strict=True)
    found = np.array([target in ranked[:BEST] for target, ranked in pairs], np.float64)
    return np.stack([found, np.ones_like(found)], axis=-1)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 2] -> accuracy_top5 [...]."""
    return {"accuracy_top5": summed[..., 0] / np.maximum(summed[..., 1], 1)}


def signature() -> str:
    """How the number is meant."""
    return "top-5"


def metric(targets: Sequence[str], predictions: Sequence[Sequence[str]]) -> dict[str, float]:
    """Top-5 accuracy, 0..1."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
