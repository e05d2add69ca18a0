"""Pixels as a map: their range, their channels, and which rows are images."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from components.datagen.schema import Feature
from components.train.modalities.pixels import Modality


def made(channels: int) -> Modality:
    modality = Modality(Feature("image", shape=(2, 3, channels)), SimpleNamespace())
    modality.build()
    return modality


def test_black_is_minus_one_and_white_is_one() -> None:
    pixels = np.zeros((1, 2, 3, 3), np.uint8)
    pixels[0, 0, 0], pixels[0, 1, 2, 1] = 255, 51
    found = np.asarray(made(3).bottom(pixels))
    assert found.dtype == np.float32 and found.shape == (1, 2, 3, 3)
    assert found[0, 0, 0].tolist() == [1, 1, 1] and found[0, 0, 1].tolist() == [-1, -1, -1]
    np.testing.assert_allclose(found[0, 1, 2], [-1, -0.6, -1], atol=1e-6)


def test_grey_stands_in_all_three_channels_and_has_no_weights() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(1, 2, 3, 1) * 51
    modality = made(1)
    found = np.asarray(modality.bottom(pixels))
    for channel in range(3):
        np.testing.assert_allclose(found[..., channel], pixels[..., 0] / 127.5 - 1, atol=1e-6)
    assert modality.weights == [] and made(3).weights == []


@pytest.mark.parametrize("channels", [2, 4])
def test_other_channels_are_mixed_into_three(channels: int) -> None:
    modality = made(channels)
    assert [weight.shape for weight in modality.weights] == [(channels, 3), (3,)]
    pixels = np.random.default_rng(1).integers(0, 256, (2, 2, 3, channels)).astype(np.uint8)
    wanted = (pixels / 127.5 - 1) @ np.asarray(modality.mix.kernel)
    np.testing.assert_allclose(np.asarray(modality.bottom(pixels)), wanted, atol=1e-5)


def test_a_row_that_fills_up_is_not_there_and_one_bright_pixel_is() -> None:
    pixels = np.zeros((3, 2, 3, 1), np.uint8)
    pixels[1, 1, 2] = 1
    assert np.asarray(made(1).mask(pixels)).tolist() == [[False], [True], [False]]


@pytest.mark.parametrize("shape", [None, (28, 28)])
def test_an_image_without_channels_is_refused(shape: Any) -> None:
    with pytest.raises(ValueError, match="height, width, channels"):
        Modality(Feature("image", shape=shape), SimpleNamespace())
