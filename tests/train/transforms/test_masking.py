"""Masking: shares within three standard deviations, whole words whole, runs as likely as written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from components.train.transforms import masking
from tests.train.transforms.drawing import rngs, text

MASK, HIGH = 3, 1_000
BASE: dict[str, Any] = {"mask_id": MASK, "random_high": HIGH}


def word_starts(share: float = 0.5) -> np.ndarray:
    return np.random.default_rng(9).random(HIGH) < share


@pytest.mark.parametrize(
    "more",
    [{}, {"ngram": 3}, {"whole_word": True}, {"whole_word": True, "ngram": 4}],
    ids=["symbols", "ngrams", "words", "word_ngrams"],
)
def test_shares(more: dict[str, Any]) -> None:
    settings = {**BASE, **more}
    if more.get("whole_word"):
        settings["word_starts"] = word_starts()
    x = text(*[500] * 300)
    found = masking.apply({"inputs": x}, settings, rngs(300))
    inputs, targets = found["inputs"], found["targets"]
    asked = targets != 0
    assert targets.dtype == inputs.dtype == np.int32
    np.testing.assert_array_equal(targets[asked], x[asked])
    np.testing.assert_array_equal(inputs[~asked], x[~asked])
    assert not asked[:, 500].any()  # EOS
    assert abs(asked[:, :500].mean() - 0.15) < 5e-4  # each row has 75 or so
    n = asked.sum()
    for kind, share in (
        (inputs[asked] == MASK, 0.8),
        (inputs[asked] == x[asked], 0.1 + 0.1 / (HIGH - 4)),
        ((inputs[asked] != MASK) & (inputs[asked] != x[asked]), 0.1 - 0.1 / (HIGH - 4)),
    ):
        assert abs(kind.mean() - share) < 3 * (share * (1 - share) / n) ** 0.5


def test_random_symbols_are_as_likely_and_no_mask() -> None:
    settings = {**BASE, "random": 1.0, "keep": 0.0, "rate": 1.0, "random_low": 3, "random_high": 13}
    drawn = masking.apply({"inputs": text(*[1_000] * 20)}, settings, rngs(20))["inputs"][:, :1_000]
    counts = np.bincount(drawn.ravel(), minlength=13)
    assert not counts[: MASK + 1].any() and len(counts) == 13
    expected = drawn.size / 9
    assert ((counts[4:] - expected) ** 2 / expected).sum() < 26  # 8 degrees of freedom: p < 1e-3


def test_short_rows_are_masked_at_the_rate_too() -> None:
    x = text(*[10] * 20_000)
    asked = masking.apply({"inputs": x}, BASE, rngs(20_000))["targets"][:, :10] != 0
    counts = asked.sum(axis=1)
    assert set(counts) == {1, 2} and abs(counts.mean() - 1.5) < 0.011
    np.testing.assert_allclose(asked.mean(axis=0), 0.15, atol=0.011)


def test_words_are_masked_whole_or_not_at_all() -> None:
    starts = word_starts(0.4)
    x = text(*[200] * 50)
    settings = {**BASE, "whole_word": True, "word_starts": starts.tolist()}
    asked = masking.apply({"inputs": x}, settings, rngs(50))["targets"] != 0
    for row in range(50):
        word, words = -1, np.zeros(200, int)
        for place in range(200):
            word += bool(place == 0 or starts[x[row, place]])
            words[place] = word
        for word in range(words[-1] + 1):
            assert len(set(asked[row, :200][words == word])) == 1


def test_a_word_that_is_the_whole_row_is_masked() -> None:
    settings = {**BASE, "whole_word": True, "word_starts": np.zeros(HIGH, bool)}
    asked = masking.apply({"inputs": text(8, 1)}, settings, rngs(2))["targets"] != 0
    assert asked[0].tolist() == [True] * 8 + [False] and asked[1].tolist()[:2] == [True, False]


def test_runs_are_as_long_as_they_are_likely() -> None:
    """With one symbol to choose the run is cut; with room for one run its length is the draw's."""
    x = text(*[3_000] * 400)
    settings = {**BASE, "ngram": 3, "rate": 0.01}
    asked = masking.apply({"inputs": x}, settings, rngs(400))["targets"] != 0
    edges = np.diff(np.pad(asked.astype(int), [(0, 0), (1, 1)]), axis=1)
    lengths = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
    shares = np.bincount(lengths, minlength=7)[1:4] / len(lengths)
    # 3/6, 2/6, 1/6, but for the last run of a row, which may be cut, and runs that touch.
    np.testing.assert_allclose(shares, [1 / 2, 1 / 3, 1 / 6], atol=0.025)
    assert lengths.mean() == pytest.approx(10 / 6, abs=0.05)


def test_what_is_never_masked() -> None:
    x = text(*[40] * 20, high=14)
    settings = {**BASE, "rate": 1.0, "ngram": 2, "never": [11, 12]}
    asked = masking.apply({"inputs": x}, settings, rngs(20))["targets"] != 0
    np.testing.assert_array_equal(asked, (x > 1) & (x != 11) & (x != 12))
    nothing = text(0, 0)
    found = masking.apply({"inputs": nothing}, BASE, rngs(2))
    np.testing.assert_array_equal(found["inputs"], nothing)
    assert not found["targets"].any()


def test_runs_do_not_jump_over_what_is_never_masked() -> None:
    x = np.array([[20, 11, 21, 11, 22, 1]] * 300, np.int32)
    settings = {**BASE, "rate": 0.4, "ngram": 2, "never": [11]}
    asked = masking.apply({"inputs": x}, settings, rngs(300))["targets"] != 0
    counts = asked.sum(axis=0)
    assert counts[1] == counts[3] == counts[5] == 0
    np.testing.assert_allclose(counts[[0, 2, 4]] / asked.sum(), 1 / 3, atol=0.09)
