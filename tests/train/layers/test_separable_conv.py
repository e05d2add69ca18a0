"""Convolutions whose channels are cut apart, against loops over every number and against Keras's own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from components.train.layers.separable_conv import (
    SeparableConv,
    alternating,
    depthwise,
    even_parts,
    sum_of_taps,
)

every_separability = pytest.mark.parametrize("separability", [0, 1, 2, 3, -1, -2, -3])


def made(channels: int, filters: int, taps: int, **how: Any) -> SeparableConv:
    layer = SeparableConv(filters, taps, **how)
    layer.build((None, None, channels))
    rng = np.random.default_rng(taps)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def drawn(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def run(layer: Any, *inputs: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(*inputs))


def by_hand(x: np.ndarray, layer: SeparableConv) -> np.ndarray:
    """The sums of the formulas, one number at a time."""
    weights = {weight.name: np.asarray(weight) for weight in layer.weights}
    rows, length, channels = x.shape
    groups = max(abs(layer.separability), 1)
    first_tap = -layer.reach if layer.padding == "left" else -layer.reach // 2
    y = np.zeros((rows, length, layer.filters))
    c0 = f0 = 0
    for i in range(groups):
        c1 = c0 + channels // groups + (i < channels % groups)
        f1 = f0 + layer.filters // groups + (i < layer.filters % groups)
        kernel = weights[f"group_{i}"]
        for b, t, f, c in np.ndindex(rows, length, f1 - f0, c1 - c0):
            for j in range(layer.kernel_size):
                at = t + first_tap + j * layer.dilation
                if 0 <= at < length:
                    tap = (
                        kernel[j, c, f]
                        if layer.separability > 0
                        else weights["depthwise"][j, c0 + c] * kernel[c, f]
                    )
                    y[b, t, f0 + f] += x[b, at, c0 + c] * tap
        c0, f0 = c1, f1
    return y @ weights["mix"] if layer.separability > 1 else y


@every_separability
@pytest.mark.parametrize("padding", ["left", "both"])
@pytest.mark.parametrize(("taps", "dilation"), [(3, 1), (5, 2)])
def test_it_is_the_formula(separability: int, padding: str, taps: int, dilation: int) -> None:
    how: dict[str, Any] = {"separability": separability, "padding": padding, "dilation": dilation}
    x = drawn(2, 7, 6)
    layer = made(6, 6, taps, **how)
    np.testing.assert_allclose(run(layer, x), by_hand(x, layer), rtol=1e-4, atol=1e-4)
    x = drawn(2, 7, 7)
    uneven = made(7, 5, taps, **how)
    np.testing.assert_allclose(run(uneven, x), by_hand(x, uneven), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("taps", "dilation"), [(3, 1), (7, 1), (3, 4)])
def test_depthwise_separable_is_keras(taps: int, dilation: int) -> None:
    x, reach = drawn(2, 20, 6), (taps - 1) * dilation
    for padding, before, after in (("left", reach, 0), ("both", reach // 2, reach // 2)):
        layer = made(6, 4, taps, padding=padding, dilation=dilation)
        theirs = keras.layers.SeparableConv1D(4, taps, dilation_rate=dilation, use_bias=False)
        theirs.build((None, None, 6))
        theirs.depthwise_kernel.assign(np.asarray(layer.depthwise)[:, :, None])
        theirs.pointwise_kernel.assign(np.asarray(layer.kernels[0])[None])
        expected = run(theirs, np.pad(x, [(0, 0), (before, after), (0, 0)]))
        np.testing.assert_allclose(run(layer, x), expected, rtol=1e-5, atol=1e-5)


def test_depthwise_separable_is_keras_in_two_dimensions_of_which_one_is_one() -> None:
    x = drawn(2, 20, 6)
    layer = made(6, 4, 5, padding="both")
    keras_layer = keras.layers.SeparableConv2D(4, (5, 1), padding="same", use_bias=False)
    keras_layer.build((None, None, 1, 6))
    keras_layer.depthwise_kernel.assign(np.asarray(layer.depthwise)[:, None, :, None])
    keras_layer.pointwise_kernel.assign(np.asarray(layer.kernels[0])[None, None])
    theirs = run(keras_layer, x[:, :, None])[:, :, 0]
    np.testing.assert_allclose(run(layer, x), theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dilation", [1, 3])
def test_one_group_is_the_whole_convolution(dilation: int) -> None:
    x = drawn(2, 20, 6)
    layer = made(6, 4, 5, separability=1, dilation=dilation)
    whole = keras.layers.Conv1D(4, 5, padding="causal", dilation_rate=dilation, use_bias=False)
    whole.build((None, None, 6))
    whole.kernel.assign(layer.kernels[0])
    np.testing.assert_allclose(run(layer, x), run(whole, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("separability", "weights"),
    [
        (0, lambda k, c: k * c + c * c),
        (-1, lambda k, c: k * c + c * c),
        (-2, lambda k, c: k * c + c * c // 2),
        (-3, lambda k, c: k * c + c * c // 3),
        (1, lambda k, c: k * c * c),
        (4, lambda k, c: k * c * c // 4 + c * c),
    ],
)
def test_it_has_as_many_weights_as_the_formula(separability: int, weights: Any) -> None:
    for taps, channels in ((3, 12), (31, 24)):
        layer = made(channels, channels, taps, separability=separability)
        assert layer.count_params() == weights(taps, channels)


def test_groups_are_even_where_they_can_be() -> None:
    assert even_parts(768, 3) == [256, 256, 256] and even_parts(16, 3) == [6, 5, 5]
    assert alternating(-2, 2) == [-3, -2] and alternating(-1, 3) == [-3, -2, -1]
    assert alternating(0, 2) == [0, 0] and alternating(4, 2) == [4, 4]


@every_separability
@pytest.mark.parametrize("dilation", [1, 2])
def test_padded_on_the_left_no_bit_of_the_past_depends_on_the_future(
    separability: int, dilation: int
) -> None:
    layer = made(6, 6, 5, separability=separability, dilation=dilation)
    x = drawn(2, 12, 6)
    y = run(layer, x)
    for t in range(12):
        changed = x.copy()
        changed[:, t:] = drawn(2, 12, 6, seed=2)[:, t:]
        found = run(layer, changed)
        np.testing.assert_array_equal(found[:, :t], y[:, :t])
        assert np.all(found[:, t] != y[:, t])


@every_separability
@pytest.mark.parametrize("padding", ["left", "both"])
def test_what_is_not_real_is_not_seen(separability: int, padding: str) -> None:
    layer = made(6, 6, 7, separability=separability, padding=padding)
    x, real = drawn(2, 9, 6), np.arange(9) < np.array([[9], [5]])
    y = run(layer, x, real)
    noisy = np.where(real[:, :, None], x, 1e3)
    np.testing.assert_array_equal(run(layer, noisy, real), y)
    alone = run(layer, x[1:, :5])
    np.testing.assert_allclose(y[1:, :5], alone, rtol=1e-5, atol=1e-5)
    wider = np.pad(noisy, [(0, 0), (0, 4), (0, 0)])
    found = run(layer, wider, np.pad(real, [(0, 0), (0, 4)]))[:, :9]
    np.testing.assert_allclose(found, y, rtol=1e-5, atol=1e-5)


@every_separability
@pytest.mark.parametrize("dilation", [1, 3])
def test_step_by_step_is_the_whole_at_once(separability: int, dilation: int) -> None:
    layer = made(6, 4, 3, separability=separability, dilation=dilation)
    x = drawn(2, 10, 6)
    expected, window = run(layer, x), ops.zeros((2, layer.reach, 6))
    for t in range(10):
        y, window = layer.step(ops.convert_to_tensor(x[:, t]), window)
        np.testing.assert_allclose(ops.convert_to_numpy(y), expected[:, t], rtol=1e-5, atol=1e-5)
        assert tuple(window.shape) == (2, 2 * dilation, 6)


@pytest.mark.parametrize(("taps", "dilation"), [(1, 1), (3, 1), (31, 1), (5, 4)])
def test_both_ways_of_a_depthwise_convolution_and_their_gradients_agree(
    taps: int, dilation: int
) -> None:
    import tensorflow as tf

    x = tf.constant(drawn(2, 9 + (taps - 1) * dilation, 6))
    kernel, dy = tf.constant(drawn(taps, 6, seed=3)), tf.constant(drawn(2, 9, 6, seed=4))
    found = []
    for function in (depthwise, sum_of_taps):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = function(x, kernel, dilation)
        found.append([y, *tape.gradient(y, [x, kernel], output_gradients=dy)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_lengths_may_be_unknown_and_the_gradient_of_a_dilated_one_is_there() -> None:
    import tensorflow as tf

    for separability in (0, 2):
        layer = made(6, 6, 5, separability=separability, dilation=2)

        @tf.function(input_signature=[tf.TensorSpec([None, None, 6])])
        def gradient(x: Any, layer: SeparableConv = layer) -> Any:
            weights = [weight.value for weight in layer.trainable_weights]
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(layer(x) ** 2)
            return tape.gradient(y, weights)

        for length in (1, 4, 11):
            assert all(np.isfinite(one).all() for one in gradient(drawn(2, length, 6)))


def test_it_computes_in_the_dtype_of_its_policy() -> None:
    for separability in (0, -2, 2):
        layer = made(6, 6, 5, separability=separability, dtype="mixed_bfloat16")
        y = layer(drawn(2, 9, 6))
        assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
        step, window = layer.step(y[:, 0], ops.zeros((2, 4, 6), "bfloat16"))
        assert keras.backend.standardize_dtype(step.dtype) == "bfloat16"


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="padding 'both', 4 taps"):
        SeparableConv(6, 4, padding="both")
    with pytest.raises(ValueError, match="padding 'same'"):
        SeparableConv(6, 3, padding="same")
    with pytest.raises(ValueError, match="3 groups of 2 channels to 6"):
        made(2, 6, 3, separability=-3)
