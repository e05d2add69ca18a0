"""Noisy top-k gating against NumPy, one position after another, and against drawing the noise again."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers.gating import NoisyTopKGating, cv_squared, prob_in_top_k

N, D, E, K = 40, 8, 5, 2


def softplus(z: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(z))


def drawn(k: int = K) -> tuple[NoisyTopKGating, np.ndarray]:
    """A layer with weights, and positions."""
    rng = np.random.default_rng(1)
    layer = NoisyTopKGating(D, num_experts=E, k=k)
    layer.gate_kernel.assign(rng.normal(0, 0.5, (D, E)))
    layer.noise_kernel.assign(rng.normal(0, 0.5, (D, E)))
    return layer, rng.normal(size=(N, D)).astype(np.float32)


def called(layer: NoisyTopKGating, x: np.ndarray, real: np.ndarray, training: bool) -> Any:
    """The layer's answer in NumPy, its noise from seed 11."""
    layer.seeds = keras.random.SeedGenerator(11)
    found = layer(x, real, training=training)
    return [None if one is None else keras.ops.convert_to_numpy(one) for one in found]


def noise_of(shape: tuple[int, int]) -> np.ndarray:
    drawn = keras.random.normal(shape, seed=keras.random.SeedGenerator(11))
    return keras.ops.convert_to_numpy(drawn).astype(np.float64)


def chances(clean: np.ndarray, noisy: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """What `prob_in_top_k` gives for logits, with noise of a deviation and without."""
    best = -np.sort(-noisy, axis=1)[:, : K + 1]
    given = [one.astype(np.float32) for one in (clean, noisy, sigma, best)]
    found = prob_in_top_k(given[0], given[1], given[2], given[3], K)
    return keras.ops.convert_to_numpy(found)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("k", [1, 2, E])
def test_gates_and_importance_are_those_of_numpy(k: int, training: bool) -> None:
    layer, x = drawn(k)
    real = np.arange(N) % 7 != 3
    experts, gates, importance, _ = called(layer, x, real, training)
    gate, noise = (np.asarray(one, np.float64) for one in layer.get_weights()[:2])
    logits = x @ gate
    if training:
        logits = logits + noise_of((N, E)) * (softplus(x @ noise) + 0.01)
    expected = np.zeros(E)
    for n in range(N):
        best = sorted(range(E), key=lambda e: -logits[n, e])[:k]
        weights = np.exp([logits[n, e] for e in best])
        weights /= weights.sum()
        assert experts[n].tolist() == best
        np.testing.assert_allclose(gates[n], weights, atol=1e-6)
        if real[n]:
            expected[best] += weights
    np.testing.assert_allclose(importance, expected, atol=1e-5)


def test_load_is_how_often_an_expert_is_chosen_when_its_own_noise_is_drawn_again() -> None:
    rng = np.random.default_rng(2)
    clean, sigma = rng.normal(size=(3, 4)), rng.uniform(0.3, 1.5, (3, 4))
    noisy = clean + sigma * rng.normal(size=(3, 4))
    found = chances(clean, noisy, sigma)
    for n in range(3):
        for e in range(4):
            own = clean[n, e] + sigma[n, e] * rng.normal(size=200_000)
            second_of_others = np.sort(np.delete(noisy[n], e))[-K]
            assert abs(found[n, e] - np.mean(own > second_of_others)) < 1e-2
    assert found.min() > 0 and found.max() < 1 and np.ptp(found) > 0.3


@pytest.mark.parametrize(
    ("values", "expected"), [([2, 2, 2], 0), ([0, 0, 0, 4], 3), ([1, 3], 0.25), ([0, 0], 0)]
)
def test_the_squared_coefficient_of_variation_by_hand(values: list[int], expected: float) -> None:
    assert float(cv_squared(np.array(values, np.float32))) == pytest.approx(expected, abs=1e-6)


def test_the_imbalance_is_of_importance_and_load() -> None:
    layer, x = drawn()
    real = np.ones(N, bool)
    _, _, importance, imbalance = called(layer, x, real, training=True)
    gate, noise = (np.asarray(one, np.float64) for one in layer.get_weights()[:2])
    clean, sigma = x @ gate, softplus(x @ noise) + 0.01
    noisy = clean + noise_of((N, E)) * sigma
    load = chances(clean, noisy, sigma).sum(axis=0)
    expected = sum(np.var(one) / np.mean(one) ** 2 for one in (importance, load))
    assert imbalance == pytest.approx(expected, rel=1e-4) and expected > 0.01
    assert called(layer, x, real, training=False)[3] is None


def test_what_is_not_real_counts_for_nothing() -> None:
    layer, x = drawn()
    real = np.arange(N) < 30
    changed = np.where(real[:, None], x, -3 * x)
    first, second = (called(layer, one, real, training=True) for one in (x, changed))
    np.testing.assert_array_equal(first[2], second[2])
    assert first[3] == second[3] and first[2].sum() == pytest.approx(30, abs=1e-4)
    nothing = called(layer, x, np.zeros(N, bool), training=True)
    assert nothing[3] == 0 and not nothing[2].any()


def test_at_first_chance_decides_and_all_experts_are_as_busy() -> None:
    layer = NoisyTopKGating(D, num_experts=E, k=K)
    x = np.random.default_rng(3).normal(size=(5000, D)).astype(np.float32)
    real = np.ones(5000, bool)
    experts, _, importance, imbalance = called(layer, x, real, training=True)
    counts = np.bincount(experts.ravel(), minlength=E)
    assert np.abs(counts - 2000).max() < 4 * 35  # binomial: sqrt(5000 * .4 * .6) = 35
    assert np.abs(importance - 1000).max() < 100 and imbalance < 0.01
    experts, gates, *_ = called(layer, x, real, training=False)
    assert (experts == [0, 1]).all() and (gates == 0.5).all()  # all alike: the first ones
