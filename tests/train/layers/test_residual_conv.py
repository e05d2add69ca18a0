"""Xception's blocks against those of keras.applications.Xception, weight for weight."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers.residual_conv import ConvRes, Middle
from tests.train.layers.keras_weights import copied

REAL = np.ones(2, bool)


@pytest.fixture(scope="module")
def xception() -> keras.Model:
    return keras.applications.Xception(include_top=False, weights=None, input_shape=(71, 71, 3))


# In Keras's network `add_<n>` closes block n + 2; between them stands one block alone.
@pytest.mark.parametrize(
    ("before", "after", "mine"),
    [
        (0, 1, lambda: ConvRes(128, 256)),
        (3, 4, lambda: Middle(728)),
        (10, 11, lambda: ConvRes(728, 1024, inner=728)),
    ],
    ids=["entry", "middle", "exit"],
)
def test_a_block_is_keras_s(xception: keras.Model, before: int, after: int, mine: Any) -> None:
    sums = [layer for layer in xception.layers if isinstance(layer, keras.layers.Add)]
    theirs = keras.Model(sums[before].output, sums[after].output)
    block = mine()
    block.build()
    copied(theirs, [block])
    x = np.random.default_rng(1).normal(size=(2, *theirs.input_shape[1:])).astype(np.float32)
    wanted = np.asarray(theirs(x, training=False))
    found = np.asarray(block(x, REAL, training=False))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    assert block.count_params() == theirs.count_params()
