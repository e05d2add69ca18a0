"""The LSTM encoder against torch's, and what reading backwards means for padded inputs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers.dropout import Dropout
from components.train.layers.recurrent import encoder_stack, read

D, LAYERS = 6, 2
LENGTHS = (5, 3, 1)
X = np.random.default_rng(4).normal(size=(3, 5, D)).astype(np.float32)
MASK = np.arange(5) < np.array(LENGTHS)[:, None]


def stack_of(**ways: bool) -> list[Any]:
    keras.utils.set_random_seed(2)
    stack = encoder_stack(D, LAYERS, **{"bidirectional": False, "reverse_inputs": False, **ways})
    rng = np.random.default_rng(6)
    for layer in stack:
        layer.build((None, None, D))
        for weight in layer.weights:
            weight.assign(rng.normal(0, 0.5, weight.shape).astype(np.float32))
    return stack


def run(stack: list[Any], x: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    h, finals = read(stack, x, mask, Dropout(0.0), False)
    to = keras.ops.convert_to_numpy
    return to(h), {name: to(value) for name, value in finals.items()}


def backwards(x: np.ndarray) -> np.ndarray:
    """Each example's own positions in reverse, by hand."""
    turned = np.zeros_like(x)
    for row, length in enumerate(LENGTHS):
        for i in range(length):
            turned[row, i] = x[row, length - 1 - i]
    return turned


def give(torch: Any, theirs: Any, stack: list[Any]) -> None:
    """The weights of a stack to torch's LSTM; both order gates as i, f, c, o."""
    for i, layer in enumerate(stack):
        cells = [one.cell for one in ([layer] if hasattr(layer, "cell") else directions(layer))]
        for cell, end in zip(cells, ("", "_reverse"), strict=False):
            kernel, recurrent, bias = (torch.tensor(np.asarray(w)) for w in cell.weights)
            getattr(theirs, f"weight_ih_l{i}{end}").data = kernel.T
            getattr(theirs, f"weight_hh_l{i}{end}").data = recurrent.T
            getattr(theirs, f"bias_ih_l{i}{end}").data = bias
            getattr(theirs, f"bias_hh_l{i}{end}").data = bias * 0


def directions(layer: Any) -> list[Any]:
    return [layer.forward_layer, layer.backward_layer]


@pytest.mark.parametrize("way", ["forward", "reversed", "bidirectional"])
def test_it_is_the_lstm_of_torch(way: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed", exc_type=ImportError)
    stack = stack_of(bidirectional=way == "bidirectional", reverse_inputs=way == "reversed")
    units = D // 2 if way == "bidirectional" else D
    theirs = torch.nn.LSTM(D, units, LAYERS, batch_first=True, bidirectional=D != units)
    give(torch, theirs, stack)
    x = torch.tensor(backwards(X) if way == "reversed" else X)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, LENGTHS, batch_first=True)
    with torch.no_grad():
        packed, (h, c) = theirs(packed)
    expected = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)[0].numpy()
    found, finals = run(stack, X, MASK)
    expected = backwards(expected) if way == "reversed" else expected
    np.testing.assert_allclose(found[MASK], expected[MASK], atol=1e-6)
    for part, states in (("h", h), ("c", c)):
        # torch: [layers * directions, B, units]; ours: directions side by side.
        states = states.numpy().reshape(LAYERS, -1, 3, units).transpose(0, 2, 1, 3)
        for i in range(LAYERS):
            np.testing.assert_allclose(finals[f"{part}_{i}"], states[i].reshape(3, D), atol=1e-6)


def test_reading_backwards_is_reading_the_source_reversed_by_its_length() -> None:
    found, finals = run(stack_of(reverse_inputs=True), X, MASK)
    expected, ends = run(stack_of(reverse_inputs=False), backwards(X), MASK)
    np.testing.assert_allclose(found[MASK], backwards(expected)[MASK], atol=1e-6)
    for name, value in ends.items():
        np.testing.assert_allclose(finals[name], value, atol=1e-6)


def test_padding_may_stand_anywhere() -> None:
    gap = np.insert(X, 2, 9.0, axis=1)
    there = np.insert(MASK, 2, values=False, axis=1)
    for way in ({"reverse_inputs": True}, {}, {"bidirectional": True}):
        found, finals = run(stack_of(**way), gap, there)
        expected, ends = run(stack_of(**way), X, MASK)
        np.testing.assert_allclose(np.delete(found, 2, axis=1)[MASK], expected[MASK], atol=1e-6)
        for name, value in ends.items():
            np.testing.assert_allclose(finals[name], value, atol=1e-6)


def test_two_directions_need_an_even_width() -> None:
    with pytest.raises(ValueError, match="d_model 5 is odd"):
        encoder_stack(5, 1, bidirectional=True, reverse_inputs=True)
    assert encoder_stack(5, 1, bidirectional=False, reverse_inputs=True)
