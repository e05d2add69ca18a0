"""MultiModel against the paper's equations in NumPy, its parts left out, and four modalities at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import SHARED_VOCABULARY, Feature, Manifest
from components.train.multi_network import MultiNetwork
from components.train.network import (
    Network,
    build_network,
    count_params,
    load_model_module,
    resolve_hparams,
)
from components.train.watch import watching
from tests.train.layers.numpy_conv import conv, norm, shaken, weights_of
from tests.train.tiny_networks import batch_of, logits_of, loss_of, network_of

SMALL = {
    "moe_num_experts": 4,
    "moe_hidden_size": 12,
    "moe_loss_coef": 0.1,
    "large_kernel_size": 5,
}
VARIANTS = {"without_attention": {"without": "attention"}}

D, HEADS, V, EXPERTS, HIDDEN, LARGE = 8, 2, 50, 4, 6, 5
TINY = {
    "d_model": D,
    "num_heads": HEADS,
    "num_encoder_layers": 3,
    "num_decoder_layers": 2,
    "moe_num_experts": EXPERTS,
    "moe_hidden_size": HIDDEN,
    "large_kernel_size": LARGE,
}


def manifest(inputs: Feature, targets: Feature) -> Manifest:
    return Manifest("m", "t", {"inputs": inputs, "targets": targets}, {}, (), "", 1)


def network(**values: Any) -> Network:
    symbols = Feature("symbol", "words", V)
    keras.utils.set_random_seed(3)
    return build_network(manifest(symbols, symbols), "multimodel", {**TINY, **values})


class Reference:
    """Float64, in the order of the paper's section 2; experts one by one, all of them."""

    def __init__(self, network: Network) -> None:
        shaken(network)
        body, self.w = network.body, weights_of(network.target_net, "targets")
        self.w |= weights_of(body.close, "close")
        for block in (*body.encoder, *body.mixer, *body.decoder):
            for name in ("norm", "experts"):
                if hasattr(block, name):
                    self.w |= weights_of(getattr(block, name), f"{block.name}/{name}")
            if hasattr(block, "experts"):
                self.w |= weights_of(block.experts.gating, f"{block.name}/gating")
            steps = getattr(block, "steps", ())
            if hasattr(block, "attend"):
                steps = block.attend.timed.steps
                for name in ("own", "cross"):
                    self.w |= weights_of(getattr(block.attend, name), f"{block.name}/{name}")
            for i, step in enumerate(steps):
                self.w |= weights_of(step.conv, f"{block.name}/{i}/conv")
                self.w |= weights_of(step.norm, f"{block.name}/{i}/norm")

    def conv_step(self, x: Any, at: str, taps: int, apart: int, left: bool, mask: Any) -> Any:
        x = np.maximum(x, 0) * mask
        how: dict[str, Any] = {"cut": 0, "taps": taps, "dilation": apart, "left": left}
        return norm(conv(x, self.w, f"{at}/conv", **how), self.w, f"{at}/norm")

    def block(self, x: Any, at: str, left: bool, mask: Any = 1.0) -> Any:
        h1 = self.conv_step(x, f"{at}/0", 3, 1, left, mask)
        h2 = x + self.conv_step(h1, f"{at}/1", 3, 1, left, mask)
        h3 = self.conv_step(h2, f"{at}/2", LARGE, 1, left, mask)
        return x + self.conv_step(h3, f"{at}/3", LARGE, 8, left, mask)

    def mix(self, x: Any, at: str) -> Any:
        logits = x @ self.w[f"{at}/gating/gate"]
        kth = np.sort(logits, -1)[..., -2:-1]  # k = 2
        gates = softmax(np.where(logits >= kth, logits, -np.inf))
        y = np.zeros_like(x)
        for i in range(EXPERTS):
            hidden = np.maximum(x @ self.w[f"{at}/experts/expand"][i], 0)
            answer = hidden @ self.w[f"{at}/experts/contract"][i] * (HIDDEN / D) ** -0.5
            y += gates[..., i : i + 1] * answer
        return norm(x + y, self.w, f"{at}/norm")

    def timed(self, x: Any) -> Any:
        half = D // 2
        inverse = np.exp(-np.arange(half) * np.log(1e4) / (half - 1))
        angle = np.arange(x.shape[1])[:, None] * inverse
        return x + np.concatenate([np.sin(angle), np.cos(angle)], axis=1)

    def look(self, x: Any, at: str) -> Any:
        c = self.conv_step(self.timed(x), f"{at}/0", 5, 1, True, 1.0)
        c = self.conv_step(c, f"{at}/1", 5, 4, True, 1.0)
        future = np.triu(np.full((x.shape[1],) * 2, -1e9), 1)
        q = self.heads(c, c, future, f"{at}/own")
        return x + self.heads(q, self.h, self.bias, f"{at}/cross")

    def heads(self, x: Any, source: Any, bias: Any, at: str) -> Any:
        key, value = np.split(source @ self.w[f"{at}/kv"], 2, axis=-1)
        query, width, found = x @ self.w[f"{at}/q"], D // HEADS, []
        for i in range(HEADS):
            mine = slice(i * width, (i + 1) * width)
            logits = query[..., mine] @ key[..., mine].swapaxes(1, 2) / width**0.5
            found.append(softmax(logits + bias) @ value[..., mine])
        return np.concatenate(found, -1) @ self.w[f"{at}/output"]

    def logits(self, inputs: np.ndarray, targets: np.ndarray, without: str) -> np.ndarray:
        table = self.w["targets/embedding"]

        def embed(ids: np.ndarray) -> np.ndarray:
            return table[ids] * D**0.5 * (ids != 0)[..., None]

        mask = (inputs != 0)[..., None].astype(float)
        self.bias = (mask - 1)[:, None, :, 0] * 1e9
        h = self.timed(embed(inputs))
        for i in range(3):
            h = self.block(h, f"encoder_{i}", False, mask)
            if i == 1 and without != "experts":
                h = self.mix(h, "encoder_mix")
        self.h = h
        g = embed(np.pad(targets[:, :-1], [(0, 0), (1, 0)]))
        if without == "attention":
            g = g + (h * mask).sum(1, keepdims=True) / mask.sum(1, keepdims=True)
        else:
            g = self.look(g, "mixer_look")
        g = self.block(self.block(g, "mixer_0", True), "mixer_1", True)
        for i in range(2):
            g = self.block(g, f"decoder_{i}", True)
            if without != "attention":
                g = self.look(g, f"decoder_look_{i}")
            if i == 0 and without != "experts":
                g = self.mix(g, "decoder_mix")
        return norm(g, self.w, "close") @ table.T


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def pairs(length: int = 9) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    inputs, targets = rng.integers(3, V, (2, length)), rng.integers(3, V, (2, 7))
    inputs[1, 5:] = 0
    return {"inputs": inputs.astype(np.int32), "targets": targets.astype(np.int32)}


