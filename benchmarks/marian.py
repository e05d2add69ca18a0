"""Hugging Face's Marian with the weights of our Transformer, so that both do the same work.

Only `norm: post` has a counterpart there, with `attention_bias: true` and `positions: sinusoid` all of
it. Without them Marian's biases are zero here, and its table of sinusoids is replaced by ours.
`tests/train/test_marian_parity.py` compares logits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from components.train.layers.layer_norm import EPSILON


def marian_of(network: Any, positions: int = 1024) -> Any:
    """A `MarianMTModel` in eval mode that gives the logits of a network with `norm: post`.

    positions: rows of its table of sinusoids.
    """
    import torch
    import transformers

    hp, body = network.hp, network.body
    config = transformers.MarianConfig(
        vocab_size=network.num_classes,
        d_model=hp.d_model,
        encoder_layers=len(body.encoder.layers),
        decoder_layers=len(body.decoder),
        encoder_attention_heads=hp.num_heads,
        decoder_attention_heads=hp.num_heads,
        encoder_ffn_dim=hp.d_ff,
        decoder_ffn_dim=hp.d_ff,
        activation_function="relu",
        scale_embedding=True,
        pad_token_id=0,
        decoder_start_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
        forced_eos_token_id=None,
        max_position_embeddings=positions,
    )
    theirs = transformers.MarianMTModel(config).eval()
    shapes = {name: tuple(value.shape) for name, value in theirs.state_dict().items()}
    state = {name: torch.zeros(shape) for name, shape in shapes.items()}
    table = theirs.state_dict()["model.encoder.embed_positions.weight"].numpy()
    for name, array in _arrays(network, positions, table).items():
        assert shapes[name] == array.shape, name
        state[name] = torch.tensor(np.ascontiguousarray(array))
    theirs.load_state_dict(state)
    for module in theirs.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = EPSILON  # torch's default is 1e-5
    return theirs


def _arrays(network: Any, positions: int, table: np.ndarray) -> dict[str, np.ndarray]:
    """Our weights by Marian's names; its matrices are [out, in]. table: its own sinusoids."""
    import keras

    from components.train.layers.positions import timing_signal

    body, d = network.body, network.hp.d_model
    found: dict[str, np.ndarray] = {}

    def array(value: Any) -> np.ndarray:
        return np.asarray(keras.ops.convert_to_numpy(value), np.float32)

    def attend(layer: Any, place: str) -> None:
        kv = array(layer.kv_kernel)
        found[f"{place}.q_proj.weight"] = array(layer.q_kernel).T
        found[f"{place}.k_proj.weight"] = kv[:, :d].T
        found[f"{place}.v_proj.weight"] = kv[:, d:].T
        found[f"{place}.out_proj.weight"] = array(layer.output_kernel).T
        if layer.use_bias:
            found[f"{place}.q_proj.bias"] = array(layer.q_bias)
            found[f"{place}.k_proj.bias"], found[f"{place}.v_proj.bias"] = np.split(
                array(layer.kv_bias), 2
            )
            found[f"{place}.out_proj.bias"] = array(layer.output_bias)

    def normalise(layer: Any, place: str) -> None:
        found[f"{place}.weight"] = array(layer.norm.gamma)
        found[f"{place}.bias"] = array(layer.norm.beta)

    def feed(layer: Any, place: str) -> None:
        for dense, name in ((layer.expand, "fc1"), (layer.contract, "fc2")):
            found[f"{place}.{name}.weight"] = array(dense.kernel).T
            found[f"{place}.{name}.bias"] = array(dense.bias)

    embedding = array(network.target_net.embedding).copy()
    embedding[0] = 0  # at padding and before the first symbol our modality gives zeros
    for name in ("model.shared", "model.encoder.embed_tokens", "model.decoder.embed_tokens"):
        found[f"{name}.weight"] = embedding
    found["lm_head.weight"] = embedding
    timing = table
    if network.hp.positions == "timing":
        timing = array(timing_signal(keras.ops.arange(positions), d))
    found["model.encoder.embed_positions.weight"] = timing + array(body.target_space)
    found["model.decoder.embed_positions.weight"] = timing
    for i, layer in enumerate(body.encoder.layers):
        at = f"model.encoder.layers.{i}"
        attend(layer.attention, f"{at}.self_attn")
        normalise(layer.wrap_attention, f"{at}.self_attn_layer_norm")
        feed(layer.feed_forward, at)
        normalise(layer.wrap_ffn, f"{at}.final_layer_norm")
    for i, layer in enumerate(body.decoder):
        at = f"model.decoder.layers.{i}"
        attend(layer.self_attention, f"{at}.self_attn")
        normalise(layer.wrap_self, f"{at}.self_attn_layer_norm")
        attend(layer.cross_attention, f"{at}.encoder_attn")
        normalise(layer.wrap_cross, f"{at}.encoder_attn_layer_norm")
        feed(layer.feed_forward, at)
        normalise(layer.wrap_ffn, f"{at}.final_layer_norm")
    return found
