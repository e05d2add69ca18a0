"""What reads sound, inside a TensorFlow graph of unknown sizes, as a training has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from tests.train.modalities import test_audio as spectrum
from tests.train.modalities import test_audio_residual as residual


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a TensorFlow graph")
@pytest.mark.parametrize("make", [spectrum.modality, residual.modality], ids=["plain", "residual"])
def test_it_gives_what_it_gives_eagerly_and_every_weight_learns(
    make: Callable[[], keras.layers.Layer],
) -> None:
    import tensorflow as tf

    layer, frames = make(), spectrum.sound(9, 14)

    @tf.function(input_signature=[tf.TensorSpec([None, None, frames.shape[-1]])])
    def step(frames: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            y = layer.bottom(frames, training=True)
            loss = ops.sum(ops.square(y))
        return y, layer.mask(frames), tape.gradient(loss, [w.value for w in layer.weights])

    y, mask, gradients = step(frames)
    np.testing.assert_allclose(y, layer.bottom(frames), atol=1e-5)
    np.testing.assert_array_equal(mask, layer.mask(frames))
    assert all(np.abs(g).max() > 0 for g in gradients)
