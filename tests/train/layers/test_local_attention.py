"""Local attention against loops over all pairs, and against full attention under a mask."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from components.train.layers import local_attention
from components.train.layers.attention import Attention
from components.train.layers.local_attention import (
    Blocks,
    Rectangles,
    Window,
    attend_locally,
    window_bias,
)
from components.train.layers.parts import fill, neighbours
from components.train.layers.relative_positions import RelativePositions
from components.train.layers.rotary import Rotary
from components.train.watch import watching

D, HEADS = 8, 2
RECTANGLES = [
    (5, (2, 3), (1, 2)),  # row length; rows and columns of a block; rows above, columns beside
    (6, (2, 2), (3, 1)),
    (4, (1, 4), (2, 0)),
    (3, (2, 5), (0, 7)),
]


def near_in_row(block: int, t: int, j: int) -> bool:
    return j <= t and j // block in (t // block - 1, t // block)


def near_in_image(row: int, query: Any, memory: Any, t: int, j: int) -> bool:
    top, left = t // row // query[0] * query[0], t % row // query[1] * query[1]
    rows = range(top - memory[0], top + query[0])
    columns = range(left - memory[1], left + query[1] + memory[1])
    return j <= t and j // row in rows and j % row in columns


def by_loops(attention: Attention, x: np.ndarray, near: Any) -> np.ndarray:
    """Softmax over the allowed keys, one query and one head at a time."""
    kernels = [ops.convert_to_numpy(k) for k in (attention.q_kernel, attention.kv_kernel)]
    q, (k, v) = x @ kernels[0], np.split(x @ kernels[1], 2, axis=-1)
    found = np.zeros_like(x)
    for b, t, head in np.ndindex(len(x), x.shape[1], HEADS):
        part = slice(head * D // HEADS, (head + 1) * D // HEADS)
        seen = [j for j in range(x.shape[1]) if near(t, j)]
        scores = [math.exp(q[b, t, part] @ k[b, j, part] / (D / HEADS) ** 0.5) for j in seen]
        values = [score * v[b, j, part] for score, j in zip(scores, seen, strict=True)]
        found[b, t, part] = np.sum(values, axis=0) / sum(scores)
    return found @ ops.convert_to_numpy(attention.output_kernel)


def attention_of(**values: Any) -> Attention:
    keras.utils.set_random_seed(3)
    attention = Attention(D, HEADS, dropout=0.0, **values)
    attention.build()
    return attention


def inputs(length: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(2, length, D)).astype(np.float32)


def locally(attention: Attention, x: np.ndarray, window: Window) -> np.ndarray:
    y = attend_locally(attention, ops.convert_to_tensor(x), window, window_bias(window, x.shape[1]))
    return ops.convert_to_numpy(y)


@pytest.mark.parametrize("length", [1, 4, 11])
def test_blocks_are_what_loops_say(length: int) -> None:
    attention, x = attention_of(), inputs(length)
    expected = by_loops(attention, x, lambda t, j: near_in_row(4, t, j))
    np.testing.assert_allclose(locally(attention, x, Blocks(4)), expected, atol=2e-6)


@pytest.mark.parametrize("length", [1, 11, 24])
@pytest.mark.parametrize(("row", "query", "memory"), RECTANGLES)
def test_rectangles_are_what_loops_say(length: int, row: int, query: Any, memory: Any) -> None:
    attention, x = attention_of(), inputs(length)
    expected = by_loops(attention, x, lambda t, j: near_in_image(row, query, memory, t, j))
    found = locally(attention, x, Rectangles(row, query, memory))
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("window", [Blocks(3), Rectangles(4, (2, 3), (1, 2))])
@pytest.mark.parametrize("positions", [None, Rotary(), RelativePositions(4, 3)])
@pytest.mark.parametrize("kv_heads", [1, 2])
def test_a_window_is_full_attention_under_its_mask(
    window: Window, positions: Any, kv_heads: int
) -> None:
    attention = attention_of(positions=positions, num_kv_heads=kv_heads, use_bias=True)
    x, places = inputs(14), np.arange(14)
    bias = window.mask.bias(14, 14)
    with watching() as full:
        whole = attention(ops.convert_to_tensor(x), bias, places=places)
    with watching() as seen:
        found = locally(attention, x, window)
    np.testing.assert_allclose(found, ops.convert_to_numpy(whole), atol=5e-6)
    ((name, (weights,)),) = full.items()
    assert set(seen) == {name}
    np.testing.assert_allclose(seen[name][0], weights, atol=1e-6)


def test_what_a_pixel_sees_of_a_small_image() -> None:
    """5 x 6 pixels in rectangles of 2 x 2, with one row above and one column on either side."""
    mask = Rectangles(6, (2, 2), (1, 1)).mask
    matrix = ops.convert_to_numpy(mask.matrix(30, 30))
    pixel = 3 * 6 + 2  # row 3, column 2: the lower left one of its rectangle
    picture = ["".join("#" if seen else "." for seen in row) for row in matrix[pixel].reshape(5, 6)]
    assert picture == [
        "......",
        ".####.",
        ".####.",
        ".##...",
        "......",
    ]


def test_what_a_symbol_sees_of_blocks() -> None:
    matrix = ops.convert_to_numpy(Blocks(2).mask.matrix(6, 6))
    rows = ["".join("#" if seen else "." for seen in row) for row in matrix]
    assert rows == ["#.....", "##....", "###...", "####..", "..###.", "..####"]


@pytest.mark.parametrize(
    ("window", "blocks", "queries", "memory"),
    [(Blocks(16), 64, 16, 32), (Rectangles(32, (4, 8), (4, 8)), 32, 32, 192)],
)
def test_logits_are_far_fewer_than_all_pairs(
    window: Window, blocks: int, queries: int, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = []

    def told(window: Window, weights: Any, length: Any) -> Any:
        shapes.append(tuple(weights.shape))
        return weights

    monkeypatch.setattr(local_attention, "whole_weights", told)
    with watching():
        locally(attention_of(), inputs(1024), window)
    assert shapes == [(2 * blocks, HEADS, queries, memory)]
    assert queries * memory * blocks < 1024 * 1024 / 5


def test_lengths_that_are_not_known_before() -> None:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("on JAX every length is compiled for itself")
    import tensorflow as tf

    attention = attention_of()
    for window in (Blocks(4), Rectangles(5, (2, 3), (1, 2))):

        @tf.function(input_signature=[tf.TensorSpec((None, None, D))])
        def compiled(x: Any, window: Window = window) -> Any:
            return attend_locally(attention, x, window, window_bias(window, ops.shape(x)[1]))

        for length in (1, 9, 24):
            x = inputs(length)
            found = compiled(tf.constant(x)).numpy()
            np.testing.assert_allclose(found, locally(attention, x, window), atol=1e-6)


def test_parts_and_their_neighbours() -> None:
    x = fill(ops.convert_to_tensor(np.arange(1, 8)[None, :, None]), 1, 2)
    parts = ops.reshape(x, (1, 4, 2, 1))
    found = ops.convert_to_numpy(neighbours(parts, 1, 3, 1))[0, :, :, 0]
    assert found.tolist() == [
        [0, 0, 0, 1, 2, 3],
        [0, 1, 2, 3, 4, 5],
        [2, 3, 4, 5, 6, 7],
        [4, 5, 6, 7, 0, 0],
    ]
