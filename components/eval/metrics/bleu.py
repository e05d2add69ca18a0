"""BLEU (Papineni et al. 2002), cased and detokenised, as sacrebleu 2 computes it (Post 2018).

    BLEU = 100 BP exp(1/4 sum_n log p_n),   BP = min(1, exp(1 - ref_len / sys_len)),   n = 1..4

p_n of the whole corpus, with sacrebleu's exponential smoothing of zero counts. Statistics of a
sentence: sys_len, ref_len, correct_1..4, total_1..4. Nothing to score gives 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INPUT = "text"
HIGHER_IS_BETTER = True
MAIN = "bleu"
ORDER = 4


def _bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU

    # force: no warning about text that ends in " ."; tokenised references are the user's choice.
    return BLEU(force=True)


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] references, [N] predictions -> [N, 10] float64."""
    if not targets:
        return np.zeros((0, 2 + 2 * ORDER))
    # sacrebleu has no public way to counts per sentence; requirements pin its minor version.
    return np.array(_bleu()._extract_corpus_statistics(predictions, [targets]), np.float64)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 10] -> bleu and brevity_penalty, each [...]."""
    sys_len, ref_len = summed[..., 0], summed[..., 1]
    correct, total = summed[..., 2 : 2 + ORDER], summed[..., 2 + ORDER :]
    zero = correct == 0
    # The k-th order without a match counts as 2^-k of one match (sacrebleu's smooth_method="exp").
    smoothed = np.where(zero, 0.5 ** np.cumsum(zero, axis=-1), correct)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(total > 0, np.log(smoothed / total), -np.inf)
        penalty = np.where(sys_len < ref_len, np.exp(1 - ref_len / sys_len), 1.0)
        bleu = 100 * penalty * np.exp(logs.mean(axis=-1))
    return {"bleu": np.where(zero.all(axis=-1), 0.0, bleu), "brevity_penalty": penalty}


def signature() -> str:
    """sacrebleu's own signature, for one reference a sentence."""
    bleu = _bleu()
    bleu.num_refs = 1
    return str(bleu.get_signature())


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """BLEU of the corpus, 0..100."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
