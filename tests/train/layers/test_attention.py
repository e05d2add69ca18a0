"""Attention and what may be in it, against NumPy written from the papers' formulas, pair by pair."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers import masks
from components.train.layers.attention import Attention
from components.train.layers.gated_feed_forward import GatedFeedForward
from components.train.layers.relative_positions import RelativePositions
from components.train.layers.rms_norm import RMSNorm
from components.train.layers.rotary import Rotary
from components.train.layers.segments import places_of
from components.train.watch import watching
from tests.train.on_jax import on_jax, skip_without_jax

B, L, D, H = 2, 5, 8, 4
rng = np.random.default_rng(4)
X = rng.normal(size=(B, L, D)).astype(np.float32)


def attention(**values: Any) -> Attention:
    keras.utils.set_random_seed(3)
    layer = Attention(D, H, dropout=0.0, name="attention", **values)
    layer.build()
    drawn = np.random.default_rng(9)
    for weight in layer.trainable_weights:
        weight.assign(drawn.normal(size=weight.shape).astype(np.float32) * 0.5)
    return layer


def numpy_of(value: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(value)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def by_loops(layer: Attention, allowed: np.ndarray, relative: Any = None) -> np.ndarray:
    """Every head and query by itself. allowed: [L, L]."""
    d = D // H
    group = H // layer.num_kv_heads
    bias = {name: 0.0 for name in ("q", "kv", "output")}
    if layer.use_bias:
        bias = {name: numpy_of(getattr(layer, f"{name}_bias")) for name in bias}
    q = X @ numpy_of(layer.q_kernel) + bias["q"]
    k, v = np.split(X @ numpy_of(layer.kv_kernel) + bias["kv"], 2, axis=-1)
    out = np.zeros((B, L, D))
    for b in range(B):
        for h in range(H):
            mine, theirs = slice(h * d, h * d + d), slice(h // group * d, h // group * d + d)
            for i in range(L):
                scores = np.full(L, -np.inf)
                for j in range(L):
                    key = k[b, j, theirs]
                    if relative:
                        key = key + relative[0][i, j]
                    if allowed[i, j]:
                        scores[j] = q[b, i, mine] @ key / d**0.5
                for j, weight in enumerate(softmax(scores)):
                    value = v[b, j, theirs]
                    if relative:
                        value = value + relative[1][i, j]
                    out[b, i, mine] += weight * value
    return out @ numpy_of(layer.output_kernel) + bias["output"]


@pytest.mark.parametrize(
    "values", [{}, {"num_kv_heads": 2}, {"num_kv_heads": 1}, {"use_bias": True}]
)
def test_attention_is_its_formula_head_by_head(values: dict[str, Any]) -> None:
    layer = attention(**values)
    mask = masks.causal()
    found = numpy_of(layer(X, mask.bias(L, L)))
    expected = by_loops(layer, numpy_of(mask.matrix(L, L)))
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_relative_positions_are_shaws_equations() -> None:
    layer = attention(positions=RelativePositions(D // H, 2, name="relative"))
    tables = [numpy_of(one) for one in (layer.positions.key_table, layer.positions.value_table)]
    distance = np.clip(np.arange(L)[None, :] - np.arange(L)[:, None], -2, 2) + 2
    assert distance[0].tolist() == [2, 3, 4, 4, 4] and distance[4].tolist() == [0, 0, 0, 1, 2]
    found = numpy_of(layer(X, None, places=np.arange(L)))
    expected = by_loops(layer, np.ones((L, L), bool), [table[distance] for table in tables])
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_rotary_turns_pairs_of_columns_by_their_place() -> None:
    x = rng.normal(size=(1, 1, 3, 4)).astype(np.float32)
    found = numpy_of(Rotary().turn(x, np.array([0, 1, 5])))[0, 0]
    np.testing.assert_allclose(found[0], x[0, 0, 0], atol=1e-7)
    for row, place in ((1, 1.0), (2, 5.0)):
        for i, w in enumerate((1.0, 0.01)):  # 1e4^(-2i/4)
            pair = complex(x[0, 0, row, i], x[0, 0, row, i + 2])
            turned = pair * np.exp(1j * place * w)
            np.testing.assert_allclose(
                found[row, [i, i + 2]], [turned.real, turned.imag], atol=1e-5
            )


def test_rotary_attention_sees_distances_only() -> None:
    layer = attention(positions=Rotary())
    here, there = (numpy_of(layer(X, None, places=np.arange(L) + shift)) for shift in (0, 37))
    np.testing.assert_allclose(there, here, atol=1e-5)
    swapped = numpy_of(layer(X, None, places=np.array([1, 0, 2, 3, 4])))
    assert np.abs(swapped - here).max() > 1e-2


def test_rms_norm_and_the_gated_network_are_their_formulas() -> None:
    norm = RMSNorm(D)
    norm.gamma.assign(np.arange(1, D + 1, dtype=np.float32))
    expected = X / np.sqrt((X**2).mean(-1, keepdims=True) + 1e-6) * np.arange(1, D + 1)
    np.testing.assert_allclose(numpy_of(norm(X)), expected, rtol=1e-5)
    ffn = GatedFeedForward(D, 12, relu_dropout=0.0)
    ffn.build(X.shape)
    gate, up, down = (numpy_of(weight) for weight in ffn.trainable_weights)
    z = X @ gate
    expected = (z / (1 + np.exp(-z)) * (X @ up)) @ down
    np.testing.assert_allclose(numpy_of(ffn(X)), expected, atol=1e-5)


def test_who_watches_sees_weights_that_sum_to_one_and_none_on_padding() -> None:
    layer = attention()
    real = np.array([[True] * 5, [True, True, True, False, False]])
    with watching() as seen:
        layer(X, masks.padding(real).bias(L, L))
    (weights,) = seen["attention:weights"]
    assert weights.shape == (B, H, L, L)
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-6)
    assert weights[1, :, :, 3:].max() == 0.0
    layer(X, None)
    assert len(seen["attention:weights"]) == 1  # nobody watched


def test_places_begin_anew_with_every_segment() -> None:
    segments = np.array([[1, 1, 1, 2, 2, 3, 0, 0], [1, 2, 2, 2, 2, 0, 0, 0]], np.int32)
    found = numpy_of(places_of(8, segments))
    assert found[0, :6].tolist() == [0, 1, 2, 0, 1, 0]
    assert found[1, :5].tolist() == [0, 0, 1, 2, 3]


FUSED = """
import json, sys
import numpy as np
from components.train.layers import fused_attention, masks
from tests.train.layers.test_attention import X, L, attention, numpy_of
layer = attention(num_kv_heads=2)
bias = masks.causal().bias(L, L)
plain = numpy_of(layer(X, bias))
fused_attention.accelerator = lambda: "tpu"
whole = numpy_of(layer(X, bias))
print(json.dumps([float(np.abs(whole - plain).max()), float(np.abs(plain).max())]))
"""

SHORT = """
import functools, json
import jax, keras, numpy as np
from components.train.kernels import short_attention
from components.train.layers import fused_attention, masks
from components.train.layers.attention import Attention
keras.utils.set_random_seed(3)
layer = Attention(64, 4, dropout=0.25, num_kv_heads=2, name="attention", dtype="mixed_bfloat16")
layer.build()
x = np.random.default_rng(1).normal(size=(24, 24, 64)).astype("float32")
x = keras.ops.cast(x, "bfloat16")
bias = masks.causal().bias(24, 24)
def mean_of(count):
    return np.mean([np.asarray(layer(x, bias, training=True), "float32") for _ in range(count)], 0)
