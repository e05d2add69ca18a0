"""Embeddings under 16 bits: values are rounded once, and gradients are added up in float32."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.datagen.schema import Feature
from components.train.modalities.symbol import Modality

D = 48  # sqrt(D) is no power of two


class Reader(keras.layers.Layer):
    """Calls `bottom` as a network does: from within a layer that casts its variables."""

    def __init__(self, net: Modality) -> None:
        super().__init__(dtype="mixed_bfloat16")
        self.net = net

    def call(self, ids: Any) -> Any:
        return self.net.bottom(ids)


def test_the_matrix_is_read_and_its_gradient_summed_in_float32() -> None:
    feature = Feature(modality="symbol", vocabulary="v", vocabulary_size=5)
    hp = SimpleNamespace(d_model=D, symbol_dropout=0.0, tied_softmax=True)
    net = Modality(feature, hp, name="targets", dtype="mixed_bfloat16")
    net.build(None)
    drawn = np.random.default_rng(1).normal(size=(5, D)).astype(np.float32)
    net.embedding.assign(drawn)
    ids = np.full((4, 2000), 3, np.int32)
    with tf.GradientTape() as tape:
        x = Reader(net)(ids)
        total = tf.reduce_sum(tf.cast(x, tf.float32))
    assert x.dtype == tf.bfloat16
    once = tf.cast(drawn[3] * np.float32(D**0.5), tf.bfloat16)
    np.testing.assert_array_equal(tf.cast(x[1, 7], tf.float32), tf.cast(once, tf.float32))
    gradient = tape.gradient(total, net.embedding.value)
    assert gradient.dtype == tf.float32
    # 8,000 rows of ones: bfloat16 has 55,296 and 55,552, nothing between.
    np.testing.assert_allclose(tf.convert_to_tensor(gradient)[3], 8000 * D**0.5, rtol=1e-3)
