"""Optimizers by their formulas: Adam, clipping, accumulation, moving averages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.train.hparams import OPTIMIZERS, Hparams
from components.train.optimizers import make_optimizer
from tests.train.tiny_networks import network_of

STEPS = 12
PLAIN = {"learning_rate": 0.1, "learning_rate_schedule": "constant", "warmup_steps": 0}
PLAIN |= {"clip_norm": 0.0, "ema_decay": 0.0, "weight_decay": 0.0}


def gradients() -> np.ndarray:
    return np.random.default_rng(2).normal(0, 1, (STEPS, 3)).astype(np.float32)


def run(steps: np.ndarray, **values: Any) -> tuple[np.ndarray, keras.optimizers.Optimizer]:
    """The variable [steps, 3] after each gradient of `steps` [steps, 3], from (1, 2, 3)."""
    optimizer = make_optimizer(Hparams(**{**PLAIN, **values}), len(steps))
    variable = keras.Variable(np.array([1, 2, 3], np.float32))
    optimizer.build([variable])
    seen = []
    for gradient in steps:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)])
        seen.append(keras.ops.convert_to_numpy(variable.value))
    return np.array(seen), optimizer


def test_adam_is_the_papers() -> None:
    found, _ = run(gradients(), optimizer="adam", beta1=0.9, beta2=0.98, epsilon=1e-9)
    value, m, v = np.array([1.0, 2.0, 3.0]), np.zeros(3), np.zeros(3)
    for t, g in enumerate(gradients().astype(np.float64), 1):
        m, v = 0.9 * m + 0.1 * g, 0.98 * v + 0.02 * g * g
        value = value - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.98**t)) + 1e-9)
        np.testing.assert_allclose(found[t - 1], value, atol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_accumulated_gradients_are_one_step_of_their_mean(name: str) -> None:
    values = {"optimizer": name, "learning_rate_schedule": "cosine", "warmup_steps": 2}
    pieces, _ = run(gradients(), accumulate_steps=3, **values)
    whole, _ = run(gradients().reshape(-1, 3, 3).mean(axis=1), **values)
    np.testing.assert_allclose(pieces[2::3], whole, atol=1e-5)
    np.testing.assert_array_equal(pieces[3::3], pieces[2:-1:3])  # nothing moves in between
    assert np.abs(whole[-1] - whole[0]).max() > 1e-4


def newton_schulz(g: np.ndarray) -> np.ndarray:
    """Jordan et al. 2024, https://kellerjordan.github.io/posts/muon: G, its singular values near 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / np.linalg.norm(g)
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def test_muon_turns_a_matrix_by_as_much_in_every_direction() -> None:
    steps = np.random.default_rng(5).normal(0, 1, (STEPS, 3, 7)).astype(np.float32)
    hp = Hparams(**{**PLAIN, "optimizer": "muon", "learning_rate": 0.1})
    optimizer = make_optimizer(hp, STEPS)
    variable = keras.Variable(np.ones((3, 7), np.float32))
    optimizer.build([variable])
    value, m = np.ones((3, 7)), np.zeros((3, 7))
    for g in steps:
        optimizer.apply([keras.ops.convert_to_tensor(g)])
        m = 0.95 * m + g
        # 0.2 sqrt(longer side) makes its steps as long as Adam's: Liu et al. 2025, arXiv 2502.16982.
        value = value - 0.1 * 0.2 * 7**0.5 * newton_schulz(g + 0.95 * m)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(variable.value), value, atol=1e-4)


@pytest.mark.parametrize("positions", ["learned", "relative"])
def test_muon_has_the_matrices_of_the_body_and_nothing_else(positions: str, tmp_path: Path) -> None:
    network = network_of("transformer", "symbol", tmp_path, positions=positions)
    weights = network.trainable_variables
    optimizer = make_optimizer(Hparams(optimizer="muon"), 10)
    optimizer.build(weights)
    adam = [one is not None for one in optimizer.adam_velocities]
    muon = {one.path for one, has_adam in zip(weights, adam, strict=True) if not has_adam}
    tables = ("positions/table", "relative/keys", "relative/values")
    assert muon == {
        one.path
        for one in weights
        if len(one.shape) == 2
        and not one.path.startswith(("network/inputs", "network/targets"))
        and not one.path.endswith(tables)
    }
    assert 0 < len(muon) < len(weights)


def test_clipping_scales_to_the_norm() -> None:
    steps = gradients() * 10
    found, _ = run(steps, optimizer="sgd", beta1=0.0, clip_norm=0.5)
    clipped = 0.5 * steps / np.linalg.norm(steps, axis=1, keepdims=True)
    np.testing.assert_allclose(found, [1, 2, 3] - 0.1 * np.cumsum(clipped, axis=0), atol=1e-5)


def test_a_weight_without_a_gradient_in_some_batches_keeps_what_it_has_accumulated() -> None:
    """As the nets of a mixture's problems, which the other problems' batches do not reach."""
    values = {**PLAIN, "optimizer": "sgd", "beta1": 0.0, "accumulate_steps": 2}
    optimizer = make_optimizer(Hparams(**values), 4)
    variables = [keras.Variable(np.zeros(2, np.float32)) for _ in range(2)]
    optimizer.build(variables)
    one, none = keras.ops.ones(2), None
    if keras.backend.backend() == "jax":  # which has zeros there itself
        none = keras.ops.zeros(2)
    optimizer.apply([one, none])
    optimizer.apply([none, one])
    for variable in variables:
        np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), -0.05, atol=1e-6)


@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_moving_average_is_the_closed_form(accumulate: int) -> None:
    values = {"optimizer": "sgd", "beta1": 0.5, "accumulate_steps": accumulate}
    found, optimizer = run(gradients(), ema_decay=0.2, **values)
    weights = np.zeros(STEPS)
    for batch in range(STEPS):
        before = batch // accumulate  # updates; the average begins at the weights after the first
        decay = min(0.2, (1 + before) / (10 + before)) ** (1 / accumulate) if before else 0
        weights *= decay
        weights[batch] = 1 - decay
    average = keras.ops.convert_to_numpy(optimizer._model_variables_moving_average[0].value)
    np.testing.assert_allclose(average, weights @ found, atol=1e-5)


def test_the_end_of_fit_leaves_the_weights_alone() -> None:
    found, optimizer = run(gradients(), ema_decay=0.9)
    variable = optimizer._trainable_variables[0]
    optimizer.finalize_variable_values([variable])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable.value), found[-1])
