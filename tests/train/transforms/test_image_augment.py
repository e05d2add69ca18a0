"""Augmentation of images against loops over pixels, Keras's layers and the shares drawn."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.train.transforms import image_augment
from components.train.transforms.image_augment import GREY, cut_out, mirrored, mixed, shifted
from tests.train.transforms.drawing import rngs


def images(count: int = 5, shape: tuple[int, int, int] = (8, 6, 3)) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"flip": True},
        {"crop": 2},
        {"cutout": 3},
        {"flip": True, "crop": 1, "rand_augment": 0.7},
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 3])
def test_only_what_is_asked_for_changes_an_image(settings: dict[str, Any], channels: int) -> None:
    x = images(6, (8, 7, channels))
    found = image_augment.apply({"inputs": x}, settings, rngs(6))["inputs"]
    assert found.dtype == np.uint8 and found.shape == x.shape
    assert (found != x).any() == bool(settings)


def test_mirror_equals_the_layer_of_keras() -> None:
    x = images()
    which = np.array([True, False, True, True, False])
    layer = keras.layers.RandomFlip("horizontal")
    theirs = layer.transform_images(x, {"flips": which[:, None, None, None]})
    np.testing.assert_array_equal(mirrored(x, which), np.asarray(theirs))


def test_shift_equals_the_layer_of_keras_row_by_row() -> None:
    x, border = images(), 2
    offsets = np.array([[0, 0], [4, 4], [2, 2], [1, 3], [4, 0]])
    wide = np.pad(x, [(0, 0), (border, border), (border, border), (0, 0)])
    layer = keras.layers.RandomCrop(8, 6)
    found = shifted(x, offsets, border)
    for row, (down, right) in enumerate(offsets):
        theirs = layer.transform_images(wide[row], (int(down), int(right)))
        np.testing.assert_array_equal(found[row], np.asarray(theirs))
    np.testing.assert_array_equal(found[2], x[2])


@pytest.mark.parametrize("side", [1, 2, 3, 6])
def test_cutout_equals_a_loop_over_pixels(side: int) -> None:
    x = images()
    centres = np.array([[0, 0], [7, 5], [3, 2], [0, 5], [4, 4]])
    expected = x.copy()
    for row, (i, j) in enumerate(centres):
        for down in range(i - side // 2, i - side // 2 + side):
            for right in range(j - side // 2, j - side // 2 + side):
                if 0 <= down < 8 and 0 <= right < 6:
                    expected[row, down, right] = GREY
    np.testing.assert_array_equal(cut_out(x, centres, side), expected)


def test_mixing_equals_the_layer_of_keras() -> None:
    x = images()
    partners, weights = np.array([1, 0, 2, 4, 3]), np.array([0.1, 0.9, 0.5, 1, 0], np.float32)
    layer = keras.layers.MixUp()
    theirs = layer.transform_images(
        x.astype(np.float32), {"mix_weight": weights, "permutation_order": partners}
    )
    np.testing.assert_allclose(mixed(x, partners, weights), np.asarray(theirs), atol=0.501)
    np.testing.assert_array_equal(mixed(x, partners, weights)[2:4], x[2:4])


def test_mixup_tells_the_partner_s_label_and_the_weight() -> None:
    """Image k is all k, so that the mean of two says whose it is."""
    count = 200
    x = np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2)
    batch = {"inputs": x, "targets": np.arange(count, dtype=np.int32)[:, None]}
    found = image_augment.apply(batch, {"mixup": 0.4}, rngs(count))
    other, mix = found["targets_b"], found["mix"]
    assert other.shape == (count, 1) and other.dtype == np.int32
    assert mix.shape == (count,) and mix.dtype == np.float32
    np.testing.assert_array_equal(found["targets"], batch["targets"])
    wanted = mix * batch["targets"][:, 0] + (1 - mix) * other[:, 0]
    np.testing.assert_allclose(found["inputs"][:, 0, 0, 0], wanted, atol=0.501)
    # Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)).
    assert abs(mix.mean() - 0.5) < 0.08 and abs(mix.var() - 1 / 7.2) < 0.03
    again = image_augment.apply(batch, {"mixup": 0.4}, rngs(count))
    np.testing.assert_array_equal(found["inputs"], again["inputs"])


def test_draws_cover_all_places_alike() -> None:
    x = np.full((4_000, 4, 4, 1), 200, np.uint8)
    x[:, 1, 2] = 7
    found = image_augment.apply({"inputs": x}, {"crop": 1}, rngs(4_000))["inputs"][..., 0]
    down, right = np.array([np.argwhere(image == 7)[0] for image in found]).T
    counts = np.bincount(down * 4 + right)
    counts = counts[counts > 0]
    expected = 4_000 / 9
    assert len(counts) == 9 and ((counts - expected) ** 2 / expected).sum() < 26  # 8 df: p < 1e-3
    flipped = image_augment.apply({"inputs": x}, {"flip": True}, rngs(4_000))["inputs"]
    assert abs((flipped != x).any((1, 2, 3)).mean() - 0.5) < 3 * 0.5 / 4_000**0.5
