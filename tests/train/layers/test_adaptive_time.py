"""Adaptive computation time against Graves's algorithm, position by position in float64."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from components.train.layers.adaptive_time import AdaptiveTime, RepeatedTime
from components.train.watch import watching

B, L, D, STEPS, EPSILON, COEF = 3, 5, 4, 6, 0.01, 0.5
TURN = np.random.default_rng(1).normal(0, 0.8, (D, D))


def layer_of(bias: float = -1.0) -> AdaptiveTime:
    layer = AdaptiveTime(D, STEPS, epsilon=EPSILON, loss_coef=COEF, halting_bias=bias)
    layer.build()
    layer.w.assign(np.random.default_rng(2).normal(size=(D, 1)))
    return layer


def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    real = np.ones((B, L), bool)
    real[1, 3:] = False
    return rng.normal(size=(B, L, D)).astype(np.float32), real


def enter(state: Any, n: int) -> Any:
    return state + 0.1 * (n + 1)


def advance(x: Any, n: int) -> Any:
    """Positions look at each other: also at those that have halted."""
    others = ops.mean(x, axis=1, keepdims=True)
    return ops.tanh(ops.matmul(x + others, ops.convert_to_tensor(TURN.astype("f"))) + 0.2 * n)


def by_hand(x: np.ndarray, w: np.ndarray, b: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means [B, L, D], N [B, L] and R [B, L]."""
    state, mean = x.astype(np.float64), np.zeros((B, L, D))
    spent: dict[tuple[int, int], list[float]] = {(i, t): [] for i in range(B) for t in range(L)}
    steps, left = np.zeros((B, L)), np.zeros((B, L))
    running = set(spent)
    for n in range(STEPS):
        entered = state + 0.1 * (n + 1)
        new = np.tanh((entered + entered.mean(1, keepdims=True)) @ TURN + 0.2 * n)
        for place in sorted(running):
            h = 1 / (1 + np.exp(-(entered[place] @ w + b)))
            steps[place] += 1
            if sum(spent[place]) + h >= 1 - EPSILON or n == STEPS - 1:
                left[place] = 1 - sum(spent[place])
                mean[place] += left[place] * new[place]
                running.remove(place)
            else:
                mean[place] += h * new[place]
                spent[place].append(h)
            state[place] = new[place]
    return mean, steps, left


def cost_of(x: np.ndarray, real: np.ndarray, w: np.ndarray, b: float) -> float:
    _, steps, left = by_hand(x, w, b)
    return float((steps + left)[real].mean())


def test_halting_remainders_and_ponder_cost_are_graves() -> None:
    x, real = drawn()
    layer = layer_of()
    w, b = np.asarray(layer.w, np.float64)[:, 0], float(layer.b[0])
    mean, steps, left = by_hand(x, w, b)
    assert set(steps.ravel()) >= {2, 3, 6}  # positions of every sort
    with watching() as seen:
        found = layer(x, enter=enter, advance=advance, real=real, training=True)
    np.testing.assert_allclose(found, mean, atol=1e-5)
    (ponder,) = seen[f"{layer.path}:ponder"]
    np.testing.assert_array_equal(ponder, steps)
    cost = (steps + left)[real].mean()
    assert float(layer.losses[0]) == pytest.approx(COEF * cost, rel=1e-5)
    layer(x, enter=enter, advance=advance, real=real, training=False)
    assert not layer.losses


@pytest.mark.parametrize("bias", [-20.0, -1.0, 1.0, 20.0])
def test_a_positions_weights_add_up_to_one(bias: float) -> None:
    x, _ = drawn()
    ones = layer_of(bias)(x, enter=enter, advance=lambda s, n: ops.ones_like(s), training=False)
    np.testing.assert_allclose(ones, np.ones_like(x), atol=1e-6)


def test_who_halts_at_once_went_through_one_step_and_who_never_halts_through_all() -> None:
    x, _ = drawn()
    once, never = layer_of(20.0), layer_of(-20.0)
    for layer, steps in ((once, 1), (never, STEPS)):
        layer.w.assign(np.zeros((D, 1)))
        found = layer(x, enter=enter, advance=advance, training=True)
        same = RepeatedTime(steps)(x, enter=enter, advance=advance)
        np.testing.assert_allclose(found, same, atol=1e-6)
        # N + R: nothing was spent before the last step, so R is 1.
        assert float(layer.losses[0]) == pytest.approx(COEF * (steps + 1), rel=1e-5)


def test_who_has_halted_keeps_its_state() -> None:
    """Row 0 halts at step 1, row 1 never: what enters row 0's later steps is its first state."""
    layer = layer_of(0.0)
    layer.w.assign(np.array([[1.0], [0], [0], [0]]))
    x = np.zeros((2, 1, D), np.float32)
    x[:, 0, 0] = 20, -20
    entered: list[np.ndarray] = []

    def keep(s: Any, n: int) -> Any:
        entered.append(np.asarray(s))
        return s + ops.convert_to_tensor([0.0, 1.0, 0.0, 0.0])

    found = layer(x, enter=lambda s, n: s, advance=keep, training=False)
    assert [float(s[0, 0, 1]) for s in entered] == [0, 1, 1, 1, 1, 1]
    assert [float(s[1, 0, 1]) for s in entered] == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose(found[:, 0, 1], [1, 6], atol=1e-5)


def slope(function: Callable[[float], float], width: float = 1e-6) -> float:
    return (function(width) - function(-width)) / (2 * width)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_ponder_costs_gradient_is_that_of_finite_differences(compiled: bool) -> None:
    x, real = drawn()
    layer = layer_of()
    w, b = np.asarray(layer.w, np.float64)[:, 0], float(layer.b[0])

    def gradients(x: Any, real: Any) -> Any:
        with tf.GradientTape() as tape:
            layer(x, enter=enter, advance=advance, real=real, training=True)
            loss = sum(layer.losses)
        return tape.gradient(loss, [layer.w.value, layer.b.value])

    if compiled:  # with lengths unknown
        shapes = (tf.TensorSpec((None, None, D)), tf.TensorSpec((None, None), tf.bool))
        gradients = tf.function(gradients, input_signature=shapes)

    def nudged(one: np.ndarray, e: float) -> float:
        return cost_of(x, real, w + e * one, b)

    along_w, along_b = gradients(tf.constant(x), tf.constant(real))
    for i in range(D):
        numeric = COEF * slope(partial(nudged, np.eye(D)[i]))
        assert float(along_w[i, 0]) == pytest.approx(numeric, rel=1e-3, abs=1e-4)
    numeric = COEF * slope(lambda e: cost_of(x, real, w, b + e))
    assert float(along_b[0]) == pytest.approx(numeric, rel=1e-3) and abs(numeric) > 1e-3


def test_halting_is_decided_in_float32_and_the_state_is_not() -> None:
    layer = AdaptiveTime(
        D, STEPS, epsilon=EPSILON, loss_coef=COEF, halting_bias=1.0, dtype="mixed_bfloat16"
    )
    layer.build()
    x = ops.cast(drawn()[0], "bfloat16")
    found = layer(x, enter=lambda s, n: s, advance=lambda s, n: s, training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(ops.cast(found, "float32"), ops.cast(x, "float32"), rtol=1e-2)
    assert keras.backend.standardize_dtype(layer.losses[0].dtype) == "float32"
