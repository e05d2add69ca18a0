"""ResNet against Hugging Face's, weight for weight, and its size against the papers'."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.train.models.resnet import Body

SMALL = {"stem": "small", "stem_width": 3, "blocks": [1, 2], "bottleneck": True}
VARIANTS = {"plain": {"bottleneck": False}, "photographs": {"stem": "large"}}
RESNET_50 = {"blocks": [3, 4, 6, 3], "bottleneck": True, "d_model": 2048}


def body_of(**values: Any) -> Body:
    known = {"stem": "large", "stem_width": 64, "dropout": 0.0, **values}
    body = Body(SimpleNamespace(**known))
    body.build()
    return body


def trained(body: Body) -> int:
    return sum(int(np.prod(weight.shape)) for weight in body.trainable_weights)


@pytest.mark.parametrize(
    ("blocks", "bottleneck", "d_model", "published"),
    # PyTorch's networks with 1000 classes; "25.6 M" and "11.7 M" wherever they are named.
    [([3, 4, 6, 3], True, 2048, 25_557_032), ([2, 2, 2, 2], False, 512, 11_689_512)],
)
def test_size_with_imagenet_s_classes(
    blocks: list[int], bottleneck: bool, d_model: int, published: int
) -> None:
    body = body_of(blocks=blocks, bottleneck=bottleneck, d_model=d_model)
    assert trained(body) + (d_model + 1) * 1000 == published


def test_size_is_keras_s_without_the_biases_before_norms() -> None:
    theirs = keras.applications.ResNet50(include_top=False, weights=None)
    biases = [v for v in theirs.weights if v.path.endswith("conv/bias")]
    useless = sum(int(np.prod(bias.shape)) for bias in biases)
    assert body_of(**RESNET_50).count_params() == theirs.count_params() - useless


@pytest.mark.parametrize("bottleneck", [True, False])
def test_it_is_hugging_face_s(bottleneck: bool) -> None:
    torch = pytest.importorskip("torch", reason="a peer to measure against")
    transformers = pytest.importorskip("transformers", reason="a peer to measure against")
    torch.manual_seed(1)
    theirs = transformers.ResNetModel(
        transformers.ResNetConfig(
            embedding_size=6,
            hidden_sizes=[8, 16, 32],
            depths=[2, 1, 3],
            layer_type="bottleneck" if bottleneck else "basic",
        )
    ).eval()
    rng = np.random.default_rng(2)
    for name, value in theirs.state_dict().items():
        if value.dtype == torch.float32 and value.ndim == 1:
            low = 0.5 if "var" in name or "weight" in name else -0.5
            value.copy_(torch.tensor(rng.uniform(low, low + 1, value.shape)))
    body = body_of(blocks=[2, 1, 3], bottleneck=bottleneck, d_model=32, stem_width=6)
    copy(theirs.embedder.embedder, body.stem)
    layers = [layer for stage in theirs.encoder.stages for layer in stage.layers]
    for their, own in zip(layers, body.blocks, strict=True):
        for a, b in zip(their.layer, own.branch, strict=True):
            copy(a, b)
        assert (own.shortcut is None) == isinstance(their.shortcut, torch.nn.Identity)
        if own.shortcut is not None:
            copy(their.shortcut, own.shortcut)
    for height, width in ((32, 32), (33, 46)):
        x = rng.uniform(-1, 1, (2, height, width, 3)).astype(np.float32)
        with torch.no_grad():
            wanted = theirs(torch.tensor(x.transpose(0, 3, 1, 2))).pooler_output[:, :, 0, 0].numpy()
        found = np.asarray(body.encode(x, np.ones((2, 1), bool), training=False)["answer"])[:, 0]
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def copy(theirs: Any, mine: Any) -> None:
    """A convolution and its norm from PyTorch."""
    kernel = theirs.convolution.weight.detach().numpy().transpose(2, 3, 1, 0)
    mine.conv.kernel.assign(kernel)
    norm = theirs.normalization
    names = ("weight", "bias", "running_mean", "running_var")
    own = (mine.norm.gamma, mine.norm.beta, mine.norm.moving_mean, mine.norm.moving_variance)
    for name, variable in zip(names, own, strict=True):
        variable.assign(getattr(norm, name).detach().numpy())


def test_each_stage_has_half_the_sides_and_twice_the_width() -> None:
    body = body_of(blocks=[1, 1, 1], bottleneck=False, d_model=16, stem="small", stem_width=4)
    x, real = np.zeros((1, 28, 28, 3), np.float32), np.ones(1, bool)
    h, shapes = body.stem(x, real, training=False), []
    for block in body.blocks:
        h = block(h, real, training=False)
        shapes.append(tuple(h.shape[1:]))
    assert shapes == [(28, 28, 4), (14, 14, 8), (7, 7, 16)]
    assert [block.shortcut is None for block in body.blocks] == [True, False, False]
