"""Histograms of the statistics page: what their paths say, and the numbers beside them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from components.datagen.schema import SPLITS
from components.datagen.statistics import histograms, page
from components.theme import DARK, LIGHT


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(re.sub(r"=([a-z]+)(?=[ >/])", r'="\1"', svg))


def heights(path: str) -> np.ndarray:
    """How far above the base line each bin's top is."""
    base = float(re.match(r"M[\d.]+ ([\d.]+)", path)[1])  # type: ignore[index]
    return base - np.array([float(top) for top in re.findall(r"V([\d.]+)H", path)])


def test_the_lines_are_the_shares() -> None:
    counts = {"train": np.array([0, 30, 10]), "dev": np.array([0, 0, 1, 3])}
    svg = parsed(histograms.length_histogram({"inputs": counts, "targets": counts}, "a < b"))
    assert svg.get("aria-label") == "a < b"
    lines = [path for path in svg.iter("path") if "V" in path.get("d", "")]
    kinds = [path.get("class") for path in lines]
    assert kinds == 2 * ["area train", "line train", "line dev"]
    train, dev = heights(lines[1].get("d", "")), heights(lines[2].get("d", ""))
    np.testing.assert_allclose(train / train[0], [1, 1 / 3, 0], atol=2e-3)
    np.testing.assert_allclose(dev / train[0], [0, 1 / 3, 1], atol=2e-3)
    texts = ["".join(text.itertext()) for text in svg.iter("text")]
    assert {"length of inputs", "length of targets", "positions", "train", "dev", "60"} <= {*texts}
    assert "test" not in texts


def test_numbers_that_are_all_the_same_are_drawn() -> None:
    values = {"train": (np.array([0.5, 2.0]), np.array([3, 1])), "test": (np.ones(1), np.ones(1))}
    for drawn in (values, {"train": (np.array([4.0]), np.array([9]))}):
        svg = histograms.value_histogram(drawn, "value of x", "x")
        assert "nan" not in svg and "inf" not in svg
        assert svg == histograms.value_histogram(drawn, "value of x", "x")


@pytest.mark.parametrize(
    "low, high, expected",
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (0.5, 61.5, [10, 20, 30, 40, 50, 60]),
        (-3, 3, [-2, 0, 2]),
        (0, 7, [0, 2, 4, 6]),
        (7, 7, [7]),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, expected: list[float]) -> None:
    assert histograms.ticks(low, high) == expected


def test_the_page_has_the_colours_of_all_pictures() -> None:
    style = page.TEMPLATE.read_text()
    for theme in (LIGHT, DARK):
        for split, colour in zip(SPLITS, theme.series, strict=False):
            assert f"--{split}: {colour};" in style
