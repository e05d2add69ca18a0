"""Steps of convolution against their formula, and how far a row of them sees."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from components.train.layers.conv_block import ConvBlock, ConvStep

SHAPES = pytest.mark.parametrize(
    ("kernels", "dilations"), [([3], [1]), ([3, 3, 3], [1, 2, 4]), ([5, 5], [1, 4])]
)


def block(kernels: list[int], dilations: list[int], padding: str, channels: int = 6) -> ConvBlock:
    made = ConvBlock(6, kernels, dilations, [-2] * len(kernels), padding=padding, name="block")
    made.build((None, None, channels))
    rng = np.random.default_rng(0)
    for weight in made.weights:
        weight.assign(rng.normal(size=weight.shape))
    return made


def inputs(length: int, channels: int = 6, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, length, channels)).astype(np.float32)


def test_a_step_is_the_norm_of_the_convolution_of_what_is_positive() -> None:
    step = ConvStep(6, 3)
    step.build((None, None, 6))
    rng = np.random.default_rng(0)
    for weight in step.weights:
        weight.assign(rng.normal(size=weight.shape))
    taps, kernel = np.asarray(step.conv.depthwise), np.asarray(step.conv.kernels[0])
    x = inputs(5)
    padded = np.pad(np.maximum(x, 0), [(0, 0), (2, 0), (0, 0)])
    z = sum(padded[:, j : j + 5] * taps[j] for j in range(3)) @ kernel
    normal = (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, keepdims=True) + 1e-6)
    expected = normal * np.asarray(step.norm.gamma) + np.asarray(step.norm.beta)
    np.testing.assert_allclose(ops.convert_to_numpy(step(x)), expected, rtol=1e-4, atol=1e-4)


@SHAPES
@pytest.mark.parametrize("padding", ["left", "both"])
def test_a_block_sees_one_and_the_sum_of_its_reaches(
    kernels: list[int], dilations: list[int], padding: str
) -> None:
    made = block(kernels, dilations, padding)
    field = 1 + sum((k - 1) * d for k, d in zip(kernels, dilations, strict=True))
    x = inputs(40)
    changed = x.copy()
    changed[:, 18] += 1.0
    before, after = (ops.convert_to_numpy(made(one)) for one in (x, changed))
    (touched,) = np.nonzero(np.any(before != after, axis=(0, 2)))
    first = 18 if padding == "left" else 18 - field // 2
    assert touched.tolist() == list(range(first, first + field))


@SHAPES
def test_a_block_step_by_step_is_the_whole_at_once(
    kernels: list[int], dilations: list[int]
) -> None:
    made = block(kernels, dilations, "left", channels=8)
    x = inputs(12, 8)
    expected = ops.convert_to_numpy(made(x))
    cache = made.windows(2, "float32")
    reaches = [(k - 1) * d for k, d in zip(kernels, dilations, strict=True)]
    assert [tuple(leaf.shape[:2]) for leaf in cache.values()] == [(2, reach) for reach in reaches]
    for t in range(12):
        y, cache = made.step(ops.convert_to_tensor(x[:, t]), {"another": None, **cache})
        np.testing.assert_allclose(ops.convert_to_numpy(y), expected[:, t], rtol=1e-4, atol=1e-5)


def test_padding_is_zero_before_each_convolution() -> None:
    """Without that, what the first leaves at padding would come back through the second."""
    made = block([3, 5], [1, 2], "both")
    x, real = inputs(9), np.arange(9) < np.array([[9], [4]])
    alone = ops.convert_to_numpy(made(x[1:, :4], np.ones((1, 4), bool)))
    found = ops.convert_to_numpy(made(x, real))
    np.testing.assert_allclose(found[1:, :4], alone, rtol=1e-5, atol=1e-5)
