"""The Transformer with latents: its bound against sums over all latents, and who sees which latent."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.train.network import Network
from tests.train.models.greedy import greedy_by_steps, greedy_of_the_whole
from tests.train.tiny_networks import batch_of, logits_of, network_of

SMALL = {"latent_size": 4, "num_compress_steps": 1}
VARIANTS: dict[str, dict[str, Any]] = {
    "gumbel_softmax": {"bottleneck_kind": "gumbel_softmax"},
    "dvq": {"bottleneck_kind": "dvq", "latent_parts": 2, "num_compress_steps": 2},
    "vae": {"bottleneck_kind": "vae", "word_dropout": 0.3},
}
DISCRETE = ["semhash", "gumbel_softmax", "dvq"]


def to_numpy(x: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    logits = logits.astype(np.float64)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def log_joint(network: Network, batch: dict[str, Any], codes: np.ndarray) -> Any:
    """log p(l | x) and log p(y | l, x) [B], codes [B, M]."""
    body = network.body
    memory = network.encode(batch, training=False)
    latents = body.bottleneck.of_codes(codes)
    prior = log_softmax(to_numpy(body.parameters(latents, memory)))
    body.see_targets = lambda y, mask, memory, training=None: {**memory, "latents": latents}
    symbols = log_softmax(logits_of(network, batch))
    del body.see_targets
    pairs = ((prior, codes), (symbols, batch["targets"]))
    return [np.take_along_axis(p, ids[..., None], -1)[..., 0].sum(-1) for p, ids in pairs]


@pytest.mark.parametrize("kind", DISCRETE)
def test_the_bound_is_below_the_likelihood_that_sums_over_all_latents(
    kind: str, tmp_path: Path
) -> None:
    """Two latents of four codes: log p(y) = log sum_l p(l) p(y | l), and the bound is one of its terms."""
    network = network_of(
        "transformer_vae",
        "symbol",
        tmp_path,
        bottleneck_kind=kind,
        latent_size=2,
        num_compress_steps=2,
    )
    batch = batch_of("symbol")
    batch["targets"] = np.random.default_rng(1).integers(3, 11, (3, 5)).astype(np.int32)
    codes = np.array(list(itertools.product(range(4), repeat=2)), np.int32)
    whole = {name: np.tile(array, (16,) + (1,) * (array.ndim - 1)) for name, array in batch.items()}
    terms = [one.reshape(16, 3) for one in log_joint(network, whole, np.repeat(codes, 3, axis=0))]
    np.testing.assert_allclose(np.exp(terms[0]).sum(0), 1.0, rtol=1e-5)
    joint = terms[0] + terms[1]
    evidence = np.log(np.exp(joint).sum(0))
    bound = -to_numpy(network.per_example_loss(batch)[0])
    assert np.all(bound < evidence)
    apart = np.abs(joint - bound).min(0)
    np.testing.assert_allclose(apart, 0.0, atol=1e-4)
    assert np.all(np.abs(joint - bound).max(0) > 1e-3)  # terms that are told apart


def test_the_continuous_bound_is_below_what_importance_sampling_finds(tmp_path: Path) -> None:
    """With w = p(y, z) / q(z) of 2,000 draws: the mean of log w is the bound, below the log of the mean."""
    network = network_of(
        "transformer_vae", "symbol", tmp_path, bottleneck_kind="vae", latent_size=2
    )
    bottleneck, draws = network.body.bottleneck, 2000
    batch = {
        name: np.repeat(array[1:], draws, axis=0) for name, array in batch_of("symbol").items()
    }
    noise = np.random.default_rng(2).standard_normal((2 * draws, 3, 2)).astype(np.float32)
    kept: dict[str, Any] = {}
    own = bottleneck.nats

    def nats(q: Any, prior: Any) -> Any:
        kept.update(q=q, prior=prior, kl=own(q, prior))
        return kept["kl"]

    bottleneck.nats, bottleneck.noise = nats, lambda mean, training=None: noise
    reported = -to_numpy(network.per_example_loss(batch)[0]).astype(np.float64)
    q, p = kept["q"], np.split(to_numpy(kept["prior"]).astype(np.float64), 2, axis=-1)
    z = to_numpy(q.draw(noise)).astype(np.float64)
    log_q = -0.5 * noise**2 - 0.5 * to_numpy(q.log_variance)
    log_p = -0.5 * (z - p[0]) ** 2 / np.exp(p[1]) - 0.5 * p[1]
    log_w = reported + to_numpy(kept["kl"]).sum(-1) + (log_p - log_q).sum((-1, -2))
    bounds, log_w = reported.reshape(2, draws), log_w.reshape(2, draws)
    evidence = np.log(np.exp(log_w).mean(1))
    assert np.all(bounds.mean(1) + 0.1 < evidence)
    # Both means estimate the same bound.
    error = (log_w - bounds).std(1) / draws**0.5
    np.testing.assert_array_less(np.abs(log_w.mean(1) - bounds.mean(1)), 4 * error)


@pytest.mark.parametrize("kind", [*DISCRETE, "vae"])
def test_a_search_with_a_cache_that_grows_writes_what_the_whole_says(
    kind: str, tmp_path: Path
) -> None:
    """The whole is decoded with as many latents as it has targets so far, so that this also says that
    later latents change nothing."""
    network = network_of(
        "transformer_vae", "symbol", tmp_path, bottleneck_kind=kind, num_compress_steps=2
    )
    inputs, limits = batch_of("symbol")["inputs"], [11, 3, 7]
    ids, scores = greedy_by_steps(network, inputs, limits)
    expected, expected_scores = greedy_of_the_whole(network, inputs, limits)
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-4)


def test_a_latent_speaks_from_its_own_stretch_on(tmp_path: Path) -> None:
    network = network_of("transformer_vae", "symbol", tmp_path, num_compress_steps=2)
    memory = network.encode(batch_of("symbol"), training=False)
    latents = np.random.default_rng(1).normal(size=(3, 4, 16)).astype(np.float32)
    d = to_numpy(network.body.decompress(latents, memory))
    assert d.shape == (3, 16, 16)
    for m in range(4):
        changed = latents.copy()
        changed[:, m] += 1.0
        moved = np.abs(to_numpy(network.body.decompress(changed, memory)) - d).max((0, 2)) > 1e-6
        assert not np.any(moved[: 4 * m]) and np.all(moved[4 * m : 4 * m + 4])


def test_latents_of_padding_cost_nothing(tmp_path: Path) -> None:
    network = network_of("transformer_vae", "symbol", tmp_path)
    batch = batch_of("symbol")
    found = to_numpy(network.per_example_loss(batch)[0])
    wider = {**batch, "targets": np.pad(batch["targets"], [(0, 0), (0, 6)])}
    np.testing.assert_allclose(to_numpy(network.per_example_loss(wider)[0]), found, rtol=1e-5)
    logits = logits_of(network, batch)
    nll = to_numpy(network.target_net.nll(logits, batch["targets"])) * (batch["targets"] != 0)
    nats = found - nll.sum(-1)
    # Codes of about even chances, 16 of them: 2 latents of the three targets, 3 of the five.
    np.testing.assert_allclose(nats, np.log(16.0) * np.array([2, 3, 3]), rtol=0.35)


def test_without_the_targets_so_far_latents_say_it_all(tmp_path: Path) -> None:
    network = network_of("transformer_vae", "symbol", tmp_path, autoregressive=False)
    batch = batch_of("symbol")
    logits = logits_of(network, batch)
    latents = network.body.bottleneck.of_codes(np.array([[1, 2, 3]] * 3))
    network.body.see_targets = lambda y, mask, memory, training=None: {**memory, "latents": latents}
    one = logits_of(network, batch)
    other = logits_of(network, {**batch, "targets": 3 + (batch["targets"] + 1) % 8})
    np.testing.assert_array_equal(one, other)
    assert np.abs(one - logits).max() > 1e-3
