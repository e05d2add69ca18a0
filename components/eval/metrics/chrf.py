"""chrF2 (Popovic 2015): F score of character n-grams, n = 1..6, as sacrebleu 2 computes it.

    chrF = 100 (1 + 2^2) P R / (2^2 P + R),   P, R = means of the corpus precisions and recalls

over the orders that both sides have. Statistics of a sentence: for each order, the n-grams of the
prediction, of the reference, and matched. Nothing to score gives 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INPUT = "text"
HIGHER_IS_BETTER = True
MAIN = "chrf"
ORDER = 6
BETA = 2


def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(char_order=ORDER, word_order=0, beta=BETA)


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] references, [N] predictions -> [N, 18] float64."""
    if not targets:
        return np.zeros((0, 3 * ORDER))
    # sacrebleu has no public way to counts per sentence; requirements pin its minor version.
    return np.array(_chrf()._extract_corpus_statistics(predictions, [targets]), np.float64)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 18] -> chrf [...]."""
    counts = summed.reshape(*summed.shape[:-1], ORDER, 3)
    predicted, reference, matched = counts[..., 0], counts[..., 1], counts[..., 2]
    used = (predicted > 0) & (reference > 0)
    orders = np.maximum(used.sum(axis=-1), 1)
    precision = np.where(used, matched / np.maximum(predicted, 1), 0.0).sum(axis=-1) / orders
    recall = np.where(used, matched / np.maximum(reference, 1), 0.0).sum(axis=-1) / orders
    below = BETA**2 * precision + recall
    value = 100 * (1 + BETA**2) * precision * recall / np.where(below > 0, below, 1.0)
    return {"chrf": value}


def signature() -> str:
    """sacrebleu's own signature, for one reference a sentence."""
    chrf = _chrf()
    chrf.num_refs = 1
    return str(chrf.get_signature())


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """chrF2 of the corpus, 0..100."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
