"""The LSTM with attention, against the equations in NumPy, and the names of its weights."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.train.models.lstm_attention import Body
from components.train.watch import watching
from tests.train.tiny_networks import network_of

IDLE = ("decoder_0/kernel",)  # one position is decoded, and its input is zero
VARIANTS = {
    "luong": {"attention": "luong"},
    "reversed": {"bidirectional": False},
    "forward_luong": {"bidirectional": False, "reverse_inputs": False, "attention": "luong"},
    "heads": {"attention_heads": 3},
    "luong_heads": {"attention_heads": 3, "attention": "luong", "bidirectional": False},
}
D, LENGTHS = 4, (5, 3)
MASK = np.arange(5) < np.array(LENGTHS)[:, None]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def decoded(
    body: Any, row: int, y: np.ndarray, memory: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """What comes out, and the weights [T, H, L] of its attention: one example, one position, one head
    after the other, in float64."""
    v = {
        weight.path.removeprefix("body/"): np.asarray(weight, np.float64)
        for weight in body.trainable_weights
    }
    values = memory["values"][row, : LENGTHS[row]]
    h, c = memory["h_0"][row], memory["c_0"][row]
    fed, outputs = np.zeros(body.heads * D), []
    looks = []
    for y_t in y:
        z = np.concatenate([y_t, fed]) @ v["decoder_0/kernel"]
        z = z + h @ v["decoder_0/recurrent_kernel"] + v["decoder_0/bias"]
        i, f, g, o = np.split(z, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        vectors = []
        for head in range(body.heads):
            own = slice(head * D, (head + 1) * D)
            scores = []
            for h_i in values:
                key = h_i @ v["key/kernel"][:, own]
                if body.attention == "luong":
                    scores.append(h @ key)
                else:
                    query = h @ v["query/kernel"][:, own] + v["query/bias"][own]
                    scores.append(v["score"][own] @ np.tanh(query + key))
            weights = np.exp(scores) / np.sum(np.exp(scores))
            looks.append(weights)
            name = f"combine_{head}" if head else "combine"
            both = np.concatenate([h, weights @ values])
            vectors.append(np.tanh(both @ v[f"{name}/kernel"] + v[f"{name}/bias"]))
        fed = np.concatenate(vectors)
        outputs.append(fed)
    found = np.stack(outputs)
    if body.heads > 1:
        found = found @ v["project/kernel"] + v["project/bias"]
    return found, np.reshape(looks, (len(y), body.heads, -1))


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
def test_it_decodes_by_its_equations(attention: str, heads: int, bidirectional: bool) -> None:
    ways = {"bidirectional": bidirectional, "reverse_inputs": True, "attention_heads": heads}
    body: Any = Body(
        SimpleNamespace(d_model=D, num_layers=1, dropout=0, attention=attention, **ways)
    )
    body.build()
    rng = np.random.default_rng(5)
    for weight in body.trainable_weights:
        weight.assign(rng.normal(0, 0.7, weight.shape).astype(np.float32))
    x, y = (rng.normal(size=(2, length, D)).astype(np.float32) for length in (5, 4))
    memory = body.encode(x, MASK)
    with watching() as seen:
        found = keras.ops.convert_to_numpy(body.decode(y, memory))
    ((shown,),) = seen.values()
    plain = {name: np.asarray(value, np.float64) for name, value in memory.items()}
    for row, length in enumerate(LENGTHS):
        expected, weights = decoded(body, row, y[row], plain)
        np.testing.assert_allclose(found[row], expected, atol=1e-5)
        looks = np.swapaxes(keras.ops.convert_to_numpy(shown)[row], 0, 1)
        np.testing.assert_allclose(looks[..., :length], weights, atol=1e-5)
        assert not np.any(looks[..., length:])


def test_heads_differ_from_one_another() -> None:
    """In Tensor2Tensor those of luong are the same attention several times."""
    ways = {"bidirectional": True, "reverse_inputs": True, "attention_heads": 2}
    body: Any = Body(SimpleNamespace(d_model=D, num_layers=1, dropout=0, attention="luong", **ways))
    body.build()
    rng = np.random.default_rng(5)
    memory = body.encode(rng.normal(size=(2, 5, D)).astype(np.float32), MASK)
    contexts = np.asarray(body.contexts(rng.normal(size=(2, D)).astype(np.float32), memory))
    assert contexts.shape == (2, 2, D)
    assert np.abs(contexts[:, 0] - contexts[:, 1]).max() > 1e-3


def test_the_weights_that_published_results_were_trained_with_keep_their_names(
    tmp_path: Path,
) -> None:
    network = network_of("lstm_attention", "symbol", tmp_path, num_layers=1)
    d = 16
    cell = {"kernel": (d, 2 * d), "recurrent_kernel": (d // 2, 2 * d), "bias": (2 * d,)}
    expected = {
        f"encoder_0/{way}_lstm/lstm_cell/{name}": shape
        for way in ("forward", "backward")
        for name, shape in cell.items()
    }
    expected |= {
        "decoder_0/kernel": (2 * d, 4 * d),
        "decoder_0/recurrent_kernel": (d, 4 * d),
        "decoder_0/bias": (4 * d,),
        "key/kernel": (d, d),
        "combine/kernel": (2 * d, d),
        "combine/bias": (d,),
        "query/kernel": (d, d),
        "query/bias": (d,),
        "score": (d,),
    }
    found = {weight.path.partition("body/")[2]: weight.shape for weight in network.body.weights}
    assert found == expected
