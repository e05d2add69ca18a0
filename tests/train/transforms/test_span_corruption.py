"""Span corruption: both sides together are the text; spans as T5's code draws them."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from components.train.transforms import span_corruption
from components.train.transforms.span_corruption import composition
from tests.train.transforms.drawing import rngs, text

SENTINELS = list(range(2_000, 2_100))


def rebuilt(inputs: np.ndarray, targets: np.ndarray) -> list[int]:
    """The text, by putting each span of the targets in its sentinel's place."""
    spans: dict[int, list[int]] = {}
    for symbol in targets[targets > 1].tolist():
        if symbol in SENTINELS:
            spans[symbol] = current = []
        else:
            current.append(symbol)
    out: list[int] = []
    for symbol in inputs[inputs > 1].tolist():
        out += spans.pop(symbol) if symbol in SENTINELS else [symbol]
    assert not spans
    return out


@pytest.mark.parametrize("rate", [0.0, 0.15, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("mean_span", [1.0, 3.0, 10.0])
def test_both_sides_rebuild_the_text(rate: float, mean_span: float) -> None:
    lengths = [*range(0, 40), 100, 200]
    x = text(*lengths)
    settings = {"rate": rate, "mean_span": mean_span, "sentinels": SENTINELS[:20]}
    found = span_corruption.apply({"inputs": x}, settings, rngs(len(lengths)))
    assert found["inputs"].dtype == found["targets"].dtype == np.int32
    for row, n in enumerate(lengths):
        inputs, targets = found["inputs"][row], found["targets"][row]
        assert rebuilt(inputs, targets) == x[row, :n].tolist()
        for side in (inputs, targets):
            size = np.count_nonzero(side)
            assert (
                side[size - 1] == 1 and np.count_nonzero(side == 1) == 1 and not side[size:].any()
            )
        used = inputs[np.isin(inputs, SENTINELS)].tolist()
        assert (
            used == SENTINELS[: len(used)] and used == targets[np.isin(targets, SENTINELS)].tolist()
        )
        if n > 1:
            taken = min(max(round(n * rate), 1), n - 1)
            assert np.count_nonzero(targets) == taken + len(used) + 1
            assert len(used) == min(max(round(taken / mean_span), 1), taken, n - taken, 20)
            assert inputs[0] == x[row, 0]  # a row begins with what is kept
            assert np.isin(inputs, SENTINELS)[1:][np.isin(inputs, SENTINELS)[:-1]].sum() == 0


def test_the_paper_s_example_by_its_figures() -> None:
    """Section 3.1.4 on 512 tokens: 15 % and spans of 3 leave about 512 - 77 + 26 and 77 + 26."""
    found = span_corruption.apply({"inputs": text(512)}, {"sentinels": SENTINELS}, rngs(1))
    assert found["inputs"].shape == (1, 512 - 77 + 26 + 1)
    assert found["targets"].shape == (1, 77 + 26 + 1)


def test_every_split_is_as_likely() -> None:
    total, parts, draws = 7, 3, 15_000
    rng = np.random.default_rng(5)
    counts = Counter(tuple(composition(total, parts, rng)) for _ in range(draws))
    every = {(a, b - a, total - b) for a, b in combinations(range(1, total), 2)}
    assert set(counts) == every and len(every) == 15
    expected = draws / 15
    assert sum((n - expected) ** 2 / expected for n in counts.values()) < 36  # 14 df: p < 1e-3
    assert composition(4, 4, rng) == [1, 1, 1, 1] and composition(4, 1, rng) == [4]
