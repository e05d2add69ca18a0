"""The loss against its definition, its gradient against finite differences."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.train.loss import (
    _by_place,
    _by_value,
    negative_log_likelihood,
    smoothed_cross_entropy,
)
from components.train.network import Losses


def by_definition(logits: np.ndarray, labels: np.ndarray, smoothing: float) -> np.ndarray:
    """sum q (log q - log softmax(z)), q written out (Szegedy et al. 2016, section 7)."""
    classes = logits.shape[-1]
    q = np.full(logits.shape, smoothing / (classes - 1))
    np.put_along_axis(q, labels[..., None], 1 - smoothing, axis=-1)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    log_q = np.log(np.where(q > 0, q, 1.0))
    return (q * (log_q - log_p)).sum(-1)


def test_targets_that_are_numbers_are_not_rounded_in_half_precision() -> None:
    seen: list[str] = []

    def per_example_loss(batch: dict[str, Any]) -> tuple[Any, Any, Any]:
        seen.append(keras.backend.standardize_dtype(batch["targets"].dtype))
        return (keras.ops.sum(batch["targets"], axis=1),) * 3

    keras.config.set_dtype_policy("mixed_float16")
    try:
        losses = Losses(SimpleNamespace(per_example_loss=per_example_loss))
        found = losses.predict_on_batch({"targets": np.array([[120000.25]], np.float32)})
    finally:
        keras.config.set_dtype_policy("float32")
    assert seen == ["float32"] and np.asarray(found) == pytest.approx(120000.25)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_it_is_the_cross_entropy_less_the_entropy_of_the_smoothed_labels(smoothing: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(3, 4, 7)).astype(np.float32)
    labels = rng.integers(0, 7, (3, 4))
    found = keras.ops.convert_to_numpy(smoothed_cross_entropy(logits, labels, smoothing))
    np.testing.assert_allclose(found, by_definition(logits, labels, smoothing), atol=1e-5)


def test_without_smoothing_it_is_the_negative_log_likelihood() -> None:
    logits = np.log(np.array([[0.25, 0.75]], np.float32))
    found = keras.ops.convert_to_numpy(negative_log_likelihood(logits, np.array([1])))
    np.testing.assert_allclose(found, [-np.log(0.75)], atol=1e-6)


def test_the_written_gradient_is_the_one_of_finite_differences() -> None:
    import tensorflow as tf

    rng = np.random.default_rng(2)
    logits = tf.Variable(rng.normal(size=(2, 3, 5)).astype(np.float32))
    labels = rng.integers(0, 5, (2, 3))
    upstream = rng.normal(size=(2, 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(smoothed_cross_entropy(logits, labels, 0.1) * upstream)
    gradient = tape.gradient(total, logits).numpy()
    step = 1e-5
    for place in np.ndindex(2, 3, 5):
        shifted = logits.numpy().astype(np.float64)
        shifted[place] += step
        above = (by_definition(shifted, labels, 0.1) * upstream).sum()
        shifted[place] -= 2 * step
        below = (by_definition(shifted, labels, 0.1) * upstream).sum()
        assert gradient[place] == pytest.approx((above - below) / (2 * step), abs=1e-4)


def test_both_ways_give_the_same_loss_and_gradient() -> None:
    """TensorFlow takes the one, JAX the other."""
    import tensorflow as tf

    rng = np.random.default_rng(3)
    logits = tf.Variable(rng.normal(size=(4, 9, 50)).astype(np.float32) * 5)
    labels = rng.integers(0, 50, (4, 9))
    found = []
    for way in (_by_place, _by_value):
        with tf.GradientTape() as tape:
            losses = way(keras.ops.convert_to_tensor(logits), labels, 0.9, 0.1 / 49)
            total = tf.reduce_sum(losses * tf.range(9, dtype=tf.float32))
        found.append((losses.numpy(), tape.gradient(total, logits).numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-4, atol=1e-5)
