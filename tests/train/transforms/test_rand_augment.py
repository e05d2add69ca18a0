"""RandAugment's changes against formulas over pixels and Keras's layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from PIL import Image

from components.train.transforms import rand_augment
from components.train.transforms.rand_augment import CHANGES, FILL
from tests.train.transforms.drawing import rngs


def images(channels: int, count: int = 6) -> np.ndarray:
    return np.random.default_rng(3).integers(20, 230, (count, 12, 10, channels), dtype=np.uint8)


def changed(name: str, image: np.ndarray, magnitude: float, sign: int = 1) -> np.ndarray:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    found = getattr(rand_augment, name)(picture, magnitude, sign)
    return np.asarray(found).reshape(image.shape).astype(np.int64)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sign", [-1, 1])
def test_values_equal_their_formulas(channels: int, sign: int) -> None:
    x = images(channels)[0]
    wide = x.astype(np.float64)
    factor = 1 + sign * 0.9 * 0.4
    np.testing.assert_array_equal(changed("solarize", x, 0.25), np.where(x < 192, x, 255 - wide))
    np.testing.assert_array_equal(changed("posterize", x, 0.75), x // 8 * 8)
    bright = np.clip(wide * factor, 0, 255)
    np.testing.assert_allclose(changed("brightness", x, 0.4, sign), bright, atol=1)
    grey = wide @ [0.299, 0.587, 0.114] if channels == 3 else wide[..., 0]
    colored = np.clip(grey[..., None] + factor * (wide - grey[..., None]), 0, 255)
    np.testing.assert_allclose(changed("color", x, 0.4, sign), colored, atol=2)
    contrasted = np.clip(grey.mean() + factor * (wide - grey.mean()), 0, 255)
    np.testing.assert_allclose(changed("contrast", x, 0.4, sign), contrasted, atol=2)
    low, high = wide.min((0, 1)), wide.max((0, 1))
    stretched = (wide - low) * 255 / (high - low)
    np.testing.assert_allclose(changed("auto_contrast", x, 0.4), stretched, atol=1)


@pytest.mark.parametrize("channels", [1, 3])
def test_sharpness_equals_the_layer_of_keras_inside(channels: int) -> None:
    x = images(channels)
    layer = keras.layers.RandomSharpness(1.0, value_range=(0, 255))
    theirs = layer.transform_images(
        x.astype(np.float32), {"factor": np.full(len(x), (1 - 0.9 * 0.5) / 2, np.float32)}
    )
    found = np.stack([changed("sharpness", image, 0.5, -1) for image in x])
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], np.asarray(theirs)[:, 1:-1, 1:-1], atol=1.5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sign", [-1, 1])
def test_moves_take_the_pixels_that_they_say(channels: int, sign: int) -> None:
    x = images(channels)[0]
    height, width = x.shape[:2]
    turn = np.deg2rad(sign * 30 * 0.5)
    across, along = np.cos(turn), np.sin(turn)
    middle = np.array([height / 2, width / 2])

    def rotated(i: float, j: float) -> tuple[float, float]:
        i, j = i - middle[0], j - middle[1]
        return middle[0] + j * along + i * across, middle[1] + j * across - i * along

    moves = {
        "translate_x": lambda i, j: (i, j + sign * 0.45 * 0.4 * width),
        "translate_y": lambda i, j: (i + sign * 0.45 * 0.4 * height, j),
        "shear_x": lambda i, j: (i, j + sign * 0.3 * 0.4 * i),
        "shear_y": lambda i, j: (i + sign * 0.3 * 0.4 * j, j),
        "rotate": rotated,
    }
    for name, source in moves.items():
        expected = np.full(x.shape, FILL)
        for i in range(height):
            for j in range(width):
                # The nearest pixel of a place is the one whose square it is in.
                down, right = (int(np.floor(v)) for v in source(i + 0.5, j + 0.5))
                if 0 <= down < height and 0 <= right < width:
                    expected[i, j] = x[down, right]
        found = changed(name, x, 0.5 if name == "rotate" else 0.4, sign)
        # Places on an edge between two pixels may go either way.
        assert (found != expected).any(-1).mean() < 0.03, name


def test_equalizing_makes_values_as_frequent_as_each_other() -> None:
    ramp = (np.arange(4_096) / 4_095) ** 3 * 100 + 50
    found = changed("equalize", ramp.astype(np.uint8).reshape(64, 64, 1), 0.5)
    shares = np.histogram(found, 4, (0, 256))[0] / found.size
    np.testing.assert_allclose(shares, 0.25, atol=0.05)


def test_nothing_at_no_strength_but_what_has_none() -> None:
    for channels in (1, 3):
        x = images(channels)[0]
        for change in CHANGES:
            name = getattr(change, "__name__", "change")
            if name not in ("auto_contrast", "equalize", "change"):
                np.testing.assert_array_equal(changed(name, x, 0.0), x)


def test_all_changes_are_drawn_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def told(number: int):
        def change(picture: Image.Image, magnitude: float, sign: int) -> Image.Image:
            calls.append((number, sign))
            return picture

        return change

    monkeypatch.setattr(rand_augment, "CHANGES", tuple(map(told, range(14))))
    x = np.zeros((3_000, 2, 2, 1), np.uint8)
    rand_augment.apply({"inputs": x}, {}, rngs(3_000))
    counts = np.bincount([number for number, _ in calls])
    expected = 6_000 / 14
    assert len(calls) == 6_000
    assert ((counts - expected) ** 2 / expected).sum() < 35  # 13 degrees of freedom: p < 1e-3
    assert abs(sum(sign for _, sign in calls)) < 3 * 6_000**0.5
