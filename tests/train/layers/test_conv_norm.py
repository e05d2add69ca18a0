"""The convolution of residual networks against loops over its places, and its padding against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from components.train.layers.conv_norm import ConvNorm


def filled(layer: ConvNorm, seed: int = 0) -> ConvNorm:
    """Built, with weights and statistics that are all different."""
    layer.build()
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        weight.assign(rng.uniform(0.5, 1.5, weight.shape).astype(np.float32))
    return layer


@pytest.mark.parametrize("side", [1, 2, 4, 5])
@pytest.mark.parametrize(("kernel", "strides"), [(1, 1), (1, 2), (3, 1), (3, 2), (7, 2)])
def test_it_equals_loops_over_places(kernel: int, strides: int, side: int) -> None:
    layer = filled(ConvNorm(2, 3, kernel, strides=strides))
    x = np.random.default_rng(1).normal(size=(1, side, side, 2)).astype(np.float32)
    weights = {weight.name: np.asarray(weight) for weight in layer.weights}
    around = kernel // 2
    padded = np.pad(x[0], [(around, around), (around, around), (0, 0)])
    wanted = np.zeros((-(-side // strides), -(-side // strides), 3))
    for i in range(len(wanted)):
        for j in range(len(wanted)):
            top, left = i * strides, j * strides
            seen = padded[top : top + kernel, left : left + kernel]
            wanted[i, j] = np.einsum("ijc,ijcd->d", seen, weights["kernel"])
    scaled = (wanted - weights["moving_mean"]) / np.sqrt(weights["moving_variance"] + 1e-5)
    wanted = np.maximum(scaled * weights["gamma"] + weights["beta"], 0)
    found = np.asarray(layer(x, np.ones(1, bool), training=False))
    np.testing.assert_allclose(found[0], wanted, rtol=1e-4, atol=1e-4)


def test_without_relu_and_padding() -> None:
    layer = filled(ConvNorm(2, 3, 3, padding=0, relu=False))
    x = -np.ones((1, 5, 6, 2), np.float32)
    found = np.asarray(layer(x, np.ones(1, bool), training=False))
    assert found.shape == (1, 3, 4, 3) and np.all(found < 0)
    assert not any("bias" in weight.path for weight in layer.weights)
