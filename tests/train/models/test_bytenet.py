"""ByteNet against Tensor2Tensor's equations in NumPy, how far it sees, and where inputs end."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature, Manifest
from components.train.models.bytenet import DilatedStack
from components.train.network import Network, build_network, count_params
from tests.train.layers.numpy_conv import (
    Weights,
    block,
    norm,
    shaken,
    weights_of,
    weights_of_block,
)

SMALL = {"num_repeats": 2}
VARIANTS = {"short": {"lengthening": 0, "kernel_size": 5, "num_repeats": 1}}
D, N, REPEATS, V, TAPS = 6, 3, 2, 50, 3


def network(**values: Any) -> Network:
    symbols = Feature("symbol", "words", V)
    manifest = Manifest("m", "t", {"inputs": symbols, "targets": symbols}, {}, (), "", 1)
    keras.utils.set_random_seed(3)
    hparams = {"d_model": D, "num_layers": N, "num_repeats": REPEATS, **values}
    return build_network(manifest, "bytenet", hparams)


def stack(x: np.ndarray, w: Weights, at: str, *, left: bool) -> np.ndarray:
    for r in range(REPEATS):
        y = norm(x, w, f"{at}/norm_{r}")
        x = x + block(y, w, f"{at}/{r}", [(1, TAPS, 2**i) for i in range(N)], left=left)
    return x


def reference(w: Weights, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Logits [T, V] of one example, its inputs without padding."""
    table = w["targets/embedding"]
    blank = np.zeros((len(inputs) // 2, D))
    h = stack(np.concatenate([table[inputs] * D**0.5, blank])[None], w, "encoder", left=False)[0]
    y = np.concatenate([h.mean(0)[None], table[targets[:-1]] * D**0.5])
    states = np.concatenate([h, np.zeros_like(y)])[: len(y)]
    g = block(np.concatenate([states, y], -1)[None], w, "begin", [(1, TAPS, 1)], left=True)
    return norm(stack(g, w, "decoder", left=True), w, "close")[0] @ table.T


@pytest.mark.parametrize(
    "length", [3, 6, 7, 12]
)  # targets that end before, at, after h and far beyond
def test_logits_are_those_of_the_equations(length: int) -> None:
    made = network()
    shaken(made)
    w = weights_of(made.target_net, "targets") | weights_of(made.body.close, "close")
    w |= weights_of_block(made.body.begin, "begin")
    for side in (made.body.encoder, made.body.decoder):
        for r in range(REPEATS):
            w |= weights_of(side.norms[r], f"{side.name}/norm_{r}")
            w |= weights_of_block(side.blocks[r], f"{side.name}/{r}")
    rng = np.random.default_rng(1)
    inputs, targets = rng.integers(3, V, (2, 9)), rng.integers(3, V, (2, length))
    inputs[1, 4:] = 0  # 4 inputs have 6 states
    found = made({"inputs": inputs, "targets": targets}, training=False)
    expected = [reference(w, inputs[0], targets[0]), reference(w, inputs[1, :4], targets[1])]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=1e-4)


@pytest.mark.parametrize("padding", ["left", "both"])
@pytest.mark.parametrize(("taps", "dilations", "repeats"), [(3, 4, 1), (5, 2, 1), (3, 3, 2)])
def test_a_repeat_sees_one_and_twice_the_sum_of_the_dilations(
    taps: int, dilations: int, repeats: int, padding: str
) -> None:
    how: dict[str, Any] = {"padding": padding, "dropout": 0.0, "name": "stack"}
    made = DilatedStack(8, taps, num_dilations=dilations, repeats=repeats, **how)
    made.build((None, None, 8))
    reach = repeats * (taps - 1) * (2**dilations - 1)
    if (taps, dilations, repeats) == (3, 4, 1):
        assert 1 + reach == 31  # T2T's bytenet_base
    x = np.random.default_rng(0).normal(size=(4, 100, 8)).astype(np.float32)
    changed = x.copy()
    changed[:, 50] = x[:, 99]  # a norm would take a constant out again
    before, after = (keras.ops.convert_to_numpy(made(one)) for one in (x, changed))
    (touched,) = np.nonzero(np.any(before != after, axis=(0, 2)))
    first = 50 if padding == "left" else 50 - reach // 2
    assert touched.tolist() == list(range(first, first + reach + 1))


def test_it_has_as_many_weights_as_its_formula() -> None:
    layer_norm = 2 * D
    step = TAPS * D * D + layer_norm
    one_side = REPEATS * (N * step + layer_norm)
    begin = TAPS * 2 * D * D + layer_norm
    assert count_params(network()) == V * D + 2 * one_side + begin + layer_norm


def test_an_example_is_lengthened_by_half_of_its_own_length() -> None:
    made = network()
    inputs = np.full((2, 10), 7)
    inputs[1, 5:] = 0
    memory = made.encode({"inputs": inputs}, training=False)
    states = keras.ops.convert_to_numpy(memory["states"])
    assert states.shape == (2, 16, D)  # and a row of zeros at the end
    assert [np.nonzero(row.any(-1))[0].max() + 1 for row in states] == [15, 7]
    none = network(lengthening=0).encode({"inputs": inputs}, training=False)
    assert none["states"].shape == (2, 11, D)


def test_one_answer_depends_on_all_inputs() -> None:
    made = network(num_repeats=1, num_layers=1)
    inputs = np.random.default_rng(0).integers(3, V, (1, 40))
    other = inputs.copy()
    other[0, 39] = 3 + (other[0, 39] - 2) % (V - 3)
    first, second = (
        made({"inputs": one, "targets": np.ones((1, 1), int)}, training=False)
        for one in (inputs, other)
    )
    assert np.abs(np.asarray(first) - np.asarray(second)).max() > 1e-4


def test_the_first_loss_is_that_of_guessing() -> None:
    made = network(d_model=64, num_layers=4, num_repeats=4)
    rng = np.random.default_rng(1)
    batch = {name: rng.integers(3, V, (8, 20)) for name in ("inputs", "targets")}
    batch["tokens"] = np.full(8, 160, np.float32)
    loss = float(made.compute_loss(x=batch, y_pred=made(batch, training=False), training=False))
    assert loss == pytest.approx(np.log(V), rel=0.2)
