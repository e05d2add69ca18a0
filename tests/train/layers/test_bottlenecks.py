"""Bottlenecks: codes by hand, gradients that pass as if nothing were discrete, draws that are fair."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from components.train.layers.bottlenecks import Bottleneck, Continuous
from components.train.layers.discrete_bottlenecks import (
    DVQ,
    GumbelSoftmax,
    Semhash,
    saturating_sigmoid,
)
from components.train.layers.latents import Gaussian

D = 4


def built(layer: Bottleneck) -> Any:
    layer.build()
    return layer


def bits_of(values: Any, training: bool) -> Any:
    """Semhash whose bits are those of h itself, and what it makes of [[values]]."""
    keras.utils.set_random_seed(1)
    layer = built(Semhash(D, 6, D))
    layer.bits.set_weights([np.eye(D, dtype=np.float32), np.zeros(D, np.float32)])
    return layer, layer(np.array([[values]], np.float32), training=training)


def test_the_saturating_sigmoid_reaches_its_ends() -> None:
    x = np.array([-9.0, 0.0, np.log(3.0), 9.0], np.float32)
    found = ops.convert_to_numpy(saturating_sigmoid(x))
    np.testing.assert_allclose(found, [0.0, 0.5, 1.2 * 0.75 - 0.1, 1.0], rtol=1e-6)


def test_semhash_takes_signs_for_bits_the_first_one_lowest() -> None:
    layer, found = bits_of([2.0, -1.0, 0.3, -0.2], training=False)
    assert ops.convert_to_numpy(found.posterior).tolist() == [[0b0101]]
    again = layer.of_codes(np.array([[0b0101]]))
    for vectors in (found.dense, found.context):
        np.testing.assert_allclose(
            ops.convert_to_numpy(vectors), ops.convert_to_numpy(again), rtol=1e-6
        )


def test_semhash_passes_gradients_as_its_sigmoid_does() -> None:
    """Of the sum over bits b with weights w, as if b were 1.2 sigmoid(x) - 0.1."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes TensorFlow's gradient")
    import tensorflow as tf

    layer, _ = bits_of([0.0] * D, training=False)
    w = np.array([1.0, -2.0, 3.0, 0.5], np.float32)
    layer.of_bits = lambda bits: bits * w
    x = tf.constant([[[0.4, -0.3, 1.0, -9.0]]])  # the last one is where the sigmoid is 0
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = layer(x, training=False).dense
        total = tf.reduce_sum(found)
    np.testing.assert_allclose(found.numpy()[0, 0], [1.0, 0.0, 3.0, 0.0], atol=1e-6)
    s = 1 / (1 + np.exp(-x.numpy()[0, 0]))
    expected = 1.2 * w * s * (1 - s) * [1, 1, 1, 0]
    np.testing.assert_allclose(tape.gradient(total, x).numpy()[0, 0], expected, rtol=1e-5)


def test_semhash_in_training_is_discrete_for_half_of_the_examples() -> None:
    keras.utils.set_random_seed(2)
    layer = built(Semhash(D, 6, D))
    layer.of_bits = lambda bits: bits
    h = np.random.default_rng(1).normal(size=(400, 3, D)).astype(np.float32)
    found = layer(h, training=True)
    bits = ops.convert_to_numpy(found.dense)
    discrete = np.all(np.minimum(abs(bits), abs(bits - 1)) < 1e-6, axis=(1, 2))
    assert abs(discrete.mean() - 0.5) < 0.1
    context = ops.convert_to_numpy(found.context)
    assert set(np.unique(context)) == {0.0, 1.0}
    assert np.any(ops.convert_to_numpy(layer(h, training=True).dense) != bits)  # noise


def test_gumbel_softmax_at_a_low_temperature_draws_codes_by_their_probability() -> None:
    keras.utils.set_random_seed(3)
    layer = built(GumbelSoftmax(D, 6, 2, temperature=0.01))
    layer.of_shares = lambda shares: shares
    q = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    layer.logits.set_weights([np.zeros((D, 4), np.float32), np.log(q)])
    found = layer(np.zeros((1, 20_000, D), np.float32), training=True)
    shares = ops.convert_to_numpy(found.dense)[0]
    assert (shares.max(-1) > 0.99).mean() > 0.95  # one code, nearly always
    np.testing.assert_allclose(shares.mean(0), q, atol=0.012)
    np.testing.assert_allclose(ops.convert_to_numpy(found.posterior)[0, 0], q, rtol=1e-5)
    hot = layer(np.zeros((1, 1, D), np.float32), training=False)
    assert ops.convert_to_numpy(hot.dense).tolist() == [[[0, 0, 0, 1]]]