@pytest.mark.parametrize("without", ["nothing", "experts", "attention"])
def test_logits_are_those_of_the_equations(without: str) -> None:
    made, batch = network(without=without), pairs()
    reference = Reference(made)
    expected = reference.logits(batch["inputs"], batch["targets"], without)
    np.testing.assert_allclose(made(batch, training=False), expected, atol=1e-4)


def test_it_has_as_many_weights_as_its_formula_and_fewer_without_a_part() -> None:
    def conv_step(taps: int) -> int:
        return taps * D + D * D + 2 * D  # depthwise, pointwise, norm

    block = 2 * conv_step(3) + 2 * conv_step(LARGE)
    look = 2 * conv_step(5) + 2 * 4 * D * D  # two attentions without biases
    mix = 2 * D * EXPERTS + EXPERTS * 2 * D * HIDDEN + 2 * D  # gate and noise; experts; norm
    whole = V * D + (3 + 2 + 2) * block + (1 + 2) * look + 2 * mix + 2 * D
    assert count_params(network()) == whole
    assert count_params(network(without="experts")) == whole - 2 * mix
    assert count_params(network(without="attention")) == whole - 3 * look


@pytest.mark.parametrize("without", ["nothing", "attention"])
def test_the_future_changes_no_bit(without: str) -> None:
    made, batch = network(without=without), pairs()
    shaken(made)
    logits = logits_of(made, batch)
    for t in range(6):
        changed = {**batch, "targets": batch["targets"].copy()}
        changed["targets"][:, t:] = 3 + (changed["targets"][:, t:] + 7) % (V - 3)
        found = logits_of(made, changed)
        np.testing.assert_array_equal(found[:, : t + 1], logits[:, : t + 1])
        assert np.abs(found[:, t + 1] - logits[:, t + 1]).max() > 1e-3


