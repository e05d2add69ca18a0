"""The Universal Transformer: against a Transformer of equal layers, and against NumPy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature, Manifest
from components.train.network import build_network, count_params
from components.train.watch import watching
from tests.train.numpy_layers import (
    attention,
    disturbed,
    feed_forward,
    norm,
    timing,
    value,
    wrapped,
)

VARIANTS = {
    "adaptive": {"adaptive": True, "step_signal": "learned"},
    "adaptive_post": {"adaptive": True, "norm": "post", "act_max_steps": 3, "positions": "rope"},
}
D, V, STEPS = 16, 50, 3
SMALL = {"d_model": D, "num_heads": 2, "d_ff": 24, "num_layers": 2, "recurrence_steps": STEPS}
ADAPTIVE: dict[str, Any] = {"adaptive": True, "act_halting_bias": -0.5, "act_loss_coef": 0.25}


def network(model: str = "universal_transformer", **values: Any) -> Any:
    symbols = Feature("symbol", "words", V)
    manifest = Manifest("m", "t", {"inputs": symbols, "targets": symbols}, {}, (), "", 1)
    keras.utils.set_random_seed(3)
    quiet = {"dropout": 0.0, "attention_dropout": 0.0, "relu_dropout": 0.0}
    if model == "universal_transformer":
        values = {**SMALL, **values}
    return disturbed(build_network(manifest, model, {**quiet, **values}))


def batch() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    inputs, targets = (rng.integers(3, V, (3, n)).astype(np.int32) for n in (7, 6))
    inputs[1, 4:] = targets[0, 3:] = targets[2, 5:] = 0
    return {"inputs": inputs, "targets": targets, "tokens": np.full(3, 14, np.float32)}


def test_without_coordinates_it_is_a_transformer_of_equal_layers() -> None:
    ours = network(positions="none", step_signal="learned")
    for time in (ours.body.encoder_time, ours.body.decoder_time):
        time.table.assign(np.zeros((STEPS, D)))
    same = {name: size for name, size in SMALL.items() if name != "recurrence_steps"}
    theirs = network("transformer", **{**same, "num_layers": STEPS, "positions": "none"})
    body = theirs.body
    pairs = [(ours.target_net, theirs.target_net), (ours.body.close, body.close)]
    pairs += [(ours.body.encoder_close, body.encoder.close)]
    pairs += [(ours.body.encoder, layer) for layer in body.encoder.layers]
    pairs += [(ours.body.decoder, layer) for layer in body.decoder]
    for one, other in pairs:
        for weight, copy in zip(one.trainable_weights, other.trainable_weights, strict=True):
            copy.assign(weight)
    body.target_space.assign(ours.body.target_space)
    found, expected = ours(batch(), training=False), theirs(batch(), training=False)
    np.testing.assert_allclose(found, expected, atol=1e-5)


class Reference:
    """The paper's equations with Graves's halting, one position after the other; float64."""

    def __init__(self, net: Any, adaptive: bool, step_signal: str) -> None:
        self.net, self.adaptive, self.signal = net, adaptive, step_signal
        self.spent: dict[str, np.ndarray] = {}

    def enter(self, state: np.ndarray, time: Any, n: int) -> np.ndarray:
        state = state + timing(np.arange(state.shape[1]), D, D // 2 - 1)
        if self.signal == "learned":
            return state + value(time.table)[n] * D**0.5
        return state + timing(np.array(n + 1), D, D // 2)

    def repeat(self, x: np.ndarray, time: Any, name: str, layer: Any) -> np.ndarray:
        if not self.adaptive:
            for n in range(STEPS):
                x = layer(self.enter(x, time, n))
            return x
        state, mean = x, np.zeros_like(x)
        total, steps, left = np.zeros(x.shape[:2]), np.zeros(x.shape[:2]), np.zeros(x.shape[:2])
        for n in range(2 * STEPS):
            entered = self.enter(state, time, n)
            new, kept = layer(entered), state.copy()
            for place in np.ndindex(x.shape[:2]):
                if total[place] >= 1:
                    continue
                logit = entered[place] @ value(time.time.w)[:, 0] + value(time.time.b)[0]
                h = 1 / (1 + np.exp(-logit))
                if total[place] + h >= 0.99 or n == 2 * STEPS - 1:
                    h = left[place] = 1 - total[place]
                    total[place] = 1
                else:
                    total[place] += h
                mean[place] += h * new[place]
                steps[place] += 1
                kept[place] = new[place]
            state = kept
        self.spent[name] = steps + left
        return mean

    def logits(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        body, table = self.net.body, value(self.net.target_net.embedding)
        inputs = batch["inputs"]
        targets = np.pad(batch["targets"][:, :-1], [(0, 0), (1, 0)])
        x, y = (table[ids] * D**0.5 * (ids != 0)[..., None] for ids in (inputs, targets))
        real = (inputs != 0)[:, None]
        past = np.tril(np.ones((1, y.shape[1], y.shape[1]), bool))

        def read(h: np.ndarray) -> np.ndarray:
            layer = body.encoder
            h = wrapped(layer.wrap_attention, h, lambda z: attention(layer.attention, z, z, real))
            return wrapped(layer.wrap_ffn, h, lambda z: feed_forward(layer.feed_forward, z))

        h = self.repeat(x + value(body.target_space), body.encoder_time, "inputs", read)
        h = norm(body.encoder_close.norm, h)

        def write(g: np.ndarray) -> np.ndarray:
            layer = body.decoder
            own, over = layer.self_attention, layer.cross_attention
            g = wrapped(layer.wrap_self, g, lambda z: attention(own, z, z, past))
            g = wrapped(layer.wrap_cross, g, lambda z: attention(over, z, h, real))
            return wrapped(layer.wrap_ffn, g, lambda z: feed_forward(layer.feed_forward, z))

        g = self.repeat(y, body.decoder_time, "targets", write)
        return norm(body.close.norm, g) @ table.T


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("step_signal", ["sinusoid", "learned"])
def test_logits_are_those_of_the_equations(adaptive: bool, step_signal: str) -> None:
    net = network(step_signal=step_signal, **(ADAPTIVE if adaptive else {}))
    if adaptive:  # so that positions halt at different steps
        for time in (net.body.encoder_time.time, net.body.decoder_time.time):
            time.w.assign(np.random.default_rng(1).normal(0, 0.4, (D, 1)))
    reference = Reference(net, adaptive, step_signal)
    with watching() as seen:
        found = net(batch(), training=True)
    np.testing.assert_allclose(found, reference.logits(batch()), atol=1e-5)
    if not adaptive:
        assert not net.losses
        return
    costs = []
    for side in ("inputs", "targets"):
        real, spent = batch()[side] != 0, reference.spent[side]
        time = net.body.encoder_time if side == "inputs" else net.body.decoder_time
        (steps,) = seen[f"{time.time.path}:ponder"]
        # R is above 0 and at most 1.
        np.testing.assert_array_equal(steps, np.ceil(spent - 1))
        assert len(set(steps[real])) > 1
        costs.append(0.25 * spent[real].mean())
    np.testing.assert_allclose(sorted(float(one) for one in net.losses), sorted(costs), rtol=1e-5)


def test_pondering_over_padding_costs_nothing() -> None:
    net = network(**ADAPTIVE)
    losses = []
    for wider in (0, 4):
        data = {name: np.pad(ids, [(0, 0), (0, wider)]) for name, ids in list(batch().items())[:2]}
        net({**data, "tokens": batch()["tokens"]}, training=True)
        losses.append([float(one) for one in net.losses])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_the_ponder_cost_is_part_of_the_loss_in_training_alone() -> None:
    net = network(**ADAPTIVE)
    logits = net(batch(), training=False)
    quiet = float(net.compute_loss(x=batch(), y_pred=logits))
    logits = net(batch(), training=True)
    loss = float(net.compute_loss(x=batch(), y_pred=logits))
    assert loss == pytest.approx(quiet + sum(float(one) for one in net.losses), rel=1e-5)
    assert loss > quiet + 0.25 * 2  # each stack takes a step at least, and a remainder


@pytest.mark.parametrize("adaptive", [False, True])
def test_depth_costs_no_weights(adaptive: bool) -> None:
    d, ff = D, 24
    layer_norm, four, ffn = 2 * d, 4 * d * d, 2 * d * ff + ff + d
    encoder, decoder = four + ffn + 2 * layer_norm, 2 * four + ffn + 3 * layer_norm
    halting = 2 * (d + 1) if adaptive else 0
    expected = V * d + d + encoder + decoder + 2 * layer_norm + halting
    for steps in (1, 9):
        found = count_params(network(adaptive=adaptive, recurrence_steps=steps))
        assert found == expected


def test_a_learned_vector_for_each_step() -> None:
    more = count_params(network(step_signal="learned")) - count_params(network())
    assert more == 2 * STEPS * D


@pytest.mark.parametrize("adaptive", [False, True])
def test_two_texts_in_one_row_are_as_each_alone(adaptive: bool) -> None:
    net = network(adaptive=adaptive)
    rng = np.random.default_rng(7)
    alone = [
        {"inputs": rng.integers(3, V, (1, n)), "targets": rng.integers(3, V, (1, m))}
        for n, m in ((4, 2), (3, 5))
    ]
    row = {side: np.concatenate([one[side] for one in alone], 1) for side in ("inputs", "targets")}
    for side in list(row):
        row[f"{side}_segments"] = np.repeat([1, 2], [one[side].shape[1] for one in alone])[None]
        row[f"{side}_segments"] = row[f"{side}_segments"].astype(np.int32)
    expected = np.concatenate([net(one, training=False) for one in alone], axis=1)
    np.testing.assert_allclose(net(row, training=False), expected, atol=1e-5)
