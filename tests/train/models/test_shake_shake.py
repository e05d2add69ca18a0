"""Shake-shake: what it mixes forward, what it says backward, and its size against the paper's."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from components.train.models.shake_shake import Block, Body, Shortcut, shaken

SMALL = {"num_layers": 8}


def body_of(d_model: int, num_layers: int = 26) -> Body:
    body = Body(SimpleNamespace(d_model=d_model, num_layers=num_layers, dropout=0.0))
    body.build()
    return body


@pytest.mark.parametrize(("d_model", "published"), [(128, 2.9e6), (384, 26.2e6)])
def test_size_is_the_paper_s(d_model: int, published: float) -> None:
    """Table 1 and section 3: 26 2x32d has 2.9 M parameters, 26 2x96d 26.2 M."""
    trained = sum(int(np.prod(weight.shape)) for weight in body_of(d_model).trainable_weights)
    assert trained == pytest.approx(published, rel=0.02)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a TensorFlow tape")
def test_forward_is_alpha_and_backward_is_beta() -> None:
    import tensorflow as tf

    first, second = tf.constant([[1.0], [10.0]]), tf.constant([[3.0], [30.0]])
    alpha, beta = tf.constant([[0.25], [1.0]]), tf.constant([[0.9], [0.0]])
    with tf.GradientTape() as tape:
        tape.watch([first, second])
        y = shaken(first, second, alpha, beta)
    np.testing.assert_allclose(y, [[0.25 + 0.75 * 3], [10.0]], rtol=1e-6)
    one, other = tape.gradient(y, [first, second], output_gradients=tf.constant([[2.0], [5.0]]))
    np.testing.assert_allclose(one, [[2 * 0.9], [0.0]], rtol=1e-6)
    np.testing.assert_allclose(other, [[2 * 0.1], [5.0]], rtol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a TensorFlow tape")
def test_a_block_learns_with_other_numbers_than_it_answers_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The gradient is that of beta's block at alpha's place, by differences."""
    import tensorflow as tf

    drawn = np.array([[0.2, 0.7], [0.6, 0.1]], np.float32)  # alpha, beta of two images
    monkeypatch.setattr(keras.random, "uniform", lambda shape, seed: drawn.reshape(shape))
    keras.utils.set_random_seed(1)
    block = Block(2, 2, strides=1)
    block.build()
    real = np.ones(2, bool)
    x = np.random.default_rng(1).normal(size=(2, 3, 3, 2)).astype(np.float32)
    branches = [np.asarray(branch(x, real, training=True)) for branch in block.branches]
    alpha, beta = drawn[:, :, None, None, None]
    gammas = [branch.second.norm.gamma for branch in block.branches]
    with tf.GradientTape() as tape:
        y = block(x, real, training=True)
        loss = tf.reduce_sum(y)
    np.testing.assert_allclose(
        y, x + alpha * branches[0] + (1 - alpha) * branches[1], rtol=1e-4, atol=1e-5
    )
    gradients = tape.gradient(loss, [gamma.value for gamma in gammas])
    for share, gamma, branch, gradient in zip(
        (beta, 1 - beta), gammas, block.branches, gradients, strict=True
    ):
        before = np.asarray(branch(x, real, training=True))
        gamma.assign(gamma + 0.01)
        after = np.asarray(branch(x, real, training=True))
        moved = ((share * (after - before)) / 0.01).sum((0, 1, 2))
        np.testing.assert_allclose(gradient, moved, rtol=1e-2, atol=1e-2)


def test_alpha_is_drawn_for_each_image_and_is_a_half_outside_of_training() -> None:
    block = Block(2, 2, strides=1)
    block.build()
    one = np.random.default_rng(1).normal(size=(1, 3, 3, 2)).astype(np.float32)
    x, real = np.repeat(one, 40, axis=0), np.ones(40, bool)
    first, second = (np.asarray(branch(x, real, training=True)) for branch in block.branches)
    mixed = np.asarray(block(x, real, training=True)) - x
    apart = first - second
    alphas = ((mixed - second) * apart).sum((1, 2, 3)) / (apart * apart).sum((1, 2, 3))
    assert len(np.unique(alphas.round(4))) == 40
    assert 0 <= alphas.min() < 0.2 and 0.8 < alphas.max() <= 1 and 0.3 < alphas.mean() < 0.7
    first, second = (np.asarray(branch(x, real, training=False)) for branch in block.branches)
    found = np.asarray(block(x, real, training=False))
    np.testing.assert_allclose(found, x + (first + second) / 2, atol=1e-5)


def test_the_shortcut_sees_two_places_of_four() -> None:
    """1x1 kernels of one, no norm yet: channel 0 is at (0, 0), (0, 2), ...; channel 1 at (1, 1), ..."""
    layer = Shortcut(1, 2, strides=2)
    layer.build()
    for conv in layer.convs:
        conv.kernel.assign(np.ones((1, 1, 1, 1)))
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    found = np.asarray(layer(x, np.ones(1, bool), training=False))[0] * np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(found[..., 0], [[0, 2], [8, 10]], rtol=1e-5)
    np.testing.assert_allclose(found[..., 1], [[5, 7], [13, 15]], rtol=1e-5)
