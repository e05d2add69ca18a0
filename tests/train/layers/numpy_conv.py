"""Steps of convolution in NumPy, from Tensor2Tensor's conv_block and the papers; for tests of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Weights = dict[str, np.ndarray]


def weights_of(layer: Any, at: str) -> Weights:
    """A layer's own weights in float64, by `at` and their names."""
    return {f"{at}/{weight.name}": np.asarray(weight, np.float64) for weight in layer.weights}


def weights_of_block(block: Any, at: str) -> Weights:
    """Those of a `ConvBlock`."""
    found: Weights = {}
    for i, step in enumerate(block.steps):
        found |= weights_of(step.conv, f"{at}/{i}/conv") | weights_of(step.norm, f"{at}/{i}/norm")
    return found


def norm(x: np.ndarray, w: Weights, at: str) -> np.ndarray:
    normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    return normal * w[f"{at}/gamma"] + w[f"{at}/beta"]


def conv(
    x: np.ndarray, w: Weights, at: str, *, cut: int, taps: int, dilation: int, left: bool
) -> np.ndarray:
    """x [B, L, C]; cut: the separability, whose groups must divide C."""
    parts = []
    for i, group in enumerate(np.split(x, max(abs(cut), 1), axis=-1)):
        kernel, width = w[f"{at}/group_{i}"], group.shape[-1]
        y = np.zeros((*x.shape[:2], kernel.shape[-1]))
        for t in range(x.shape[1]):
            for j in range(taps):
                source = t - ((taps - 1 if left else taps // 2) - j) * dilation
                if not 0 <= source < x.shape[1]:
                    continue
                if cut > 0:
                    y[:, t] += group[:, source] @ kernel[j]
                else:
                    own = w[f"{at}/depthwise"][j, i * width : (i + 1) * width]
                    y[:, t] += (group[:, source] * own) @ kernel
        parts.append(y)
    y = np.concatenate(parts, -1)
    return y @ w[f"{at}/mix"] if cut > 1 else y


def block(
    x: np.ndarray,
    w: Weights,
    at: str,
    spec: Sequence[tuple[int, int, int]],
    *,
    left: bool,
    mask: Any = 1.0,
) -> np.ndarray:
    """spec: (separability, taps, dilation) of each step; mask: 0.0 at padding [B, L, 1]."""
    for i, (cut, taps, dilation) in enumerate(spec):
        x = np.maximum(x, 0) * mask
        x = conv(x, w, f"{at}/{i}/conv", cut=cut, taps=taps, dilation=dilation, left=left)
        x = norm(x, w, f"{at}/{i}/norm")
    return x


def shaken(network: Any) -> None:
    """Changes all weights a little, so that norms' are in play."""
    rng = np.random.default_rng(2)
    for weight in network.trainable_variables:
        weight.assign(np.asarray(weight) + rng.normal(0, 0.1, weight.shape))
