"""Permutation: the numbered gaps and their answers are the text, in every order alike."""

from __future__ import annotations

from collections import Counter

import numpy as np

from components.train.transforms import permutation
from tests.train.transforms.drawing import rngs, text

SENTINELS = list(range(2_000, 2_010))


def test_answers_put_into_their_gaps_are_the_text() -> None:
    lengths = [0, 1, 2, 6, 12, 33, 60, 200]
    x = text(*lengths)
    found = permutation.apply({"inputs": x}, {"sentinels": SENTINELS}, rngs(len(lengths)))
    for row, n in enumerate(lengths):
        count = min(max(round(n / 6), 1), n, len(SENTINELS))
        answers = found["targets"][row]
        assert answers[count] == 1 and not answers[count + 1 :].any()
        again = found["inputs"][row].copy()
        for number in range(count):
            assert np.count_nonzero(again == SENTINELS[number]) == 1
            again[again == SENTINELS[number]] = answers[number]
        np.testing.assert_array_equal(again, x[row])


def test_every_order_is_as_likely() -> None:
    """Of 4 symbols 2 are predicted: 12 ordered pairs of places."""
    rows = 6_000
    x = np.array([[10, 11, 12, 13, 1]] * rows, np.int32)
    found = permutation.apply({"inputs": x}, {"sentinels": SENTINELS, "k": 2}, rngs(rows))
    counts = Counter(map(tuple, found["targets"][:, :2].tolist()))
    assert len(counts) == 12
    expected = rows / 12
    assert sum((n - expected) ** 2 / expected for n in counts.values()) < 31  # 11 df: p < 1e-3