plain, plain_mean = np.asarray(layer(x, bias), "float32"), mean_of(40)
calls = []
def kernel(*args, attention=short_attention.attention, **kwargs):
    calls.append(kwargs["rate"])
    return attention(*args, **kwargs, interpret=True)
short_attention.attention = kernel
fused_attention.accelerator, fused_attention.runs_triton = lambda: "gpu", lambda: True
short, short_mean = np.asarray(layer(x, bias), "float32"), mean_of(40)
norm = np.linalg.norm
print(json.dumps([*map(float, [norm(short - plain) / norm(plain), norm(short_mean - plain) / norm(plain),
                  norm(plain_mean - plain) / norm(plain)]), calls[0], sorted(set(calls))]))

from components.train.kernels import layer_norm as kernels
from components.train.layers import layer_norm
from components.train.layers.residual import PreNorm
from components.train.watch import shown_to
wrap, x = PreNorm(64, 0.0), keras.random.normal((4, 8, 64), seed=5)
def values_and_gradient():
    y, back = jax.vjp(lambda x: wrap(x, sublayer=lambda y: y * y), x)
    return np.stack([y, back(x)[0]])
plain, seen = values_and_gradient(), []
beside = kernels.beside
kernels.beside = lambda *xs: seen.append("kernel") or beside(*xs, interpret=True)
layer_norm.runs_triton = lambda: True
apart = [float(np.abs(values_and_gradient() - plain).max())]
with shown_to(lambda layer, name, value: seen.append(f"{layer.name}:{name}"), [wrap.norm]):
    wrap(x, sublayer=lambda y: y)
print(json.dumps([*apart, seen]))
"""


@pytest.mark.slow
def test_the_backends_kernel_gives_the_same() -> None:
    """JAX's kernel on the CPU, in a process of its own."""
    skip_without_jax()
    apart, size = json.loads(on_jax("-c", FUSED, timeout=120))
    assert apart < 1e-5 and size > 0.1


@pytest.fixture(scope="module")
def kernels_in_layers() -> list[str]:
    """What SHORT prints."""
    skip_without_jax()
    return on_jax("-c", SHORT, timeout=200).splitlines()[-2:]


@pytest.mark.slow
def test_a_norms_kernel_gives_the_same_past_a_sublayer_and_can_be_watched(
    kernels_in_layers: list[str],
) -> None:
    apart, seen = json.loads(kernels_in_layers[1])
    assert apart < 1e-5
    assert seen == ["kernel", "kernel", "norm:output"]


@pytest.mark.slow
def test_the_kernel_for_short_rows_gives_the_same_and_drops_as_often(
    kernels_in_layers: list[str],
) -> None:
    """Without dropout what the steps give; with it, the mean of 40 draws is as near to that as theirs."""
    apart, mean_apart, steps_apart, first, rates = json.loads(kernels_in_layers[0])
    assert apart < 0.01
    assert first == 0.0 and rates == [0.0, 0.25]
    assert 0.7 < mean_apart / steps_apart < 1.4