def test_a_drawn_code_pays_its_kl_and_a_single_one_its_surprise() -> None:
    layer = GumbelSoftmax(D, 6, 1, temperature=1.0)
    prior = np.log(np.array([[[0.25, 0.75]]], np.float32))
    spread = ops.convert_to_numpy(layer.nats(np.array([[[0.5, 0.5]]], np.float32), prior))
    assert spread[0, 0] == pytest.approx(0.5 * np.log(2.0) + 0.5 * np.log(2.0 / 3.0), rel=1e-5)
    single = ops.convert_to_numpy(layer.nats(np.array([[[1.0, 0.0]]], np.float32), prior))
    assert single[0, 0] == pytest.approx(np.log(4.0), rel=1e-5)
    bits = ops.convert_to_numpy(Semhash(D, 6, 1).nats(np.array([[0]]), prior))
    assert bits[0, 0] == pytest.approx(np.log(4.0), rel=1e-5)


def test_dvq_takes_the_nearest_of_each_part() -> None:
    keras.utils.set_random_seed(4)
    layer = built(DVQ(D, 6, 4, parts=2))
    layer.spread = lambda code: code
    book = ops.convert_to_numpy(layer.codebook)  # [2 parts, 4 vectors, 2]
    h = np.random.default_rng(5).normal(size=(2, 3, D)).astype(np.float32)
    found = layer(h, training=True)
    for b, m in np.ndindex(2, 3):
        numbers = [
            min(range(4), key=lambda v: float(np.sum((h[b, m, part] - book[n, v]) ** 2)))
            for n, part in enumerate((slice(0, 2), slice(2, 4)))
        ]
        vector = np.concatenate([book[0, numbers[0]], book[1, numbers[1]]])
        assert int(found.posterior[b, m]) == numbers[0] + 4 * numbers[1]
        np.testing.assert_allclose(found.dense[b, m], vector, atol=1e-6)
        np.testing.assert_allclose(
            float(found.pull[b, m]), 1.25 * np.mean((h[b, m] - vector) ** 2), rtol=1e-5
        )
    again = layer.of_codes(found.posterior)
    np.testing.assert_allclose(
        ops.convert_to_numpy(again), ops.convert_to_numpy(found.dense), atol=1e-6
    )


def test_dvq_passes_gradients_unchanged_and_moves_its_codebook() -> None:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes TensorFlow's gradient")
    import tensorflow as tf

    keras.utils.set_random_seed(4)
    layer = built(DVQ(D, 6, 2, parts=1))
    layer.spread = lambda code: code
    book = layer.codebook.value.numpy()[0]
    x, w = tf.constant(book[None, 1:2] + 0.01), np.array([1.0, -2.0, 3.0, 0.5], np.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        found = layer(x, training=True)
        total, pull = tf.reduce_sum(found.dense * w), tf.reduce_sum(found.pull)
    np.testing.assert_allclose(tape.gradient(total, x).numpy()[0, 0], w)
    # 0.25 (x - e)^2 pulls x, (x - e)^2 the vector, means over D: 2 * 0.01 / 4 of each.
    np.testing.assert_allclose(tape.gradient(pull, x).numpy(), 0.25 * 0.005, rtol=1e-4)
    moved = tf.convert_to_tensor(tape.gradient(pull, layer.codebook.value)).numpy()[0]
    np.testing.assert_allclose(moved[1], -0.005, rtol=1e-4)
    assert not np.any(moved[[0, 2, 3]])


def test_dvq_wants_parts_that_come_out_even() -> None:
    with pytest.raises(ValueError, match="latent_parts 3 must divide latent_size 14 and d_model 4"):
        DVQ(D, 6, 14, parts=3)


def test_continuous_latents_are_guessed_at_the_priors_mean() -> None:
    keras.utils.set_random_seed(6)
    layer = built(Continuous(D, 6, 2))
    prior = np.array([[[0.5, -1.0, 0.3, 0.2]]], np.float32)
    expected = layer.of_values(np.array([[[0.5, -1.0]]], np.float32))
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer.guess(prior)), ops.convert_to_numpy(expected)
    )
    q = Gaussian(np.array([[[0.5, -1.0]]], np.float32), np.array([[[0.3, 0.2]]], np.float32))
    assert float(layer.nats(q, prior)[0, 0]) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    "layer",
    [Semhash(D, 6, 3), GumbelSoftmax(D, 6, 3, temperature=0.5), DVQ(D, 6, 2, parts=2)],
    ids=["semhash", "gumbel_softmax", "dvq"],
)
def test_a_prior_that_is_sure_guesses_what_was_seen(layer: Bottleneck) -> None:
    layer.build()
    found = layer(np.random.default_rng(7).normal(size=(2, 3, D)).astype("f"), training=False)
    codes = ops.convert_to_numpy(found.posterior)
    sure = 30.0 * (codes if codes.ndim == 3 else np.eye(layer.codes)[codes]).astype(np.float32)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer.guess(sure)), ops.convert_to_numpy(found.dense), atol=1e-5
    )
    assert np.all(ops.convert_to_numpy(layer.nats(found.posterior, sure)) < 1e-5)
