"""Xception against keras.applications.Xception: the whole network, weight for weight."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from components.train.models.xception import Body
from tests.train.layers.keras_weights import copied

SMALL = {"stem": "small", "middle_width": 8, "exit_widths": [10, 12]}
PAPER = {"stem": "large", "middle_width": 728, "exit_widths": (1024, 1536), "d_model": 2048}


def test_the_network_of_the_paper_is_keras_s() -> None:
    theirs = keras.applications.Xception(
        include_top=False, weights=None, input_shape=(75, 75, 3), pooling="avg"
    )
    body = Body(SimpleNamespace(**PAPER, num_layers=8, dropout=0.0))
    body.build()
    assert body.count_params() == theirs.count_params() == 20_861_480
    copied(theirs, [*body.entry, *body.middle, body.narrow, *body.exit])
    x = np.random.default_rng(1).uniform(-1, 1, (2, 75, 75, 3)).astype(np.float32)
    wanted = np.asarray(theirs(x, training=False))
    found = np.asarray(body.encode(x, np.ones((2, 1), bool), training=False)["answer"])
    assert found.shape == (2, 1, 2048) and np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(found[:, 0], wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sides", [(28, 28), (1, 1), (5, 2)])
def test_the_small_stem_keeps_every_pixel(sides: tuple[int, int]) -> None:
    body = Body(SimpleNamespace(**SMALL, d_model=16, num_layers=1, dropout=0.0))
    body.build()
    x = np.zeros((1, *sides, 3), np.float32)
    real = np.ones(1, bool)
    assert body.entry[0](x, real, training=False).shape == (1, *sides, 8)
    assert body.encode(x, real[:, None], training=False)["answer"].shape == (1, 1, 16)
