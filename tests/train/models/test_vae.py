"""The variational autoencoder: its bound against the likelihood itself, and what it reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers.latents import Gaussian
from components.train.network import Network
from tests.train.models.greedy import greedy_by_steps, greedy_of_the_whole
from tests.train.tiny_networks import batch_of, logits_of, network_of, unseen

SMALL = {"latent_size": 3}
VARIANTS = {"warm": {"kl_warmup_steps": 10, "free_nats": 1.0, "word_dropout": 0.3}}


def to_numpy(x: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(x).astype(np.float64)


def log_likelihood(network: Network, batch: dict[str, Any], z: np.ndarray) -> np.ndarray:
    """log p(y | z, x) of each example [B], z [B, Z]."""
    latents = keras.ops.convert_to_tensor(z.astype(np.float32))
    network.body.see_targets = lambda y, mask, memory, training=None: {**memory, "latent": latents}
    logits = logits_of(network, batch).astype(np.float64)
    del network.body.see_targets
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(log_p, batch["targets"][..., None], -1)[..., 0]
    return (chosen * (batch["targets"] != 0)).sum(-1)


def posterior_of(network: Network, batch: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations [B, Z] of q(z | y, x)."""
    kept: list[Gaussian] = []
    own = Gaussian.kl

    def kl(self: Gaussian, other: Gaussian) -> Any:
        kept.append(self)
        return own(self, other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gaussian, "kl", kl)
        network.per_example_loss(batch)
    return to_numpy(kept[0].mean), np.exp(0.5 * to_numpy(kept[0].log_variance))


def test_the_bound_is_below_the_likelihood_by_the_posteriors_error(tmp_path: Path) -> None:
    """log p(y) - E_q[log p(y | z)] + KL(q || p) = KL(q || p(z | y)), all by sums over a grid of z."""
    network = network_of("vae", "symbol", tmp_path, latent_size=1)
    batch = batch_of("symbol")
    mean, deviation = posterior_of(network, batch)
    grid, width = np.linspace(-14.0, 14.0, 141), 0.2
    whole = {
        name: np.tile(array, (141,) + (1,) * (array.ndim - 1)) for name, array in batch.items()
    }
    given = log_likelihood(network, whole, np.repeat(grid, 3)[:, None]).reshape(141, 3)
    prior = np.exp(-0.5 * grid[:, None] ** 2) / np.sqrt(2 * np.pi)
    away = (grid[:, None] - mean.T) / deviation.T
    q = np.exp(-0.5 * away**2) / np.sqrt(2 * np.pi) / deviation.T
    evidence = np.log((prior * np.exp(given)).sum(0) * width)
    kl = (q * np.log(np.maximum(q, 1e-300) / prior)).sum(0) * width
    bound = (q * given).sum(0) * width - kl
    posterior = prior * np.exp(given) / np.exp(evidence)
    error = (q * np.log(np.maximum(q, 1e-300) / posterior)).sum(0) * width
    np.testing.assert_allclose(evidence - bound, error, atol=1e-6)
    assert np.all(bound < evidence) and np.all(error > 1e-4)
    # What is reported: the same bound, its expectation at one draw.
    draw = network.body.noise.fixed[0, 0]
    reported = log_likelihood(network, batch, mean + deviation * draw) - kl
    np.testing.assert_allclose(-to_numpy(network.per_example_loss(batch)[0]), reported, atol=1e-4)


def test_a_step_of_training_pays_the_latents_of_real_examples(tmp_path: Path) -> None:
    """loss = (sum nll + weight * sum KL) / targets, rows that fill up the batch apart."""
    network = network_of("vae", "symbol", tmp_path, kl_weight=0.5, label_smoothing=0.0)
    batch = batch_of("symbol")
    filled = {name: np.pad(a, [(0, 2)] + [(0, 0)] * (a.ndim - 1)) for name, a in batch.items()}
    mean, deviation = posterior_of(network, batch)
    kl = 0.5 * np.sum(deviation**2 + mean**2 - 1 - 2 * np.log(deviation), axis=-1)
    for one in (batch, filled):
        logits = network(one, training=True)
        loss = float(network.compute_loss(x=one, y_pred=logits))
        nll = float(network.compute_loss(x=one, y_pred=logits, training=False))
        assert loss == pytest.approx(nll + 0.5 * kl.sum() / np.count_nonzero(batch["targets"]))


def test_without_the_targets_so_far_they_are_independent(tmp_path: Path) -> None:
    network = network_of("vae", "symbol", tmp_path, autoregressive=False)
    batch = batch_of("symbol")
    logits = logits_of(unseen(network), batch)
    other = {**batch, "targets": 3 + (batch["targets"] + 1) % 8}
    np.testing.assert_array_equal(logits_of(network, other), logits)
    assert np.abs(logits[:, 1] - logits[:, 0]).max() > 1e-3  # positions are told apart
    inputs, limits = batch["inputs"], [6, 2, 5]
    ids, scores = greedy_by_steps(network, inputs, limits)
    expected, expected_scores = greedy_of_the_whole(network, inputs, limits)
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5)


def test_what_is_decoded_is_at_the_priors_mean(tmp_path: Path) -> None:
    network = network_of("vae", "symbol", tmp_path)
    batch = batch_of("symbol")
    at_zero = log_likelihood(network, batch, np.zeros((3, 3)))
    nll = network.target_net.nll(logits_of(unseen(network), batch), batch["targets"])
    found = -(to_numpy(nll) * (batch["targets"] != 0)).sum(-1)
    np.testing.assert_allclose(found, at_zero, rtol=1e-5)
