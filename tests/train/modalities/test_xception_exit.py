"""The exit flow against its formula, its padding, and what it is read out with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature, Manifest
from components.eval.readouts.class_label import Readout
from components.train.modalities.xception_exit import Modality
from components.train.network import build_network
from tests.train.layers.numpy_conv import conv, norm, weights_of

D, V = 8, 7


def made(d_model: int = D) -> Modality:
    keras.utils.set_random_seed(1)
    modality = Modality(Feature("class_label", "labels", V), SimpleNamespace(d_model=d_model))
    modality.build()
    rng = np.random.default_rng(2)
    for weight in modality.weights:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    return modality


def reference(modality: Modality, h: np.ndarray) -> np.ndarray:
    """One example without padding, [L, D] -> [V]."""

    def step(x: np.ndarray, layer: Any) -> np.ndarray:
        w = weights_of(layer.conv, "conv") | weights_of(layer.norm, "norm")
        x = conv(np.maximum(x, 0), w, "conv", cut=0, taps=5, dilation=1, left=False)
        return norm(x, w, "norm")

    h = h[None].astype(np.float64)
    y = step(step(h, modality.down[0]), modality.down[1])
    around = step(h, modality.around)
    places = range(0, h.shape[1], 4)
    z = np.stack([y[:, max(t - 2, 0) : t + 3].max(1) + around[:, t] for t in places], axis=1)
    z = step(step(z, modality.up[0]), modality.up[1])
    return np.maximum(z, 0).mean(1)[0] @ np.asarray(modality.kernel) + np.asarray(modality.bias)


@pytest.mark.parametrize("length", [1, 2, 4, 5, 18])
def test_logits_are_those_of_the_formula_however_far_it_is_padded(length: int) -> None:
    modality = made()
    h = np.random.default_rng(length).normal(size=(1, length, D)).astype(np.float32)
    there = np.ones((1, length), bool)
    found = np.asarray(modality.top(h, there))
    assert found.shape == (1, 1, V)
    np.testing.assert_allclose(found[0, 0], reference(modality, h[0]), atol=1e-4)
    for more in (1, 3, 4):
        longer = np.pad(h, [(0, 0), (0, more), (0, 0)], constant_values=9.0)
        padded = modality.top(longer, np.pad(there, [(0, 0), (0, more)]))
        np.testing.assert_allclose(np.asarray(padded), found, atol=1e-5)


def test_a_row_with_nothing_in_it_is_finite() -> None:
    found = np.asarray(made().top(np.ones((2, 5, D), np.float32), np.zeros((2, 5), bool)))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("d", [8, 128])
def test_weights_are_those_of_the_formula(d: int) -> None:
    def step(channels: int, filters: int) -> int:
        return 5 * channels + channels * filters + 2 * filters

    wide = d * 5 // 4
    steps = step(d, d) + 2 * step(d, wide) + step(wide, 2 * d) + step(2 * d, 2 * wide)
    assert made(d).count_params() == steps + 2 * wide * V + V


def test_a_label_is_ranked_and_its_loss_is_one_number_an_example() -> None:
    words, label = Feature("symbol", "words", 20), Feature("class_label", "labels", V)
    features = {"inputs": words, "targets": label}
    small = {"d_model": D, "num_heads": 2, "num_layers": 1, "moe_num_experts": 2}
    network = build_network(Manifest("m", "t", features, {}, (), "", 1), "multimodel", small)
    batch = {"inputs": np.array([[5, 6, 7], [8, 0, 0]]), "targets": np.array([[3], [0]])}
    ranks, scores = Readout(network)(batch)
    assert ranks.shape == (2, 5) and np.all(np.diff(np.asarray(scores), axis=1) <= 0)
    nll, count, _ = network.per_example_loss(batch)
    assert np.asarray(count).tolist() == [1, 1]
    logits = np.asarray(network(batch, training=False))[:, 0]
    wanted = np.log(np.exp(logits).sum(1)) - logits[[0, 1], [3, 0]]
    np.testing.assert_allclose(np.asarray(nll), wanted, atol=1e-5)
