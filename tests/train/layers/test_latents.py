"""Gaussian latents against their formula and against drawn values; what latents cost, by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from components.train import checkpoint
from components.train.layers.latents import Gaussian, HideInputs, LatentCost, Noise


def gaussian(mean: Any, deviation: Any) -> Gaussian:
    variance = np.log(np.square(np.array(deviation, np.float32)))
    return Gaussian(ops.convert_to_tensor(np.array(mean, np.float32)), variance)


def test_kl_of_one_variable_by_hand() -> None:
    """log(s / sigma) + (sigma^2 + (mu - m)^2) / (2 s^2) - 1/2 = log 4 + (1/4 + 9) / 8 - 1/2."""
    found = gaussian([3.0], [0.5]).kl(gaussian([0.0], [2.0]))
    assert float(found) == pytest.approx(math.log(4.0) + 9.25 / 8 - 0.5, rel=1e-6)
    assert float(gaussian([3.0], [0.5]).kl(gaussian([3.0], [0.5]))) == pytest.approx(0, abs=1e-7)


def test_kl_to_the_standard_is_kingma_and_wellings() -> None:
    """Appendix B: -1/2 sum(1 + log sigma^2 - mu^2 - sigma^2)."""
    rng = np.random.default_rng(1)
    mean, deviation = rng.normal(size=(4, 3)), rng.uniform(0.2, 2.0, (4, 3))
    expected = -0.5 * np.sum(1 + np.log(deviation**2) - mean**2 - deviation**2, axis=-1)
    found = ops.convert_to_numpy(gaussian(mean, deviation).kl(Gaussian.standard()))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_kl_is_the_mean_of_log_ratios() -> None:
    """Monte-Carlo: 400,000 draws of log q(z) - log p(z)."""

    def log_density(z: np.ndarray, mean: float, deviation: float) -> np.ndarray:
        return -np.log(deviation) - 0.5 * ((z - mean) / deviation) ** 2

    q, p = gaussian([[0.7, -1.0]], [[0.6, 1.5]]), gaussian([[0.0, 0.5]], [[1.0, 1.2]])
    noise = np.random.default_rng(2).standard_normal((400_000, 2)).astype(np.float32)
    z = ops.convert_to_numpy(q.draw(noise))
    ratios = log_density(z[:, 0], 0.7, 0.6) - log_density(z[:, 0], 0.0, 1.0)
    ratios += log_density(z[:, 1], -1.0, 1.5) - log_density(z[:, 1], 0.5, 1.2)
    assert float(q.kl(p)[0]) == pytest.approx(ratios.mean(), abs=5e-3)


def test_noise_is_new_in_training_and_fixed_elsewhere() -> None:
    noise = Noise(3)
    few, more = ops.zeros((2, 4, 3)), ops.zeros((5, 1100, 3))
    fixed = ops.convert_to_numpy(noise(few, training=False))
    assert fixed.shape == (1, 4, 3)
    whole = ops.convert_to_numpy(noise(more, training=False))
    np.testing.assert_array_equal(whole[:, :4], fixed)
    np.testing.assert_array_equal(whole[:, 1024:1028], fixed)
    first, second = (ops.convert_to_numpy(noise(more, training=True)) for _ in range(2))
    assert first.shape == (5, 1100, 3) and np.all(first != second)
    assert abs(first.mean()) < 0.05 and abs(first.std() - 1) < 0.05


def test_cost_is_a_mean_over_targets_and_leaves_rows_without_any_out() -> None:
    cost = LatentCost(0.5, warmup_steps=0, free_nats=3.0)
    cost.build()
    real = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]], bool)
    nats = np.array([8.0, 1.0, 7.0], np.float32)
    found = cost(ops.convert_to_tensor(nats), real, training=True)
    assert ops.convert_to_numpy(found).tolist() == [8.0, 1.0, 0.0]  # as they are: no free nats
    assert [float(loss) for loss in cost.losses] == [0.5 * (8.0 + 3.0) / 4]
    cost(ops.convert_to_tensor(nats), real, training=False)
    assert not cost.losses


def test_the_factor_rises_to_its_end() -> None:
    cost = LatentCost(2.0, warmup_steps=4, free_nats=0.0)
    cost.build()
    factors = []
    for _ in range(6):
        cost(ops.ones(1), np.ones((1, 1), bool), training=True)
        factors.append(float(cost.losses[0]))
    assert factors == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]
    assert [variable.name for variable in cost.non_trainable_weights] == ["steps"]


def test_checkpoints_of_the_count_can_be_averaged(tmp_path: Path) -> None:
    cost = LatentCost(2.0, warmup_steps=4, free_nats=0.0)
    cost.build()
    for i in range(2):
        cost(ops.ones(1), np.ones((1, 1), bool), training=True)
        arrays = checkpoint.arrays(cost.non_trainable_weights)
        checkpoint.save(arrays, tmp_path / f"{i}.safetensors")
    mean = checkpoint.mean([tmp_path / "0.safetensors", tmp_path / "1.safetensors"])
    checkpoint.save(mean, tmp_path / "mean.safetensors")
    assert [array.tolist() for array in mean.values()] == [[1.5]]


def test_inputs_are_hidden_whole_and_in_training() -> None:
    hide = HideInputs(0.25, autoregressive=True)
    y = ops.ones((40, 50, 3))
    np.testing.assert_array_equal(ops.convert_to_numpy(hide(y, training=False)), 1.0)
    keras.utils.set_random_seed(1)
    kept = ops.convert_to_numpy(hide(y, training=True))
    np.testing.assert_array_equal(kept.min(-1), kept.max(-1))
    assert abs(kept.mean() - 0.75) < 0.03
    blind = HideInputs(0.25, autoregressive=False)
    for training in (True, False):
        assert not np.any(ops.convert_to_numpy(blind(y, training=training)))
