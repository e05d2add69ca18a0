"""What the layers of a Transformer compute, in float64 NumPy from the layers' own weights.

Written from the formulas; it shares no code with the layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray


def value(variable: Any) -> Array:
    return np.asarray(variable, np.float64)


def norm(layer: Any, x: Array) -> Array:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-6) * value(layer.gamma) + value(layer.beta)


def wrapped(wrap: Any, x: Array, sublayer: Callable[[Array], Array]) -> Array:
    """Pre-norm."""
    return x + sublayer(norm(wrap.norm, x))


def attention(layer: Any, x: Array, memory: Array, allowed: Array) -> Array:
    """allowed: bool, broadcastable to [B, T, L]."""
    heads, d = layer.num_heads, x.shape[-1]
    keys, values = np.split(memory @ value(layer.kv_kernel), 2, axis=-1)
    q, k, v = (
        y.reshape(*y.shape[:2], heads, d // heads)
        for y in (x @ value(layer.q_kernel), keys, values)
    )
    scores = np.einsum("bthd,blhd->bhtl", q, k) / np.sqrt(d // heads)
    scores = np.where(np.broadcast_to(allowed, scores[:, 0].shape)[:, None], scores, -1e9)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    mixed = np.einsum("bhtl,blhd->bthd", weights, v).reshape(x.shape)
    return mixed @ value(layer.output_kernel)


def dense(layer: Any, x: Array) -> Array:
    return x @ value(layer.kernel) + value(layer.bias)


def feed_forward(layer: Any, x: Array) -> Array:
    return dense(layer.contract, np.maximum(dense(layer.expand, x), 0))


def timing(places: Array, d: int, intervals: int) -> Array:
    """Sines and cosines of periods from 2 pi to 2e4 pi over so many intervals, [.., d]."""
    angle = np.asarray(places, np.float64)[..., None] / 1e4 ** (np.arange(d // 2) / intervals)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=-1)


def disturbed(network: Any, seed: int = 2) -> Any:
    """The network with its weights moved a little, so that biases and factors are in play."""
    rng = np.random.default_rng(seed)
    for weight in network.trainable_variables:
        weight.assign(value(weight) + rng.normal(0, 0.1, weight.shape))
    return network
