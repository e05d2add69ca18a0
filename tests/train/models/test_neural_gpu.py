"""The Neural GPU against loops over positions in NumPy, and what it writes beyond its state."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import EOS
from components.eval.decoding.beam import beam_search
from components.eval.decoding.decoder import Decoder, Search
from components.eval.decoding.greedy import GREEDY
from components.train.models.neural_gpu import Body
from tests.train.tiny_networks import batch_of, logits_of, network_of

BLIND = True  # targets are written all at once
VARIANTS = {"diagonal": {"diagonal": True}}

D, LENGTHS = 7, (4, 1, 0)
MASK = np.arange(5) < np.array(LENGTHS)[:, None]


def body_of(*, diagonal: bool, dropout: float = 0.0, num_layers: int = 2) -> Any:
    keras.utils.set_random_seed(3)
    body: Any = Body(
        SimpleNamespace(d_model=D, num_layers=num_layers, dropout=dropout, diagonal=diagonal)
    )
    body.build()
    rng = np.random.default_rng(6)
    for weight in body.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.4, weight.shape).astype(np.float32))
    return body


def drawn() -> np.ndarray:
    return np.random.default_rng(9).normal(size=(3, 5, D)).astype(np.float32)


def convolved(s: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    found = np.tile(bias, (len(s), 1))
    for i in range(len(s)):
        for k in range(3):
            if 0 <= i + k - 1 < len(s):
                found[i] += s[i + k - 1] @ kernel[k]
    return found


def moved(s: np.ndarray) -> np.ndarray:
    """Of 7 channels 3 stay, 2 come from the left, 2 from the right."""
    found = np.zeros_like(s)
    for i in range(len(s)):
        found[i, :3] = s[i, :3]
        found[i, 3:5] = s[i - 1, 3:5] if i > 0 else 0.0
        found[i, 5:] = s[i + 1, 5:] if i + 1 < len(s) else 0.0
    return found


def by_hand(body: Any, x: np.ndarray, *, diagonal: bool) -> tuple[np.ndarray, list[float]]:
    """One example without padding: its last state, and what every gate of every step has above 0.9."""
    s = np.concatenate([x.astype(np.float64), np.zeros((len(x) + 2, D))])
    over: list[float] = []
    for _ in range(len(x)):
        for cgru in body.cgrus:
            gates_kernel, gates_bias, kernel, bias = (
                np.asarray(w, np.float64) for w in cgru.weights
            )
            z = convolved(s, gates_kernel, gates_bias)
            over += np.maximum(np.abs(z) - 0.9, 0.0).ravel().tolist()
            opened = (z + 1) / 2 if diagonal else 1.2 / (1 + np.exp(-z)) - 0.1
            r, u = np.split(np.clip(opened, 0.0, 1.0), 2, axis=-1)
            candidate = np.tanh(convolved(r * s, kernel, bias))
            s = u * (moved(s) if diagonal else s) + (1 - u) * candidate
    return s, over


@pytest.mark.parametrize("diagonal", [False, True])
def test_it_is_a_loop_over_steps_layers_and_positions(diagonal: bool) -> None:
    body, x = body_of(diagonal=diagonal), drawn()
    found = np.asarray(body.encode(x, MASK)["written"])
    assert found.shape == (3, 12, D)
    for row, length in enumerate(LENGTHS):
        expected, _ = by_hand(body, x[row, :length], diagonal=diagonal)
        places = 2 * length + 2
        np.testing.assert_allclose(found[row, :places], expected, atol=1e-5)
        assert not np.any(found[row, places:])


def test_saturated_gates_cost_something_in_training_of_the_diagonal_variant() -> None:
    body, x = body_of(diagonal=True), drawn()
    body.encode(x, MASK, training=False)
    assert not body.losses
    for width in (5, 9):  # padding is no gate
        wide = np.pad(x, [(0, 0), (0, width - 5), (0, 0)])
        body = body_of(diagonal=True)
        body.encode(wide, np.pad(MASK, [(0, 0), (0, width - 5)]), training=True)
        (cost,) = body.losses
        over = [
            value
            for row, length in enumerate(LENGTHS)
            for value in by_hand(body, x[row, :length], diagonal=True)[1]
        ]
        assert float(cost) == pytest.approx(2.0 * sum(over) / len(over), rel=1e-5)
    plain = body_of(diagonal=False)
    plain.encode(x, MASK, training=True)
    assert not plain.losses


def test_initial_gates_are_tensor2tensors() -> None:
    keras.utils.set_random_seed(3)
    for diagonal, (reset, update) in ((False, (1.0, 1.0)), (True, (0.5, 0.7))):
        body = Body(SimpleNamespace(d_model=D, num_layers=1, dropout=0.0, diagonal=diagonal))
        body.build()
        expected = np.repeat(np.array([reset, update], np.float32), D)
        np.testing.assert_array_equal(np.asarray(body.cgrus[0].gates_bias), expected)
        assert not np.any(np.asarray(body.cgrus[0].bias))


def test_candidates_are_dropped_anew_at_every_step_in_training_only() -> None:
    body = body_of(diagonal=False, dropout=0.25)
    noise = np.asarray(body.noise(6, (3, 10, D), "float32", True))
    assert noise.shape == (6, 2, 3, 10, D)
    assert set(np.unique(noise)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(np.mean(noise == 0) - 0.25) < 0.03
    assert np.any(noise[0] != noise[1]) and np.any(noise[:, 0] != noise[:, 1])
    np.testing.assert_array_equal(np.asarray(body.noise(6, (3, 10, D), "float32", False)), 1.0)
    x = drawn()
    quiet, trained = (
        np.asarray(body.encode(x, MASK, training=t)["written"]) for t in (False, True)
    )
    assert np.abs(quiet - trained).max() > 1e-2


def test_nothing_is_written_beyond_the_state() -> None:
    """Inputs of one symbol have room for 2 * 1 + 2 targets; the others get zeros."""
    body, x = body_of(diagonal=False), drawn()[:, :1]
    memory = body.encode(x, np.ones((3, 1), bool))
    found = np.asarray(body.decode(np.zeros((3, 6, D), np.float32), memory))
    assert found.shape == (3, 6, D)
    np.testing.assert_array_equal(found[:, :4], np.asarray(memory["written"]))
    assert not np.any(found[:, 4:])
    short = np.asarray(body.decode(np.zeros((3, 2, D), np.float32), memory))
    np.testing.assert_array_equal(short, found[:, :2])
    for position in (3, 5):
        y = np.zeros((6, D), np.float32)
        step, cache = body.step(y, position, {}, memory)
        np.testing.assert_array_equal(np.asarray(step), np.repeat(found[:, position], 2, axis=0))
        assert cache == {}


def test_nothing_of_the_targets_is_read(tmp_path: Path) -> None:
    network, batch = network_of("neural_gpu", "symbol", tmp_path), batch_of("symbol")
    other = {**batch, "targets": np.roll(batch["targets"], 1)}
    np.testing.assert_array_equal(logits_of(network, other), logits_of(network, batch))


def test_every_search_finds_the_most_probable_symbols(tmp_path: Path) -> None:
    """Positions are independent: the best output ends with the first EOS that is likeliest."""
    network, batch = network_of("neural_gpu", "symbol", tmp_path), batch_of("symbol")
    room = np.ones((3, 5), bool)
    logits = logits_of(network, batch)[:, :, 1:]  # padding is never written
    wanted = 1 + logits.argmax(-1)
    for row in wanted:
        ends = np.flatnonzero(row == EOS)
        row[ends[0] + 1 if len(ends) else len(row) :] = 0
    asked = {"inputs": batch["inputs"], "room": room}
    ids, _ = Decoder(network, GREEDY).predict_on_batch(asked)
    np.testing.assert_array_equal(ids, wanted)

    def run(step: Any, init_cache: Any, batch: Any, memory: Any) -> tuple[Any, Any]:
        ids, scores = beam_search(step, init_cache, batch["room"], memory, beam_size=3, alpha=0.0)
        return ids[:, 0], scores[:, 0]

    ids, scores = Decoder(network, Search(3, run)).predict_on_batch(asked)
    assert ids.shape == (3, 5)
    log_probs = np.log(np.exp(logits_of(network, batch)).sum(-1))
    for row, score, all_logits, total in zip(
        ids, scores, logits_of(network, batch), log_probs, strict=True
    ):
        written = np.count_nonzero(row)
        expected = sum(all_logits[t, row[t]] - total[t] for t in range(written))
        assert score == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_it_is_trained_in_half_precision(policy: str, tmp_path: Path) -> None:
    keras.config.set_dtype_policy(policy)
    try:
        network = network_of("neural_gpu:diagonal", "symbol", tmp_path, dropout=0.1)
        network.compile(optimizer="sgd", jit_compile=False)
        assert np.isfinite(float(network.train_on_batch(batch_of("symbol"))))
    finally:
        keras.config.set_dtype_policy("float32")
