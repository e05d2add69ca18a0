"""A modality's bottom over sound inside a TensorFlow graph of unknown sizes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


def check_graph(layer: keras.layers.Layer, frames: np.ndarray) -> None:
    """It gives what it gives eagerly, mask and all, and every weight gets a gradient."""
    import tensorflow as tf

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
