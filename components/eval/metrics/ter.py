"""TER, translation edit rate (Snover et al. 2006), as sacrebleu 2 computes it; lower is better.

    TER = 100 edits / reference words,   edits: insert, delete, substitute, shift a phrase

Statistics of a sentence: edits, words of the reference. Nothing to score gives 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INPUT = "text"
HIGHER_IS_BETTER = False
MAIN = "ter"


def _ter() -> Any:
    from sacrebleu.metrics.ter import TER

    return TER()


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] references, [N] predictions -> [N, 2] float64."""
    if not targets:
        return np.zeros((0, 2))
    # sacrebleu has no public way to counts per sentence; requirements pin its minor version.
    return np.array(_ter()._extract_corpus_statistics(predictions, [targets]), np.float64)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 2] -> ter [...]; 100 if there are edits but no reference words."""
    edits, words = summed[..., 0], summed[..., 1]
    rate = np.where(words > 0, edits / np.where(words > 0, words, 1), edits > 0)
    return {"ter": 100 * rate}


def signature() -> str:
    """sacrebleu's own signature, for one reference a sentence."""
    ter = _ter()
    ter.num_refs = 1
    return str(ter.get_signature())


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """TER of the corpus, 0 (perfect) upwards."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
