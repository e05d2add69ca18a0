"""The LSTM without attention, against torch's two LSTMs, and what it does with aligned targets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.train.models.lstm_seq2seq import Body
from components.train.network import count_params
from tests.train.layers.test_recurrent import backwards, give
from tests.train.tiny_networks import network_of

IDLE = ("decoder_0/lstm_cell/kernel",)  # one position is decoded, and its input is zero
VARIANTS = {
    "reversed": {"bidirectional": False},
    "forward": {"bidirectional": False, "reverse_inputs": False},
}
D = 6
LENGTHS = (5, 3, 1)
MASK = np.arange(5) < np.array(LENGTHS)[:, None]


def body_of(*, dropout: float = 0.0, bidirectional: bool = False) -> Any:
    keras.utils.set_random_seed(3)
    ways = {"bidirectional": bidirectional, "reverse_inputs": True}
    body = Body(SimpleNamespace(d_model=D, num_layers=2, dropout=dropout, **ways))
    body.build()
    rng = np.random.default_rng(6)
    for weight in body.trainable_weights:
        weight.assign(rng.normal(0, 0.5, weight.shape).astype(np.float32))
    return body


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(9).normal(size=shape).astype(np.float32)


def test_it_is_two_lstms_of_torch_the_second_from_where_the_first_ended() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed", exc_type=ImportError)
    body, x, y = body_of(), drawn(3, 5, D), drawn(3, 4, D)
    encoder = torch.nn.LSTM(D, D, 2, batch_first=True)
    decoder = torch.nn.LSTM(D, D, 2, batch_first=True)
    give(torch, encoder, body.encoder)
    give(torch, decoder, body.decoder)
    rows = [backwards(x)[row : row + 1, :length] for row, length in enumerate(LENGTHS)]
    with torch.no_grad():
        ends = [encoder(torch.tensor(row))[1] for row in rows]
        h, c = (torch.cat(part, dim=1) for part in zip(*ends, strict=True))
        expected = decoder(torch.tensor(y), (h, c))[0].numpy()
    found = body.decode(y, body.encode(x, MASK))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=1e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_an_aligned_answer_knows_all_of_its_own_inputs(bidirectional: bool) -> None:
    body, x = body_of(bidirectional=bidirectional), drawn(3, 5, D)

    def answers(x: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(body.align(body.encode(x, MASK)))

    expected = answers(x)
    assert expected.shape == (3, 5, D)
    changed = x.copy()
    changed[1, 2] += 1.0  # the last real position of the second example
    found = answers(changed)
    np.testing.assert_array_equal(found[[0, 2]], expected[[0, 2]])
    assert np.all(np.abs(found - expected)[1, :3].max(axis=-1) > 1e-4)
    padding = np.where(MASK[:, :, None], x, 7.0)
    np.testing.assert_allclose(answers(padding)[MASK], expected[MASK], atol=1e-6)


def test_what_aligned_answers_are_read_from_is_dropped_in_training() -> None:
    body, x = body_of(dropout=0.5), drawn(3, 5, D)
    quiet, noisy = (
        np.asarray(body.encode(x, MASK, training=training)["encoded"]) for training in (None, True)
    )
    assert not np.any(quiet[MASK] == 0)
    assert 0.2 < np.mean(noisy[MASK] == 0) < 0.8


@pytest.mark.parametrize("variant", ["lstm_seq2seq", "lstm_seq2seq:reversed"])
def test_it_has_as_many_weights_as_its_formula(variant: str, tmp_path: Any) -> None:
    network = network_of(variant, "symbol", tmp_path)
    d, layers, vocabulary = 16, 2, 11

    def lstm(inputs: int, units: int) -> int:
        return 4 * units * (inputs + units + 1)

    encoder = lstm(d, d) if ":" in variant else 2 * lstm(d, d // 2)
    assert count_params(network) == vocabulary * d + layers * (encoder + lstm(d, d))
