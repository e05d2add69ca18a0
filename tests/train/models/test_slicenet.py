"""SliceNet against Tensor2Tensor's equations in NumPy, which share no code with the layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature, Manifest
from components.eval.decoding.decoder import Decoder
from components.eval.decoding.search import search_of
from components.eval.settings import EvalSettings
from components.train.network import Network, build_network, count_params
from tests.train.layers.numpy_conv import block, norm, shaken, weights_of, weights_of_block

VARIANTS = {
    "heads": {"source_attention": "transformer", "separability": 1},
    "dilated": {"separability": 0, "kernels": [3, 3, 3, 5, 3], "dilations": [1, 2, 4, 1, 8]},
}
D, LAYERS, HEADS, V = 12, 2, 2, 50
both_kinds = pytest.mark.parametrize("kind", ["simple", "transformer"])


def network(**values: Any) -> Network:
    symbols = Feature("symbol", "words", V)
    manifest = Manifest("m", "t", {"inputs": symbols, "targets": symbols}, {}, (), "", 1)
    hparams = {"d_model": D, "num_layers": LAYERS, "num_heads": HEADS, **values}
    keras.utils.set_random_seed(3)
    return build_network(manifest, "slicenet", hparams)


class Reference:
    """Float64, in the order of T2T's slicenet.py."""

    def __init__(self, network: Network, separability: int, kind: str) -> None:
        self.separability, self.kind = separability, kind
        shaken(network)
        body = network.body
        self.w = weights_of(network.target_net, "targets") | weights_of(body.close, "close")
        self.w |= {"start": np.asarray(body.start, np.float64)}
        self.w |= weights_of_block(body.merge, "merge")
        for module in (*body.encoder, *body.decoder):
            self.w |= weights_of_block(module.first, f"{module.name}/first")
            self.w |= weights_of_block(module.second, f"{module.name}/second")
        for attend in (body.begin, *body.attends):
            self.w |= weights_of_block(attend.timed, f"{attend.name}/timed")
            for name in ("norm", "own", "cross"):
                if hasattr(attend, name):
                    self.w |= weights_of(getattr(attend, name), f"{attend.name}/{name}")

    def cuts(self) -> list[int]:
        s = self.separability
        return [s - 1, s] if s < 0 else [s, s]

    def module(self, x: np.ndarray, at: str, left: bool, mask: Any = 1.0) -> np.ndarray:
        one, two = self.cuts()
        how: dict[str, Any] = {"left": left, "mask": mask}
        y = block(x, self.w, f"{at}/first", [(one, 3, 1), (two, 7, 1)], **how)
        z = block(x + y, self.w, f"{at}/second", [(one, 15, 1), (two, 31, 1)], **how)
        return x + z + y

    def timed(self, x: np.ndarray) -> np.ndarray:
        half = min(32, D) // 2
        inverse = np.exp(-np.arange(half) * np.log(1e4) / (half - 1))
        angle = np.arange(x.shape[1])[:, None] * inverse
        return x + np.concatenate([np.sin(angle), np.cos(angle)], axis=1)

    def attend(self, g: np.ndarray, at: str) -> np.ndarray:
        one, two = self.cuts()
        spec = [(one, 5, 1), (two, 5, 4)]
        c = block(self.timed(g), self.w, f"{at}/timed", spec, left=True)
        if self.kind == "simple":
            weights = softmax(c @ self.h.swapaxes(1, 2) / D**0.5 + self.bias)
            return norm(g + weights @ self.h, self.w, f"{at}/norm")
        future = np.triu(np.full((g.shape[1],) * 2, -1e9), 1)
        q = self.heads(c, c, future, f"{at}/own")
        return self.heads(q, self.h, self.bias, f"{at}/cross")

    def heads(self, x: np.ndarray, source: np.ndarray, bias: np.ndarray, at: str) -> np.ndarray:
        key, value = np.split(source @ self.w[f"{at}/kv"], 2, axis=-1)
        query, width, found = x @ self.w[f"{at}/q"], D // HEADS, []
        for i in range(HEADS):
            mine = slice(i * width, (i + 1) * width)
            logits = query[..., mine] @ key[..., mine].swapaxes(1, 2) / width**0.5
            found.append(softmax(logits + bias) @ value[..., mine])
        return np.concatenate(found, -1) @ self.w[f"{at}/output"]

    def logits(self, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        table = self.w["targets/embedding"]

        def embed(ids: np.ndarray) -> np.ndarray:
            return table[ids] * D**0.5 * (ids != 0)[..., None]

        mask = (inputs != 0)[..., None].astype(float)
        self.bias = (mask - 1)[:, None, :, 0] * 1e9
        self.h = self.timed(embed(inputs))
        for i in range(int(1.5 * LAYERS)):
            self.h = self.module(self.h, f"encoder_{i}", False, mask) * mask
        s = embed(np.pad(targets[:, :-1], [(0, 0), (1, 0)]))
        s[:, 0] = self.w["start"]
        both = np.concatenate([self.attend(s, "begin"), s], -1)
        g = block(both, self.w, "merge", [(4, 3, 1)], left=True)
        for i in range(LAYERS):
            g = self.module(g, f"decoder_{i}", True)
            g = g + self.attend(g, f"attend_{i}")
        return norm(g, self.w, "close") @ table.T


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@both_kinds
@pytest.mark.parametrize("separability", [-2, 0, 1, 3])
def test_logits_are_those_of_the_equations(kind: str, separability: int) -> None:
    made = network(separability=separability, source_attention=kind)
    reference = Reference(made, separability, kind)
    rng = np.random.default_rng(1)
    inputs, targets = rng.integers(3, V, (2, 9)), rng.integers(3, V, (2, 7))
    inputs[1, 5:] = 0
    found = made({"inputs": inputs, "targets": targets}, training=False)
    expected = reference.logits(inputs, targets)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=1e-4)


