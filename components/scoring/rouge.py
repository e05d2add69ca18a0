"""ROUGE-1, ROUGE-2, ROUGE-L (Lin 2004) as F1, of whatever a metric takes for tokens.

    F = 2 P R / (P + R),   P = matched / predicted,   R = matched / reference

matched is the number of common n-grams (as a multiset), for L the length of the longest common
subsequence of the whole texts; the number is the mean of F over the examples. Where a tab separates
several references, the one with the largest F counts, for each of the three by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from components.scoring.alternatives import alternatives

NAMES = ("rouge1", "rouge2", "rougeL")

Tokens = Callable[[str], Sequence[str]]


def common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, in O(len(one)) sums of long integers.

    A row of the table is one integer, a bit a column, 0 where the row grows (Hyyro 2004, "Bit-
    parallel LCS-length computation revisited").
    """
    places: dict[str, int] = {}
    for place, token in enumerate(other):
        places[token] = places.get(token, 0) | 1 << place
    full = (1 << len(other)) - 1
    row = full
    for token in one:
        hits = row & places.get(token, 0)
        row = ((row + hits) | (row - hits)) & full
    return len(other) - row.bit_count()


def _f1(matched: int, predicted: int, expected: int) -> float:
    return 2 * matched / (predicted + expected) if matched else 0.0


def _ngrams(tokens: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))


def _scores(expected: Sequence[str], found: Sequence[str]) -> tuple[float, ...]:
    scores = []
    for order in (1, 2):
        own, other = _ngrams(found, order), _ngrams(expected, order)
        scores.append(_f1((own & other).total(), own.total(), other.total()))
    longest = common_subsequence(found, expected)
    return (*scores, _f1(longest, len(found), len(expected)))


def statistics(targets: Sequence[str], predictions: Sequence[str], tokens: Tokens) -> np.ndarray:
    """[N] references, [N] predictions -> F of 1, 2, L, then 1: [N, 4] float64."""
    rows = []
    for target, prediction in zip(targets, predictions, strict=True):
        found = tokens(prediction)
        each = [_scores(tokens(reference), found) for reference in alternatives(target)]
        rows.append((*np.max(each, axis=0), 1))
    return np.array(rows, np.float64).reshape(-1, 4)


def score(summed: np.ndarray) -> dict[str, np.ndarray]:
    """[..., 4] -> rouge1, rouge2, rougeL, each [...], 0 to 100; nothing to score gives 0."""
    examples = np.maximum(summed[..., 3], 1)
    return {name: 100 * summed[..., place] / examples for place, name in enumerate(NAMES)}
