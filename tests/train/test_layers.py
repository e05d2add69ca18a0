"""Dropout and layer norm against what defines them: shares, NumPy, Keras's own gradient."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.train.layers.dropout import Dropout, random_bytes
from components.train.layers.layer_norm import LayerNorm


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.998])
def test_dropout_drops_its_share_and_keeps_the_mean(rate: float) -> None:
    keras.utils.set_random_seed(3)
    layer, x = Dropout(rate), np.ones((400, 50, 50), np.float32)
    found = np.stack([np.asarray(layer(x, training=True)) for _ in range(4)])
    # The threshold is drawn once a call, to 1/256; then 250,000 values a slice of 100.
    deviation = (rate * (1 - rate) / found.size) ** 0.5 + 0.5 / 256 / len(found) ** 0.5
    assert abs((found == 0).mean() - rate) < 4 * deviation
    kept = found[found != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-5)


def test_dropout_draws_each_value_by_itself() -> None:
    keras.utils.set_random_seed(4)
    dropped = np.asarray(Dropout(0.5)(np.ones((500, 401), np.float32), training=True)) == 0
    for one, other in ((dropped[:, :-1], dropped[:, 1:]), (dropped[:-1], dropped[1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.01
    for lag in (2, 3, 4):
        pair = np.corrcoef(dropped[:, :-lag].ravel(), dropped[:, lag:].ravel())
        assert abs(pair[0, 1]) < 0.01


def test_all_bytes_are_as_likely() -> None:
    drawn = np.asarray(random_bytes((1000, 513), keras.random.SeedGenerator(5))).ravel()
    counts = np.bincount(drawn, minlength=256)
    expected = drawn.size / 256
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert drawn.dtype == np.uint8 and chi_squared < 350  # 255 degrees of freedom: p < 1e-4


def test_no_dropout_outside_training_and_its_gradient_is_its_mask() -> None:
    layer, x = Dropout(0.3), tf.random.normal([7, 5])
    assert layer(x, training=False) is x and Dropout(0.0)(x, training=True) is x
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    mask = np.where(np.asarray(y) != 0, 1 / 0.7, 0)
    np.testing.assert_allclose(tape.gradient(y, x), mask, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 4, 8), (6, 8)])
def test_layer_norm_and_its_gradient_equal_keras(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    ours, theirs = LayerNorm(8), keras.layers.LayerNormalization(epsilon=1e-6)
    theirs.build(shape)
    for weight, same in zip(ours.trainable_weights, theirs.trainable_weights, strict=True):
        weight.assign(rng.normal(1, 0.3, 8))
        same.assign(weight)
    x = tf.constant(rng.normal(2, 3, shape), tf.float32)
    dy = tf.constant(rng.normal(size=shape), tf.float32)
    results = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        weights = [weight.value for weight in layer.trainable_weights]
        results.append([y, *tape.gradient(y, [x, *weights], output_gradients=dy)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    values = np.asarray(x)
    mean, var = values.mean(-1, keepdims=True), values.var(-1, keepdims=True)
    gamma, beta = (np.asarray(weight) for weight in ours.trainable_weights)
    formula = (values - mean) / np.sqrt(var + 1e-6) * gamma + beta
    np.testing.assert_allclose(results[0][0], formula, rtol=1e-5, atol=1e-5)


def test_layer_norm_computes_in_float32() -> None:
    x = tf.cast(tf.random.normal([4, 512]) * 300 + 5000, tf.bfloat16)
    y = LayerNorm(512, dtype="mixed_bfloat16")(x)
    assert y.dtype == tf.bfloat16
    exact = LayerNorm(512)(tf.cast(x, tf.float32))
    np.testing.assert_allclose(tf.cast(y, tf.float32), exact, rtol=0.01, atol=0.01)
