"""The Image Transformer: its window, its positions, bits per dimension, its number of weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature, Manifest
from components.eval.metrics import bits_per_dim
from components.train.network import build_network, count_params
from tests.tiny import WORDS
from tests.train.models.greedy import greedy_by_steps, greedy_of_the_whole
from tests.train.tiny_networks import batch_of, logits_of, network_of

SMALL = {"block_length": 2, "row_length": 3}
TWO: dict[str, Any] = {
    "local_attention": "2d",
    "query_height": 1,
    "query_width": 2,
    "memory_height": 1,
    "memory_width": 1,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "2d": TWO,
    "attend": {"conditioning": "attend"},
    "relative": {"positions": "relative"},
    "rope_2d": {**TWO, "positions": "rope", "num_kv_heads": 1},
}


def images(inputs: str, **values: Any) -> Any:
    """A network that writes images of 2 x 3 pixels in 5 symbols, and a batch of 4."""
    features = {
        "inputs": Feature(inputs, None if inputs == "nothing" else "labels", 3),
        "targets": Feature("symbol", "pixels", 8, options={"eos": False, "image": [2, 3, 1]}),
    }
    manifest = Manifest("tiny", "image_generation", features, {}, ("bits_per_dim",), "", seed=1)
    keras.utils.set_random_seed(5)
    hparams = {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_ff": 24, "block_length": 2}
    network = build_network(manifest, "image_transformer", {**hparams, **values})
    rng = np.random.default_rng(3)
    given = np.zeros((4, 1), np.int32) if inputs == "nothing" else np.array([[0], [1], [2], [1]])
    targets = rng.integers(3, 8, (4, 6)).astype(np.int32)
    return network, {"inputs": given, "targets": targets, "tokens": np.full(4, 24, "f")}


def test_as_many_weights_as_its_formula(tmp_path: Path) -> None:
    network = network_of("image_transformer", "symbol", tmp_path)
    d, ff, layers = 16, 24, 2
    layer = 4 * d * d + (2 * d * ff + ff + d) + 2 * (2 * d)
    assert count_params(network) == len(WORDS) * d + layers * layer + 2 * d


def test_a_block_that_holds_everything_is_full_attention(tmp_path: Path) -> None:
    logits = {}
    for size in (2, 5, 64):
        network = network_of("image_transformer", "symbol", tmp_path, block_length=size)
        logits[size] = logits_of(network, batch_of("symbol"))
    np.testing.assert_allclose(logits[5], logits[64], atol=1e-5)
    np.testing.assert_allclose(logits[2][:, :4], logits[64][:, :4], atol=1e-5)
    assert np.abs(logits[2][:, 4] - logits[64][:, 4]).max() > 1e-3


@pytest.mark.parametrize("shape", ["1d", "2d"])
def test_one_layer_sees_its_window_and_no_more(shape: str, tmp_path: Path) -> None:
    own = TWO if shape == "2d" else {}
    network = network_of("image_transformer", "symbol", tmp_path, num_layers=1, **own)
    rng = np.random.default_rng(6)
    batch = {"inputs": batch_of("symbol")["inputs"], "targets": rng.integers(3, 11, (3, 12))}
    logits = logits_of(network, batch)
    for t in range(11):  # target t is input t + 1
        changed = {**batch, "targets": batch["targets"].copy()}
        changed["targets"][:, t] = 3 + (changed["targets"][:, t] + 1) % 8
        moved = np.abs(logits_of(network, changed) - logits).max((0, 2)) > 1e-6
        matrix = keras.ops.convert_to_numpy(network.body.window.mask.matrix(12, 12))
        assert moved.tolist() == matrix[:, t + 1].tolist()


@pytest.mark.parametrize("own", [{}, TWO, {"conditioning": "attend"}])
def test_a_search_with_a_cache_that_grows_writes_what_the_whole_says(
    own: dict[str, Any], tmp_path: Path
) -> None:
    network = network_of("image_transformer", "symbol", tmp_path, **own)
    inputs, limits = batch_of("symbol")["inputs"], [11, 3, 7]
    ids, scores = greedy_by_steps(network, inputs, limits)
    expected, expected_scores = greedy_of_the_whole(network, inputs, limits)
    np.testing.assert_array_equal(ids, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5)


@pytest.mark.parametrize("inputs", ["nothing", "class_label"])
def test_bits_per_dimension_by_hand(inputs: str) -> None:
    """-log2 of the probability of each of 24 pixels, over 24."""
    network, batch = images(inputs, row_length=3)
    logits = logits_of(network, batch)
    bits = 0.0
    for image, pixel in np.ndindex(4, 6):
        chances = np.exp(logits[image, pixel].astype(np.float64))
        chance = chances[batch["targets"][image, pixel]] / chances.sum()
        bits += -math.log2(chance)
    losses = np.stack(
        [keras.ops.convert_to_numpy(one) for one in network.per_example_loss(batch)], -1
    )
    found = bits_per_dim.metric([""] * 4, losses)["bits_per_dim"]
    assert found == pytest.approx(bits / 24, rel=1e-5)
    assert 2.0 < found < 5.0  # of log2 8 = 3 where nothing was learned


def test_what_is_known_of_a_class_reaches_the_first_pixel() -> None:
    network, batch = images("class_label")
    logits = logits_of(network, batch)
    np.testing.assert_allclose(logits[1, 0], logits[3, 0], atol=1e-6)
    assert np.abs(logits[1, 0] - logits[2, 0]).max() > 1e-3


def test_positions_are_by_row_and_column(tmp_path: Path) -> None:
    """Tensor2Tensor's get_timing_signal for two dimensions: half of the channels each."""
    body = network_of("image_transformer", "symbol", tmp_path).body
    found = keras.ops.convert_to_numpy(body.placed(np.zeros((7, 16), "f"), np.arange(7)))
    for t in range(7):
        expected: list[float] = []
        for place in divmod(t, 3):
            rates = [math.exp(-i * math.log(1e4) / 3) for i in range(4)]
            expected += [math.sin(place * rate) for rate in rates]
            expected += [math.cos(place * rate) for rate in rates]
        np.testing.assert_allclose(found[t], expected, atol=1e-6)
