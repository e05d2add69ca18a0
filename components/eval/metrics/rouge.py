"""ROUGE-1, ROUGE-2, ROUGE-L (Lin 2004), F1 x 100, as Google's `rouge_score` without its stemmer.

How they are counted: `components/scoring/rouge.py`. Text is lower-cased and its tokens are the runs of
a-z and 0-9; everything else separates. So a letter with an accent cuts its word in two, and text in
another script has no tokens and scores 0, even when it is right: for Chinese take `rouge_zh`, for
Russian `chrf`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from components.scoring import rouge

INPUT = "text"
HIGHER_IS_BETTER = True
MAIN = "rougeL"

_TOKEN = re.compile("[a-z0-9]+")


def tokens(text: str) -> list[str]:
    """The tokens of a text."""
    return _TOKEN.findall(text.lower())


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] references, [N] predictions -> [N, 4] float64."""
    return rouge.statistics(targets, predictions, tokens)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 4] -> rouge1, rouge2, rougeL, each [...]."""
    return rouge.score(summed)


def signature() -> str:
    """How the number is meant."""
    return "F1|mean over examples|lower-cased a-z0-9|no stemmer|best of several references"


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """ROUGE, 0..100."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