@both_kinds
@pytest.mark.parametrize("separability", [-2, 0])
def test_it_has_as_many_weights_as_its_formula(kind: str, separability: int) -> None:
    made = network(separability=separability, source_attention=kind)
    norm = 2 * D

    def step(taps: int, groups: int) -> int:
        return taps * D + D * D // groups + norm

    one, two = (3, 2) if separability < 0 else (1, 1)
    module = step(3, one) + step(7, two) + step(15, one) + step(31, two)
    attend = step(5, one) + step(5, two) + (norm if kind == "simple" else 8 * D * D)
    merge = 3 * 2 * D * D // 4 + D * D + norm
    modules = LAYERS + 3 * LAYERS // 2
    expected = V * D + modules * module + (LAYERS + 1) * attend + merge + norm + D
    assert count_params(made) == expected


@both_kinds
def test_the_first_loss_is_that_of_guessing(kind: str) -> None:
    made = network(d_model=64, source_attention=kind)
    rng = np.random.default_rng(1)
    batch = {name: rng.integers(3, V, (8, 20)) for name in ("inputs", "targets")}
    batch["tokens"] = np.full(8, 160, np.float32)
    loss = float(made.compute_loss(x=batch, y_pred=made(batch, training=False), training=False))
    assert loss == pytest.approx(np.log(V), rel=0.2)


@both_kinds
def test_a_beam_search_scores_what_it_returns(kind: str) -> None:
    """Beams that live on elsewhere take their windows, and their keys and values, with them."""
    made = network(source_attention=kind, num_layers=1)
    shaken(made)
    inputs = np.random.default_rng(1).integers(3, V, (4, 9))
    room = np.arange(8) < np.array([[8], [5], [8], [7]])
    batch = {"inputs": inputs, "room": room, "noise": np.zeros(room.shape, np.float32)}
    search = search_of(EvalSettings(beam_size=4, length_penalty=0.6))
    ids, scores = Decoder(made, search).predict_on_batch(batch)
    logits = np.asarray(made({"inputs": inputs, "targets": ids}, training=False), np.float64)
    for b, row in enumerate(ids):
        length = np.count_nonzero(row)
        assert length > 1
        each = logits[b, np.arange(length), row[:length]]
        total = np.sum(each - np.log(np.exp(logits[b, :length]).sum(-1)))
        assert scores[b] == pytest.approx(total / ((5 + length) / 6) ** 0.6, abs=1e-4)


def test_a_module_may_have_more_than_four_windows() -> None:
    assert count_params(network(kernels=[3, 3, 3, 3, 3], dilations=[1, 2, 4, 8, 1])) > 0