def test_experts_count_what_is_real(tmp_path: Path) -> None:
    made, batch = network_of("multimodel", "symbol", tmp_path), batch_of("symbol")
    for training in (False, True):
        with watching() as seen:
            made(batch, training=training)
        for name, real in (("encoder", batch["inputs"]), ("decoder", batch["targets"])):
            (counted,) = seen[f"network/body/{name}_mix/experts:importance"]
            assert counted.sum() == pytest.approx(np.count_nonzero(real), abs=1e-4)


def test_the_nets_of_images_sound_and_labels_are_its_own() -> None:
    image, label = Feature("image", shape=(8, 8, 1), options={"patch": 4}), labels(3)
    made = build_network(manifest(image, label), "multimodel", TINY)
    assert type(made.input_net).__module__.endswith("modalities.xception_entry")
    assert type(made.target_net).__module__.endswith("modalities.xception_exit")
    audio = Feature("audio", shape=(12,))
    made = build_network(manifest(audio, label), "multimodel", {**TINY, "audio_blocks": 2})
    assert type(made.input_net).__module__.endswith("modalities.audio_residual")
    assert len(made.input_net.blocks) == 3


def labels(count: int) -> Feature:
    return Feature("class_label", "labels", count)


def members() -> tuple[dict[str, Manifest], dict[str, dict[str, Any]]]:
    """Four problems, four modalities, and a batch of each; the texts share a vocabulary."""
    rng = np.random.default_rng(4)
    words, letters = Feature("symbol", SHARED_VOCABULARY, V), Feature("symbol", "letters", 20)
    image = Feature("image", shape=(8, 8, 3), options={"patch": 2})
    features = {
        "translate": (words, words),
        "see": (image, labels(5)),
        "hear": (Feature("audio", shape=(12,)), letters),
        "caption": (image, words),
    }
    pixels = rng.integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
    text = rng.integers(3, 20, (2, 6)).astype(np.int32)
    text[1, 4:] = 0
    sound = rng.normal(size=(2, 21, 12)).astype(np.float32)
    sound[0, 13:] = 0
    label = np.array([[4], [0]], np.int32)
    batches: dict[str, dict[str, Any]] = {
        "translate": {"inputs": text[:, [1, 0, 3, 2, 4, 5]], "targets": text},
        "see": {"inputs": pixels, "targets": label},
        "hear": {"inputs": sound, "targets": text},
        "caption": {"inputs": pixels, "targets": text},
    }
    for batch in batches.values():
        count = np.count_nonzero(batch["targets"]) if batch["targets"] is text else 2
        batch["tokens"] = np.full(2, count, np.float32)
    return {name: manifest(*one) for name, one in features.items()}, batches


def test_each_of_four_modalities_has_the_loss_that_it_has_alone() -> None:
    manifests, batches = members()
    module = load_model_module("multimodel")
    hp = resolve_hparams(module, TINY)
    modalities = module.NEEDS["modalities"]
    together = MultiNetwork(manifests, module.Body(hp), hp, modalities)
    together.build()
    shaken(together)
    assert together.members["translate"].target_net is together.members["caption"].target_net
    found = []
    for name, batch in batches.items():
        alone = Network(
            manifests[name], module.Body(hp), hp, name=name, nets={}, modalities=modalities
        )
        alone.build()
        own = together.members[name].weights
        for weight, value in zip(alone.weights, own, strict=True):
            assert weight.shape == value.shape
            weight.assign(value)
        mine = {name: batch}
        found.append(float(together.compute_loss(mine, y_pred=together(mine, training=False))))
        assert found[-1] == pytest.approx(loss_of(alone, batch), abs=1e-6)
    assert len(set(np.round(found, 3))) == 4 and np.isfinite(found).all()
