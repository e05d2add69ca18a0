"""A checkpoint that Tensor2Tensor wrote, through our Transformer and through plain NumPy.

The NumPy below is written from the formulas (Vaswani et al. 2017; T2T's pre-norm) and shares no
code with the layers. Every model variable of the checkpoint is used.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature, Manifest
from components.train.network import build_network

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "t2t_checkpoint"
LAYERS, HEADS, D, V, SPACE = 2, 2, 16, 8190, 5
NORM = "layer_prepostprocess/layer_norm/layer_norm_"

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason=f"{FOLDER.name} is not beside the project"
)


class Variables(dict):
    """Variables by their names below `transformer/`; remembers which were asked for."""

    def __init__(self) -> None:
        import tensorflow as tf

        reader = tf.train.load_checkpoint(str(FOLDER / "model.ckpt-1"))
        names = [n for n in reader.get_variable_to_shape_map() if n.startswith("transformer/")]
        model = [name for name in names if "Adam" not in name]
        super().__init__({n.removeprefix("transformer/"): reader.get_tensor(n) for n in model})
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> np.ndarray:
        self.used.add(name)
        return super().__getitem__(name)

    def embedding(self) -> np.ndarray:
        shards = [self[f"symbol_modality_{V}_{D}/shared/weights_{i}"] for i in range(16)]
        return np.concatenate(shards)


def norm(x: np.ndarray, v: Variables, place: str) -> np.ndarray:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-6) * v[place + NORM + "scale"] + v[
        place + NORM + "bias"
    ]


def attention(x, memory, hidden, v: Variables, place: str) -> np.ndarray:
    """`hidden` [B, T, L] is True where a position must not be looked at."""
    place += "/multihead_attention/"
    q, k, w = (
        (y @ v[f"{place}{name}/kernel"]).reshape(*y.shape[:2], HEADS, D // HEADS)
        for y, name in ((x, "q"), (memory, "k"), (memory, "v"))
    )
    scores = np.einsum("bthd,blhd->bhtl", q * (D // HEADS) ** -0.5, k)
    scores = np.where(hidden[:, None], -1e9, scores)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    out = np.einsum("bhtl,blhd->bthd", weights, w).reshape(x.shape)
    return out @ v[place + "output_transform/kernel"]


def feed_forward(x: np.ndarray, v: Variables, place: str) -> np.ndarray:
    h = np.maximum(x @ v[place + "/conv1/kernel"] + v[place + "/conv1/bias"], 0)
    return h @ v[place + "/conv2/kernel"] + v[place + "/conv2/bias"]


def timing(length: int) -> np.ndarray:
    inverse = np.exp(-np.arange(D // 2) * np.log(1e4) / (D // 2 - 1))
    angle = np.arange(length)[:, None] * inverse
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def reference(v: Variables, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Logits [B, T, V] in float64."""
    table = v.embedding().astype(np.float64)

    def embed(ids: np.ndarray) -> np.ndarray:
        return table[ids] * D**0.5 * (ids != 0)[..., None]

    padding = (inputs == 0)[:, None, :]
    h = embed(inputs) + v["body/target_space_embedding/kernel"][SPACE] + timing(inputs.shape[1])
    for i in range(LAYERS):
        at = f"body/encoder/layer_{i}/"
        n = norm(h, v, at + "self_attention/")
        h = h + attention(n, n, padding, v, at + "self_attention")
        h = h + feed_forward(norm(h, v, at + "ffn/"), v, at + "ffn")
    h = norm(h, v, "body/encoder/")
    length = targets.shape[1]
    g = embed(np.pad(targets[:, :-1], [(0, 0), (1, 0)])) + timing(length)
    future = np.triu(np.ones((1, length, length), bool), 1)
    for i in range(LAYERS):
        at = f"body/decoder/layer_{i}/"
        n = norm(g, v, at + "self_attention/")
        g = g + attention(n, n, future, v, at + "self_attention")
        n = norm(g, v, at + "encdec_attention/")
        g = g + attention(n, h, padding, v, at + "encdec_attention")
        g = g + feed_forward(norm(g, v, at + "ffn/"), v, at + "ffn")
    return norm(g, v, "body/decoder/") @ table.T


def load(network, v: Variables) -> None:
    """The checkpoint's variables into our layers: keys and values stand in one matrix of ours."""

    def attend(layer, place: str) -> None:
        at = place + "/multihead_attention/"
        layer.q_kernel.assign(v[at + "q/kernel"])
        layer.kv_kernel.assign(np.concatenate([v[at + "k/kernel"], v[at + "v/kernel"]], axis=1))
        layer.output_kernel.assign(v[at + "output_transform/kernel"])

    def normalise(layer, place: str) -> None:
        layer.norm.gamma.assign(v[place + NORM + "scale"])
        layer.norm.beta.assign(v[place + NORM + "bias"])

    def feed(layer, place: str) -> None:
        for dense, name in ((layer.expand, "conv1"), (layer.contract, "conv2")):
            dense.kernel.assign(v[f"{place}/{name}/kernel"])
            dense.bias.assign(v[f"{place}/{name}/bias"])

    body = network.body
    network.target_net.embedding.assign(v.embedding())
    body.target_space.assign(v["body/target_space_embedding/kernel"][SPACE])
    for i, layer in enumerate(body.encoder.layers):
        at = f"body/encoder/layer_{i}/"
        attend(layer.attention, at + "self_attention")
        normalise(layer.wrap_attention, at + "self_attention/")
        feed(layer.feed_forward, at + "ffn")
        normalise(layer.wrap_ffn, at + "ffn/")
    normalise(body.encoder.close, "body/encoder/")
    for i, layer in enumerate(body.decoder):
        at = f"body/decoder/layer_{i}/"
        attend(layer.self_attention, at + "self_attention")
        normalise(layer.wrap_self, at + "self_attention/")
        attend(layer.cross_attention, at + "encdec_attention")
        normalise(layer.wrap_cross, at + "encdec_attention/")
        feed(layer.feed_forward, at + "ffn")
        normalise(layer.wrap_ffn, at + "ffn/")
    normalise(body.close, "body/decoder/")


def test_tensor2tensors_own_weights_give_the_logits_of_the_formulas() -> None:
    symbols = Feature("symbol", "vocabulary", V)
    features = {"inputs": symbols, "targets": symbols}
    manifest = Manifest("wmt8k", "translation", features, {}, ("bleu",), "bleu", 1)
    values = {"d_model": D, "num_layers": LAYERS, "num_heads": HEADS, "d_ff": 8, "norm": "pre"}
    network = build_network(manifest, "transformer", values)
    ours, formulas = Variables(), Variables()
    load(network, ours)
    rng = np.random.default_rng(1)
    inputs, targets = rng.integers(2, V, (2, 9)), rng.integers(2, V, (2, 7))
    inputs[1, 6:] = 0
    expected = reference(formulas, inputs, targets)
    found = network({"inputs": inputs, "targets": targets}, training=False)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=1e-5)
    assert ours.used == formulas.used == set(ours)
