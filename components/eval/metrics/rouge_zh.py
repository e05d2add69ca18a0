"""ROUGE-1, ROUGE-2, ROUGE-L (Lin 2004) of Chinese text, F1 x 100, a character a token.

So papers on LCSTS have it (Hu et al. 2015, https://aclanthology.org/D15-1229, section 4), who turn
characters into numbers because the Perl script knows no Chinese. Blanks are no tokens. How they are
counted: `components/scoring/rouge.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.scoring import rouge

INPUT = "text"
HIGHER_IS_BETTER = True
MAIN = "rougeL_zh"


def tokens(text: str) -> list[str]:
    """The tokens of a text."""
    return list("".join(text.split()))


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] references, [N] predictions -> [N, 4] float64."""
    return rouge.statistics(targets, predictions, tokens)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 4] -> rouge1_zh, rouge2_zh, rougeL_zh, each [...]."""
    return {f"{name}_zh": value for name, value in rouge.score(summed).items()}


def signature() -> str:
    """How the number is meant."""
    return "F1|mean over examples|characters without blanks|best of several references"


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """ROUGE by characters, 0..100."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
