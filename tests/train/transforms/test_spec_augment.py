"""SpecAugment: how wide its bands are, where they lie, what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from components.train.transforms import spec_augment
from components.train.transforms.spec_augment import MASKED
from tests.train.transforms.drawing import rngs


def speech(*lengths: int, mels: int = 80) -> np.ndarray:
    x = np.zeros((len(lengths), max(lengths), mels), np.float32)
    for row, length in enumerate(lengths):
        x[row, :length] = np.random.default_rng(row).normal(size=(length, mels))
    return x


@pytest.mark.parametrize("kind", ["freq", "time"])
def test_a_band_is_uniform_in_width_and_place(kind: str) -> None:
    rows, size, widest = 4_000, 40, 12
    other = {"freq": "time", "time": "freq"}[kind]
    settings = {f"{kind}_masks": 1, f"{kind}_width": widest, f"{other}_masks": 0}
    x = np.ones((rows, size, size), np.float32)
    found = spec_augment.apply({"inputs": x}, settings, rngs(rows))["inputs"]
    hit = found == MASKED
    lines = hit.any(axis=1 if kind == "freq" else 2)
    # Nothing but whole bands.
    np.testing.assert_array_equal(
        hit, np.broadcast_to(lines[:, None] if kind == "freq" else lines[..., None], hit.shape)
    )
    widths = lines.sum(axis=1)
    counts = np.bincount(widths, minlength=widest + 1)
    expected = rows / (widest + 1)
    assert len(counts) == widest + 1
    assert ((counts - expected) ** 2 / expected).sum() < 33  # 12 degrees of freedom: p < 1e-3
    starts = lines.argmax(axis=1)[widths == widest]
    assert ((np.diff(lines.astype(int), axis=1) == 1).sum(axis=1) <= 1).all()  # one run
    assert starts.min() == 0 and starts.max() == size - widest
    assert abs(starts.mean() - (size - widest) / 2) < 2


def test_masked_is_as_much_as_the_formula_says() -> None:
    """Against a plain simulation of the paper's section 2."""
    rows, length, mels = 600, 300, 80
    x = np.ones((rows, length, mels), np.float32)
    found = (spec_augment.apply({"inputs": x}, {}, rngs(rows))["inputs"] == MASKED).mean((1, 2))
    rng, theirs = np.random.default_rng(1), []
    for _ in range(rows):
        grid = np.zeros((length, mels), bool)
        for _ in range(2):
            f, t = rng.integers(0, 28), rng.integers(0, 101)
            f0, t0 = rng.integers(0, mels - f + 1), rng.integers(0, length - t + 1)
            grid[:, f0 : f0 + f] = True
            grid[t0 : t0 + t] = True
        theirs.append(grid.mean())
    deviation = np.hypot(found.std(), np.std(theirs)) / rows**0.5
    assert abs(found.mean() - np.mean(theirs)) < 4 * deviation


@pytest.mark.parametrize("mels", [1, 2, 80])
def test_padding_stays_and_no_frame_becomes_padding(mels: int) -> None:
    lengths = (1, 2, 37, 50)
    x = speech(*lengths, mels=mels)
    for seed in range(30):
        found = spec_augment.apply({"inputs": x}, {"freq_width": 80}, rngs(4, seed))["inputs"]
        assert found.dtype == np.float32
        for row, length in enumerate(lengths):
            assert found[row, :length].any(axis=1).all() and not found[row, length:].any()


def test_a_mask_takes_no_more_than_its_share() -> None:
    x = np.ones((300, 50, 8), np.float32)
    settings = {"freq_masks": 0, "time_masks": 1, "time_share": 0.2}
    found = spec_augment.apply({"inputs": x}, settings, rngs(300))["inputs"]
    assert (found == MASKED).all(axis=2).sum(axis=1).max() == 10


def test_an_empty_row_is_left_alone() -> None:
    x = np.zeros((1, 5, 8), np.float32)
    assert not spec_augment.apply({"inputs": x}, {}, rngs(1))["inputs"].any()
