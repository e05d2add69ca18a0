"""Patches against the cut written out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from components.datagen.schema import Feature
from components.train.modalities.patches import Modality


def test_a_position_is_a_linear_map_of_its_square_and_a_place() -> None:
    feature = Feature("image", shape=(4, 6, 3), options={"patch": 2})
    modality = Modality(feature, SimpleNamespace(d_model=5))
    modality.build()
    pixels = np.random.default_rng(1).integers(0, 256, (2, 4, 6, 3)).astype(np.uint8)
    found = np.asarray(modality.bottom(pixels))
    assert found.shape == (2, 6, 5)
    kernel, places = np.asarray(modality.cut.kernel), np.asarray(modality.places)
    for i in range(6):
        top, left = i // 3 * 2, i % 3 * 2  # row after row
        square = pixels[:, top : top + 2, left : left + 2] / 127.5 - 1
        wanted = np.einsum("bijc,ijcd->bd", square, kernel) + places[i]
        np.testing.assert_allclose(found[:, i], wanted, atol=1e-5)
    assert np.asarray(modality.mask(pixels)).tolist() == [[True] * 6] * 2


def test_a_patch_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="6 x 8 pixels, such as 1, 2, found 4"):
        Modality(
            Feature("image", shape=(6, 8, 1), options={"patch": 4}), SimpleNamespace(d_model=5)
        )
