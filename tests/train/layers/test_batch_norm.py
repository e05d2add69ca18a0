"""Batch normalization against Keras's layer, against numbers worked by hand, and with rows to fill up."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers.batch_norm import BatchNorm

ALL = np.ones(6, bool)


def layer(channels: int = 3, **values: Any) -> BatchNorm:
    one = BatchNorm(channels, **values)
    one.build()
    return one


def maps(seed: int, rows: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.5, 2.0, (rows, 4, 5, 3)).astype(np.float32)


def test_two_values_by_hand() -> None:
    one = layer(1, momentum=0.9, epsilon=0.0)
    x = np.array([[[1.0]], [[3.0]]], np.float32)  # mean 2, variance 1
    found = np.asarray(one(x, np.ones(2, bool), training=True))
    np.testing.assert_allclose(found[:, 0, 0], [-1.0, 1.0], atol=1e-6)
    assert float(one.moving_mean[0]) == pytest.approx(0.2)  # a tenth of the way from 0 to 2
    assert float(one.moving_variance[0]) == pytest.approx(1.0)
    # Outside of training it is (x - 0.2) / 1, whoever else is in the batch.
    found = np.asarray(one(x[1:], np.ones(1, bool), training=False))
    np.testing.assert_allclose(found[0, 0], [2.8], atol=1e-6)


def test_it_is_keras_s_layer_where_all_rows_are_examples() -> None:
    mine, theirs = layer(), keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    theirs.build((None, None, None, 3))
    for one in (mine, theirs):
        one.gamma.assign([1.0, 0.5, -2.0])
        one.beta.assign([0.0, 1.0, 0.3])
    for step in range(3):
        x = maps(step)
        found = np.asarray(mine(x, ALL, training=True))
        np.testing.assert_allclose(found, np.asarray(theirs(x, training=True)), atol=1e-5)
    for name in ("moving_mean", "moving_variance"):
        wanted = np.asarray(getattr(theirs, name))
        np.testing.assert_allclose(np.asarray(getattr(mine, name)), wanted, rtol=1e-5)
    x = maps(9)
    found, wanted = mine(x, ALL, training=False), theirs(x, training=False)
    np.testing.assert_allclose(np.asarray(found), np.asarray(wanted), atol=1e-5)


def test_rows_that_fill_up_are_not_counted() -> None:
    alone, filled = layer(), layer()
    x = maps(1)
    more = np.concatenate([x[:2], np.full((1, 4, 5, 3), -1, "f"), x[2:], np.full_like(x[:3], -1)])
    real = np.array([1, 1, 0, 1, 1, 1, 1, 0, 0, 0], bool)
    wanted = np.asarray(alone(x, ALL, training=True))
    found = np.asarray(filled(more, real, training=True))
    np.testing.assert_allclose(found[real], wanted, atol=1e-5)
    for name in ("moving_mean", "moving_variance"):
        one, other = np.asarray(getattr(filled, name)), np.asarray(getattr(alone, name))
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a TensorFlow tape")
def test_rows_that_fill_up_change_no_gradient() -> None:
    import tensorflow as tf

    weight = maps(5)
    found = []
    for fill in (0, 3):
        one = layer()
        x = tf.constant(np.concatenate([maps(1), np.full((fill, 4, 5, 3), -1, "f")]))
        real = np.arange(6 + fill) < 6
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = one(x, real, training=True)[:6]
            loss = tf.reduce_sum(y * y * y * weight)
        gradients = tape.gradient(loss, [x, one.gamma.value, one.beta.value])
        found.append([gradients[0][:6].numpy(), *(g.numpy() for g in gradients[1:])])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_a_batch_without_examples_teaches_nothing() -> None:
    one = layer()
    found = np.asarray(one(maps(1), ~ALL, training=True))
    assert np.all(np.isfinite(found))
    assert np.asarray(one.moving_mean).tolist() == [0.0] * 3
    assert np.asarray(one.moving_variance).tolist() == [1.0] * 3


def test_half_precision_is_counted_in_single() -> None:
    one = layer()
    x = keras.ops.cast(maps(1) + 100.0, "bfloat16")
    found = one(x, ALL, training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    exact = np.asarray(keras.ops.cast(x, "float32")).mean((0, 1, 2)) / 10
    np.testing.assert_allclose(np.asarray(one.moving_mean), exact, rtol=1e-5)


def test_statistics_are_no_weights_to_be_trained() -> None:
    one = layer()
    assert [v.name for v in one.trainable_weights] == ["gamma", "beta"]
    assert [v.name for v in one.non_trainable_weights] == ["moving_mean", "moving_variance"]
