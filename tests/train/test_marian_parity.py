"""The paper's post-norm Transformer beside Hugging Face's Marian with the same random weights.

Marian has biases on its attention and other sinusoids; here the first are zero and the second are
ours, so that everything else must agree: scaling, norms, masks, heads, shift and tied softmax.
Needs torch and transformers, which this project does not install: skipped where they are not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers.positions import timing_signal
from components.train.network import Network, build_network
from tests.tiny import WORDS, tiny_data

torch = pytest.importorskip("torch", reason="compares with Hugging Face: pip install torch")
transformers = pytest.importorskip("transformers", reason="pip install transformers")

D, HEADS, LAYERS, FF, V = 16, 4, 2, 24, len(WORDS)


def network_of(folder: Path) -> Network:
    values = {"d_model": D, "num_layers": LAYERS, "num_heads": HEADS, "d_ff": FF, "norm": "post"}
    network = build_network(tiny_data(folder), "transformer", values)
    rng = np.random.default_rng(8)
    for weight in network.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape).astype(np.float32))
    network.body.target_space.assign(np.zeros(D, np.float32))  # Marian has none
    return network


def marian_of(network: Network) -> Any:
    config = transformers.MarianConfig(
        vocab_size=V,
        d_model=D,
        encoder_layers=LAYERS,
        decoder_layers=LAYERS,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=FF,
        decoder_ffn_dim=FF,
        activation_function="relu",
        scale_embedding=True,
        pad_token_id=0,
        decoder_start_token_id=0,
        eos_token_id=1,
        max_position_embeddings=32,
        attn_implementation="eager",
    )
    theirs = transformers.MarianMTModel(config).eval()
    state = {name: torch.zeros_like(value) for name, value in theirs.state_dict().items()}

    def put(name: str, value: Any, turned: bool = False) -> None:
        array = keras.ops.convert_to_numpy(value)
        array = array.T if turned else array  # torch keeps [out, in]
        assert tuple(state[name].shape) == array.shape, name
        state[name] = torch.tensor(np.ascontiguousarray(array))

    def attend(layer: Any, place: str) -> None:
        kv = keras.ops.convert_to_numpy(layer.kv_kernel)
        put(f"{place}.q_proj.weight", layer.q_kernel, turned=True)
        put(f"{place}.k_proj.weight", kv[:, :D], turned=True)
        put(f"{place}.v_proj.weight", kv[:, D:], turned=True)
        put(f"{place}.out_proj.weight", layer.output_kernel, turned=True)

    def normalise(layer: Any, place: str) -> None:
        put(f"{place}.weight", layer.norm.gamma)
        put(f"{place}.bias", layer.norm.beta)

    def feed(layer: Any, place: str) -> None:
        for dense, name in ((layer.expand, "fc1"), (layer.contract, "fc2")):
            put(f"{place}.{name}.weight", dense.kernel, turned=True)
            put(f"{place}.{name}.bias", dense.bias)

    embedding = keras.ops.convert_to_numpy(network.target_net.embedding).copy()
    embedding[0] = 0  # at padding and before the first symbol our modality gives zeros
    for name in state:
        if name.endswith(("shared.weight", "embed_tokens.weight", "lm_head.weight")):
            put(name, embedding)
        if name.endswith("embed_positions.weight"):
            put(name, timing_signal(keras.ops.arange(32), D))
    for i, layer in enumerate(network.body.encoder.layers):
        at = f"model.encoder.layers.{i}"
        attend(layer.attention, f"{at}.self_attn")
        normalise(layer.wrap_attention, f"{at}.self_attn_layer_norm")
        feed(layer.feed_forward, at)
        normalise(layer.wrap_ffn, f"{at}.final_layer_norm")
    for i, layer in enumerate(network.body.decoder):
        at = f"model.decoder.layers.{i}"
        attend(layer.self_attention, f"{at}.self_attn")
        normalise(layer.wrap_self, f"{at}.self_attn_layer_norm")
        attend(layer.cross_attention, f"{at}.encoder_attn")
        normalise(layer.wrap_cross, f"{at}.encoder_attn_layer_norm")
        feed(layer.feed_forward, at)
        normalise(layer.wrap_ffn, f"{at}.final_layer_norm")
    theirs.load_state_dict(state)
    for module in theirs.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = 1e-6  # Tensor2Tensor's; torch's default is 1e-5
    return theirs


def test_marian_with_our_weights_gives_our_logits(tmp_path: Path) -> None:
    network = network_of(tmp_path)
    theirs = marian_of(network)
    rng = np.random.default_rng(3)
    inputs, targets = rng.integers(3, V, (3, 7)), rng.integers(3, V, (3, 6))
    inputs[1, 5:] = 0
    inputs[2, 2:] = 0
    shifted = np.pad(targets[:, :-1], [(0, 0), (1, 0)])
    with torch.no_grad():
        expected = theirs(
            input_ids=torch.tensor(inputs),
            attention_mask=torch.tensor((inputs != 0).astype(np.int64)),
            decoder_input_ids=torch.tensor(shifted),
        ).logits.numpy()
    found = network({"inputs": inputs, "targets": targets}, training=False)
    found = keras.ops.convert_to_numpy(found)
    assert np.abs(expected).max() > 0.5
    # Symbol 0 is padding: no text holds it, and its row of the softmax is ours alone.
    np.testing.assert_allclose(found[..., 1:], expected[..., 1:], atol=1e-5)
