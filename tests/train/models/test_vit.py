"""ViT against Hugging Face's, weight for weight, and its size against the paper's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from components.datagen.schema import Feature
from components.train.modalities.patches import Modality
from components.train.models.vit import Body

SMALL: dict[str, Any] = {}
VARIANTS = {"mean": {"pool": "mean"}}
IDLE = ()
SIZES = {"d_model": 16, "num_layers": 3, "num_heads": 4, "d_ff": 24}


def made(
    shape: tuple[int, int, int], patch: int, pool: str = "class", **sizes: int
) -> tuple[Any, Any]:
    rates = {"dropout": 0.0, "attention_dropout": 0.0, "relu_dropout": 0.0}
    hp = SimpleNamespace(**sizes, **rates, pool=pool)
    modality = Modality(Feature("image", shape=shape, options={"patch": patch}), hp)
    body = Body(hp)
    modality.build()
    body.build()
    return modality, body


def test_size_of_vit_b_16() -> None:
    """Table 1: 86 M. Hugging Face's ViTModel without its pooler has 85,798,656, of which 768 are the
    place of the class token."""
    modality, body = made((224, 224, 3), 16, d_model=768, num_layers=12, num_heads=12, d_ff=3072)
    assert modality.count_params() + body.count_params() == 85_798_656 - 768


def test_it_is_hugging_face_s() -> None:
    torch = pytest.importorskip("torch", reason="a peer to measure against")
    transformers = pytest.importorskip("transformers", reason="a peer to measure against")
    torch.manual_seed(1)
    theirs = transformers.ViTModel(
        transformers.ViTConfig(
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=24,
            image_size=(8, 12),
            patch_size=4,
            layer_norm_eps=1e-6,
        ),
        add_pooling_layer=False,
    ).eval()
    for value in theirs.parameters():
        value.data.normal_(0.0 if value.ndim > 1 else 0.5, 0.3)
    modality, body = made((8, 12, 3), 4, **SIZES)
    copy(dict(theirs.state_dict()), modality, body)
    pixels = np.random.default_rng(3).integers(0, 256, (2, 8, 12, 3)).astype(np.uint8)
    with torch.no_grad():
        x = torch.tensor((pixels / 127.5 - 1).transpose(0, 3, 1, 2).astype(np.float32))
        wanted = theirs(x).last_hidden_state.numpy()
    memory = body.encode(modality.bottom(pixels), modality.mask(pixels), training=False)
    np.testing.assert_allclose(np.asarray(memory["answer"])[:, 0], wanted[:, 0], atol=2e-5)


def copy(state: dict[str, Any], modality: Any, body: Any) -> None:
    """Hugging Face's weights; theirs of a map are [out, in]."""

    def take(name: str) -> np.ndarray:
        value = state.pop(name).numpy()
        return value.T if value.ndim == 2 else value

    places = state.pop("embeddings.position_embeddings").numpy()[0]
    modality.places.assign(places[1:])
    body.token.assign(state.pop("embeddings.cls_token").numpy()[0, 0] + places[0])
    cut = state.pop("embeddings.patch_embeddings.projection.weight").numpy()
    modality.cut.kernel.assign(cut.transpose(2, 3, 1, 0))
    modality.cut.bias.assign(take("embeddings.patch_embeddings.projection.bias"))
    for i, layer in enumerate(body.encoder.layers):
        names = [name for name in state if name.startswith(f"layers.{i}.")]

        def of(*words: str, names: list[str] = names) -> np.ndarray:
            (name,) = [one for one in names if all(word in one for word in words)]
            return take(name)

        own = layer.attention
        for kind in ("kernel", "bias"):
            end = ".weight" if kind == "kernel" else ".bias"
            q, k, v, out = (of(word + end) for word in ("q_proj", "k_proj", "v_proj", "o_proj"))
            getattr(own, f"q_{kind}").assign(q)
            getattr(own, f"kv_{kind}").assign(np.concatenate([k, v], axis=-1))
            getattr(own, f"output_{kind}").assign(out)
            getattr(layer.feed_forward.expand, kind).assign(of("fc1" + end))
            getattr(layer.feed_forward.contract, kind).assign(of("fc2" + end))
        for wrap, word in ((layer.wrap_attention, "before"), (layer.wrap_ffn, "after")):
            wrap.norm.gamma.assign(of(f"layernorm_{word}.weight"))
            wrap.norm.beta.assign(of(f"layernorm_{word}.bias"))
    body.encoder.close.norm.gamma.assign(take("layernorm.weight"))
    body.encoder.close.norm.beta.assign(take("layernorm.bias"))
    assert not state


def test_the_mean_is_over_patches_and_has_no_token() -> None:
    modality, body = made((8, 8, 1), 4, pool="mean", **SIZES)
    assert not any("token" in weight.path for weight in body.weights)
    x = np.random.default_rng(1).normal(size=(2, 4, 16)).astype(np.float32)
    mask = np.ones((2, 4), bool)
    h = np.asarray(body.encoder(x, mask, training=False))
    found = np.asarray(body.encode(x, mask, training=False)["answer"])
    np.testing.assert_allclose(found[:, 0], h.mean(1), atol=1e-6)
