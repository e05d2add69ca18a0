"""Bootstrap over sentences: confidence interval of a metric, and a paired test of two systems.

Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation", in the form of
sacrebleu and Moses. A resample of N sentences is a row of multinomial counts, so the summed
statistics of all resamples are one matrix product: counts [R, N] @ statistics [N, K].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

Score = Callable[[np.ndarray], Mapping[str, Any]]
# Resamples made at a time: 64 x 100,000 sentences are 51 MB of counts.
CHUNK = 64


def interval(
    statistics: np.ndarray,
    score: Score,
    key: str,
    *,
    samples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """The percentile interval of `score(summed)[key]`.

    statistics: [N, K] sufficient statistics, a row a sentence. score: a metric's `score`.
    With no sentence, both ends are the score of nothing. Raises ValueError if samples < 1.
    """
    _check(statistics, samples)
    if len(statistics) == 0:
        value = _value(score, key, np.zeros(statistics.shape[1]))
        return value, value
    values = np.concatenate(
        [score(counts @ statistics)[key] for counts in _resamples(len(statistics), samples, seed)]
    )
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paired(
    statistics_a: np.ndarray,
    statistics_b: np.ndarray,
    score: Score,
    key: str,
    *,
    samples: int = 1000,
    seed: int = 0,
) -> float:
    """Two-sided p value of the difference between two systems on the same sentences.

    Of the resampled differences, centred on their mean, the share that is as far from 0 as the
    observed one; (count + 1) / (samples + 1). Equal systems, and no sentence, give 1. sacrebleu's
    `paired-bs` takes absolute values before it centres them, which leaves one side of the two, and
    about half of this p.

    Raises ValueError if the two have different sentences.
    """
    _check(statistics_a, samples)
    if statistics_a.shape != statistics_b.shape:
        raise ValueError(
            f"the systems were scored on different sentences: statistics of shape "
            f"{statistics_a.shape} and {statistics_b.shape}"
        )
    if len(statistics_a) == 0:
        return 1.0
    observed = abs(
        _value(score, key, statistics_a.sum(axis=0)) - _value(score, key, statistics_b.sum(axis=0))
    )
    differences = np.concatenate(
        [
            score(counts @ statistics_a)[key] - score(counts @ statistics_b)[key]
            for counts in _resamples(len(statistics_a), samples, seed)
        ]
    )
    exceeding = int(np.sum(np.abs(differences - differences.mean()) >= observed))
    return (exceeding + 1) / (samples + 1)


def _resamples(sentences: int, samples: int, seed: int) -> Iterator[np.ndarray]:
    """Counts [<= CHUNK, sentences] float64, `samples` rows in all."""
    rng = np.random.default_rng(seed)
    chances = np.full(sentences, 1.0 / sentences)
    for start in range(0, samples, CHUNK):
        size = min(CHUNK, samples - start)
        yield rng.multinomial(sentences, chances, size=size).astype(np.float64)


def _value(score: Score, key: str, summed: np.ndarray) -> float:
    return float(score(summed)[key])


def _check(statistics: np.ndarray, samples: int) -> None:
    if statistics.ndim != 2:
        raise ValueError(f"expected statistics [N, K], got the shape {statistics.shape}")
    if samples < 1:
        raise ValueError(f"expected at least one resample, got samples={samples}")
