"""Bootstrap intervals and the paired test."""

from __future__ import annotations

import numpy as np
import pytest

from components.eval import bootstrap
from components.eval.metrics import accuracy, bleu


def _right(wrong: int, sentences: int) -> np.ndarray:
    right = np.ones(sentences)
    right[:wrong] = 0
    return np.stack([right, np.ones(sentences)], axis=-1)


def test_interval_of_a_share_is_the_binomial_one() -> None:
    table = _right(wrong=200, sentences=1000)
    low, high = bootstrap.interval(table, accuracy.score, "accuracy", samples=4000, seed=1)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 1000)  # 0.0248
    assert low == pytest.approx(0.8 - half, abs=0.003)
    assert high == pytest.approx(0.8 + half, abs=0.003)


def test_interval_of_a_constant_is_a_point() -> None:
    assert bootstrap.interval(_right(0, 50), accuracy.score, "accuracy") == (1.0, 1.0)


def test_same_seed_same_interval() -> None:
    table = _right(123, 1000)
    one = bootstrap.interval(table, accuracy.score, "accuracy", seed=3)
    assert one == bootstrap.interval(table, accuracy.score, "accuracy", seed=3)
    assert one != bootstrap.interval(table, accuracy.score, "accuracy", seed=4)


def test_nothing_to_resample() -> None:
    empty = np.zeros((0, 2))
    assert bootstrap.interval(empty, accuracy.score, "accuracy") == (0.0, 0.0)
    assert bootstrap.paired(empty, empty, accuracy.score, "accuracy") == 1.0


def test_equal_systems_do_not_differ() -> None:
    table = _right(10, 40)
    assert bootstrap.paired(table, table.copy(), accuracy.score, "accuracy") == 1.0


def test_a_clear_difference_and_a_chance_one() -> None:
    good, bad = _right(40, 400), _right(160, 400)
    other = _right(44, 400)[::-1]  # four more errors, none on the same sentence
    assert bootstrap.paired(good, bad, accuracy.score, "accuracy") == pytest.approx(1 / 1001)
    assert bootstrap.paired(good, other, accuracy.score, "accuracy") > 0.05


def test_equally_good_systems_differ_in_one_of_twenty_test_sets() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(400):
        one, two = (np.stack([rng.random(300) < 0.8, np.ones(300)], 1).astype(float) for _ in "ab")
        found.append(bootstrap.paired(one, two, accuracy.score, "accuracy", samples=200))
    # 20 of 400 are expected, with a standard deviation of 4.4.
    assert 7 <= np.sum(np.array(found) < 0.05) <= 33
    assert 180 <= np.sum(np.array(found) < 0.5) <= 240


def test_paired_test_agrees_with_sacrebleus_randomization() -> None:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.significance import PairedTest

    rng = np.random.default_rng(7)
    words = np.array("a b c d e f g h".split())
    targets = [" ".join(rng.choice(words, 9)) for _ in range(80)]

    def damaged(share: float) -> list[str]:
        return [
            " ".join("x" if rng.random() < share else word for word in target.split())
            for target in targets
        ]

    one, two = damaged(0.10), damaged(0.13)
    test = PairedTest(
        [("one", one), ("two", two)], {"BLEU": BLEU()}, [targets], test_type="ar", n_samples=2000
    )
    expected = test()[1]["BLEU"][1].p_value
    found = bootstrap.paired(
        bleu.statistics(targets, one), bleu.statistics(targets, two), bleu.score, "bleu",
        samples=2000,
    )  # fmt: skip
    assert found == pytest.approx(expected, abs=0.03)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    table = _right(10, 40)
    whole = bootstrap.interval(table, accuracy.score, "accuracy", samples=150)
    monkeypatch.setattr(bootstrap, "CHUNK", 7)
    assert whole == bootstrap.interval(table, accuracy.score, "accuracy", samples=150)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="different sentences"):
        bootstrap.paired(_right(1, 5), _right(1, 6), accuracy.score, "accuracy")
    with pytest.raises(ValueError, match="at least one resample"):
        bootstrap.interval(_right(1, 5), accuracy.score, "accuracy", samples=0)
