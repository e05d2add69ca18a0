"""The Evolved Transformer against figure 3 of its paper in NumPy, and its count of weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature, Manifest
from components.train.network import build_network, count_params
from tests.train.numpy_layers import (
    attention,
    dense,
    disturbed,
    feed_forward,
    norm,
    timing,
    value,
    wrapped,
)

VARIANTS = {"deep": {"num_encoder_layers": 1, "num_decoder_layers": 3, "num_heads": 4}}
D, V = 16, 50


def network(**values: Any) -> Any:
    symbols = Feature("symbol", "words", V)
    manifest = Manifest("m", "t", {"inputs": symbols, "targets": symbols}, {}, (), "", 1)
    keras.utils.set_random_seed(3)
    hparams = {"d_model": D, "num_layers": 2, "num_heads": 2, "dropout": 0.0, **values}
    return build_network(manifest, "evolved_transformer", {"attention_dropout": 0.0, **hparams})


def batch() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    inputs, targets = (rng.integers(3, V, (3, n)).astype(np.int32) for n in (13, 15))
    inputs[1, 4:] = targets[0, 3:] = 0
    return {"inputs": inputs, "targets": targets}


def tap_by_tap(x: np.ndarray, taps: int, before: int, of_tap: Any) -> np.ndarray:
    """Sum over taps j of of_tap(j, x[t - before + j]), where there is such an input."""
    length = x.shape[1]
    y: Any = 0.0
    for j in range(taps):
        shifted = np.zeros_like(x)
        for t in range(length):
            if 0 <= t - before + j < length:
                shifted[:, t] = x[:, t - before + j]
        y = y + of_tap(j, shifted)
    return y


def conv(layer: Any, x: np.ndarray) -> np.ndarray:
    """A whole convolution, as many taps before as after."""
    kernel = value(layer.kernels[0])
    y = tap_by_tap(x, len(kernel), len(kernel) // 2, lambda j, z: z @ kernel[j])
    return y + value(layer.bias)


def separable(layer: Any, x: np.ndarray, before: int) -> np.ndarray:
    depthwise, pointwise = value(layer.depthwise), value(layer.kernels[0])
    y = tap_by_tap(x, len(depthwise), before, lambda j, z: z * depthwise[j])
    return y @ pointwise + value(layer.bias)


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def filled(x: np.ndarray, width: int) -> np.ndarray:
    return np.pad(x, [(0, 0), (0, 0), (0, width - x.shape[-1])])


def encoder_cell(cell: Any, x: np.ndarray, real: np.ndarray) -> np.ndarray:
    gated, branches, rest = cell.gated, cell.branches, cell.rest
    here = real[:, :, None]

    def gate(z: np.ndarray) -> np.ndarray:
        return dense(gated.values, z) / (1 + np.exp(-dense(gated.gates, z)))

    def convolve(z: np.ndarray) -> np.ndarray:
        left, right = relu(dense(branches.left, z)), relu(conv(branches.right, z * here))
        mixed = norm(branches.norm, left + filled(right, 4 * D))
        return filled(separable(branches.last, mixed * here, 4), D)

    x = wrapped(cell.wrap_gated, x, gate)
    x = wrapped(cell.wrap_conv, x, convolve)
    x = wrapped(rest.wrap_attention, x, lambda z: attention(rest.attention, z, z, real[:, None, :]))
    return wrapped(rest.wrap_ffn, x, lambda z: feed_forward(rest.feed_forward, z))


def decoder_cell(cell: Any, y: np.ndarray, h: np.ndarray, real: np.ndarray) -> np.ndarray:
    branches, rest, over = cell.branches, cell.rest, real[:, None, :]
    past = np.tril(np.ones((1, y.shape[1], y.shape[1]), bool))
    z = norm(cell.norm, y)
    y = y + attention(cell.wide_attention, z, z, past) + attention(cell.first_attention, z, h, over)

    def convolve(z: np.ndarray) -> np.ndarray:
        left = relu(separable(branches.left, z, 10))
        mixed = norm(branches.norm, left + filled(separable(branches.right, z, 6), 2 * D))
        return separable(branches.last, mixed, 6)

    def network(z: np.ndarray) -> np.ndarray:
        a = dense(rest.feed_forward.expand, z)
        return dense(rest.feed_forward.contract, norm(rest.feed_forward.norm, a / (1 + np.exp(-a))))

    y = wrapped(cell.wrap_conv, y, convolve)
    y = wrapped(rest.wrap_self, y, lambda z: attention(rest.self_attention, z, z, past))
    y = wrapped(rest.wrap_cross, y, lambda z: attention(rest.cross_attention, z, h, over))
    return wrapped(rest.wrap_ffn, y, network)


def test_logits_are_those_of_the_figure() -> None:
    net = disturbed(network())
    body, table, data = net.body, value(net.target_net.embedding), batch()
    shifted = np.pad(data["targets"][:, :-1], [(0, 0), (1, 0)])
    h, y = (
        table[ids] * D**0.5 * (ids != 0)[..., None] + timing(np.arange(ids.shape[1]), D, D // 2 - 1)
        for ids in (data["inputs"], shifted)
    )
    real, h = data["inputs"] != 0, h + value(body.target_space)
    for cell in body.encoder:
        h = encoder_cell(cell, h, real)
    h = norm(body.encoder_close.norm, h)
    for cell in body.decoder:
        y = decoder_cell(cell, y, h, real)
    expected = norm(body.close.norm, y) @ table.T
    np.testing.assert_allclose(net(data, training=False), expected, atol=1e-5)


def weights(d: int, encoder: int, decoder: int, vocabulary: int) -> int:
    """By hand, from the figure."""

    def separable(taps: int, channels: int, filters: int) -> int:
        return taps * channels + channels * filters + filters

    def layer(inputs: int, outputs: int) -> int:
        return inputs * outputs + outputs

    four, layer_norm, ffn = 4 * d * d, 2 * d, layer(d, 4 * d) + layer(4 * d, d)
    gated, branches = 2 * layer(d, d), layer(d, 4 * d) + 3 * d * d // 2 + d // 2
    branches += separable(9, 4 * d, d // 2) + 2 * 4 * d
    encoder_cell = gated + branches + four + ffn + 4 * layer_norm
    branches = separable(11, d, 2 * d) + separable(7, d, d // 2) + separable(7, 2 * d, d) + 4 * d
    decoder_cell = 4 * four + branches + ffn + 2 * 4 * d + 5 * layer_norm
    closing = 2 * layer_norm
    return vocabulary * d + d + encoder * encoder_cell + decoder * decoder_cell + closing


@pytest.mark.parametrize(("d", "encoder", "decoder"), [(16, 2, 2), (8, 1, 3)])
def test_as_many_weights_as_its_formula(d: int, encoder: int, decoder: int) -> None:
    net = network(d_model=d, num_encoder_layers=encoder, num_decoder_layers=decoder)
    assert count_params(net) == weights(d, encoder, decoder, V)


def test_the_papers_mobile_size_has_7_million_weights() -> None:
    """So et al.'s abstract says "7M parameters"; the vocabulary is Tensor2Tensor's for WMT14."""
    assert weights(128, 3, 4, 32_768) == pytest.approx(7e6, rel=0.03)


def test_the_first_attention_has_twice_the_heads_and_sixteen_at_most() -> None:
    heads = [
        network(d_model=32, num_heads=h, num_layers=1).body.decoder[0].wide_attention.num_heads
        for h in (2, 4, 16, 32)
    ]
    assert heads == [4, 8, 16, 32]


def test_a_convolution_alone_looks_back_sixteen_positions() -> None:
    """10 of the wide one and 6 of the last: step by step must keep as many."""
    branches = disturbed(network(num_layers=1)).body.decoder[0].branches
    z = np.random.default_rng(5).normal(size=(1, 20, D)).astype(np.float32)
    changed = z.copy()
    changed[0, 0] += 1
    windows = branches.windows(1, "float32")
    one, other = (np.asarray(branches(x, *windows, training=False)[0]) for x in (z, changed))
    differs = np.abs(one - other).max(-1)[0] > 1e-6
    assert differs[:17].all() and not differs[17:].any()


def test_step_by_step_over_more_positions_than_a_window_holds() -> None:
    net = disturbed(network())
    rng = np.random.default_rng(6)
    ids = rng.integers(3, V, (2, 24)).astype(np.int32)
    whole = np.asarray(net({"inputs": ids[:, :5], "targets": ids}, training=False))
    memory = net.encode({"inputs": ids[:, :5]}, training=False)
    cache, previous = net.init_cache(memory, 1, 24), np.zeros(2, np.int32)
    for t in range(24):
        logits, cache = net.step(previous, t, cache, memory)
        np.testing.assert_allclose(logits, whole[:, t], atol=1e-4)
        previous = ids[:, t]
