"""Xception's entry flow: its blocks are those of keras.applications, and what a position covers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature
from components.train.layers.strided_residual import StridedResidual
from components.train.modalities.xception_entry import Modality


def made(shape: tuple[int, int, int], patch: int, d_model: int = 24) -> Modality:
    feature = Feature("image", shape=shape, options={"patch": patch})
    keras.utils.set_random_seed(1)
    modality = Modality(feature, SimpleNamespace(d_model=d_model))
    modality.build()
    return modality


def test_a_block_is_that_of_keras_s_xception() -> None:
    """Norms aside, which are over a batch there: both are without. At 71 pixels its maps have odd
    sides, where Keras's padding is the same on both sides, as ours."""
    theirs = keras.applications.Xception(include_top=False, weights=None, input_shape=(71, 71, 3))
    x = np.random.default_rng(1).normal(size=(2, 9, 7, 64)).astype(np.float32)
    for number, (channels, filters) in ((2, (64, 128)), (3, (128, 256)), (4, (256, 728))):
        block: Any = StridedResidual(channels, filters, strides=(2, 2))
        block.build()
        convs = [theirs.get_layer(f"block{number}_sepconv{i}") for i in (1, 2)]
        assert [w.shape for conv in convs for w in conv.weights] == [
            w.shape for conv in block.convs for w in conv.weights
        ]
        for conv, own in zip(convs, block.convs, strict=True):
            own.set_weights(conv.get_weights())
        block.norms, block.around_norm = [np.asarray] * 2, np.asarray
        pool = theirs.get_layer(f"block{number}_pool")
        around = [
            layer
            for layer in theirs.layers
            if type(layer) is keras.layers.Conv2D
            and layer.kernel.shape == (1, 1, channels, filters)
        ]
        block.around.set_weights(around[0].get_weights())
        y = x
        for conv in convs:
            y = conv(keras.ops.relu(y))
        wanted = np.asarray(pool(y)) + np.asarray(around[0](x))
        assert wanted.shape == (2, *((side + 1) // 2 for side in x.shape[1:3]), filters)
        np.testing.assert_allclose(np.asarray(block(x)), wanted, rtol=1e-4, atol=1e-4)
        x = np.pad(
            wanted, [(0, 0), (0, 1 - wanted.shape[1] % 2), (0, 1 - wanted.shape[2] % 2), (0, 0)]
        )


@pytest.mark.parametrize(
    ("shape", "patch", "strides"),
    [
        ((28, 28, 1), 4, (2, 2, 1, 1)),
        ((32, 32, 3), 2, (2, 1, 1, 1)),
        ((32, 64, 3), 16, (2, 2, 2, 2)),
        ((3, 5, 1), 1, (1, 1, 1, 1)),
    ],
)
def test_a_position_covers_a_patch(shape: Any, patch: int, strides: tuple[int, ...]) -> None:
    modality = made(shape, patch)
    found = (modality.stem[0].strides[0], *(block.strides[0] for block in modality.blocks))
    assert found == strides
    length = shape[0] // patch * (shape[1] // patch)
    pixels = np.random.default_rng(2).integers(0, 256, (2, *shape)).astype(np.uint8)
    x, mask = np.asarray(modality.bottom(pixels)), np.asarray(modality.mask(pixels))
    assert x.shape == (2, length, 24) and mask.all() and mask.shape == (2, length)


def test_positions_are_row_after_row() -> None:
    modality = made((64, 64, 1), 16)
    before = np.zeros((1, 64, 64, 1), np.uint8)
    after = before.copy()
    after[0, 4, 60] = 255  # in the first row of positions, the last column
    change = np.abs(np.asarray(modality.bottom(after)) - np.asarray(modality.bottom(before)))
    changed = change[0].max(-1).reshape(4, 4)
    assert changed[0, 3] > 1e-3 and np.all(changed[:, 0] == 0)


def test_weights_are_those_of_the_formula() -> None:
    def block(channels: int, filters: int) -> int:
        separable = 9 * channels + channels * filters + 9 * filters + filters * filters
        return separable + channels * filters + 3 * 2 * filters

    stem = (9 * 3 * 32 + 32) + 9 * 32 * 64 + 2 * 32 + 2 * 64
    for d, widths in ((24, (24, 24, 24)), (512, (128, 256, 512))):
        blocks = sum(block(*pair) for pair in zip((64, *widths), widths, strict=False))
        assert made((32, 32, 3), 4, d).count_params() == stem + blocks


@pytest.mark.parametrize("patch", [3, 5, 8, 32])
def test_a_patch_that_does_not_fit_is_refused(patch: int) -> None:
    with pytest.raises(ValueError, match=f"20 x 20 pixels, such as 1, 2, 4, found {patch}"):
        made((20, 20, 1), patch)
