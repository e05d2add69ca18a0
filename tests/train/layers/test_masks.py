"""Masks against sentences a person can check: who may look at whom, written out."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from components.train.layers import masks
from components.train.layers.masks import Mask


def drawn(mask: Mask, queries: int = 4, keys: int = 4) -> list[str]:
    """One string a query, `x` where it may look; the first row of a batch."""
    allowed = keras.ops.convert_to_numpy(mask.matrix(queries, keys))
    allowed = np.broadcast_to(
        allowed, (1, 1, queries, keys) if allowed.ndim == 2 else allowed.shape
    )
    rows = np.broadcast_to(allowed, (*allowed.shape[:2], queries, keys))[0, 0]
    return ["".join("x" if one else "." for one in row) for row in rows]


REAL = np.array([[True, True, True, False]])
SEGMENTS = np.array([[1, 1, 2, 2]], np.int32)
CASES: dict[str, tuple[Mask, list[str]]] = {
    "everything": (masks.everything(), ["xxxx", "xxxx", "xxxx", "xxxx"]),
    "causal": (masks.causal(), ["x...", "xx..", "xxx.", "xxxx"]),
    "padding": (masks.padding(REAL), ["xxx.", "xxx.", "xxx.", "xxx."]),
    "prefix": (masks.prefix(2), ["xx..", "xx..", "xxx.", "xxxx"]),
    "prefix by row": (masks.prefix(np.array([3], np.int32)), ["xxx.", "xxx.", "xxx.", "xxxx"]),
    "local": (masks.local(1), ["xx..", "xxx.", ".xxx", "..xx"]),
    "blocks": (masks.blocks(1) & masks.causal(), ["x...", "xx..", ".xx.", "..xx"]),
    "segments": (masks.same_segment(SEGMENTS, SEGMENTS), ["xx..", "xx..", "..xx", "..xx"]),
    "unilm": (masks.unilm(np.array([[0, 0, 1, 1]], np.int32)), ["xx..", "xx..", "xxx.", "xxxx"]),
    "both": (masks.causal() & masks.padding(REAL), ["x...", "xx..", "xxx.", "xxx."]),
    "either": (masks.local(0) | masks.prefix(1), ["x...", "xx..", "xxx.", "xxxx"]),
    "not": (~masks.causal(), [".xxx", "..xx", "...x", "...."]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mask_is_what_its_sentence_says(name: str) -> None:
    mask, expected = CASES[name]
    assert drawn(mask) == expected


@pytest.mark.parametrize("name", CASES)
def test_the_bias_hides_what_the_mask_forbids(name: str) -> None:
    mask, expected = CASES[name]
    bias = keras.ops.convert_to_numpy(mask.bias(4, 4))
    assert bias.dtype == np.float32 and bias.ndim == 4
    hidden = np.broadcast_to(bias, (1, 1, 4, 4))[0, 0] < -1e8
    assert ["".join("." if one else "x" for one in row) for row in hidden] == expected


def unilm_by_loops(segments: np.ndarray) -> np.ndarray:
    """bert4keras's rule, pair by pair: allow[i, j] = idx[j] <= idx[i], idx the running sum."""
    index = np.cumsum(segments, axis=1)
    rows, length = segments.shape
    out = np.zeros((rows, length, length), bool)
    for b in range(rows):
        for i in range(length):
            for j in range(length):
                out[b, i, j] = index[b, j] <= index[b, i]
    return out


def test_unilm_is_the_rule_pair_by_pair() -> None:
    segments: Any = np.random.default_rng(1).integers(0, 2, (3, 7)).astype(np.int32)
    found = keras.ops.convert_to_numpy(masks.unilm(segments).matrix(7, 7))[:, 0]
    np.testing.assert_array_equal(found, unilm_by_loops(segments))
