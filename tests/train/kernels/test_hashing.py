"""What a hash decides: evenly spread over places, and different for seeds that are near each other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("jax", exc_type=ImportError)
import jax
import jax.numpy as jnp

from components.train.accelerator import runs_triton
from components.train.kernels.hashing import BITS, hashed, kept, key_of

SEEDS = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (123456789, 987654321)]


def bits_of(seed: tuple[int, int], count: int = 400_000) -> np.ndarray:
    with jax.default_device(jax.devices("cpu")[0]):
        key = key_of(jnp.asarray(seed, jnp.uint32))
        return np.asarray(hashed(jnp.arange(count, dtype=jnp.uint32), *key))


@pytest.mark.parametrize("seed", SEEDS)
def test_bits_are_spread_evenly(seed: tuple[int, int]) -> None:
    """In 64 classes, and pairs of places in 8 x 8, by chi-square: 63 degrees of freedom, 0.1 % above 104."""
    bits = bits_of(seed)
    assert bits.min() >= 0 and bits.max() < 2**BITS
    classes, coarse = bits >> (BITS - 6), bits >> (BITS - 3)
    lags = (1, 2, 4, 64, 512, 1024, 4096)
    for pairs in (classes, *(coarse[:-lag] * 8 + coarse[lag:] for lag in lags)):
        counts = np.bincount(pairs, minlength=64)
        assert ((counts - pairs.size / 64) ** 2 / (pairs.size / 64)).sum() < 110


def test_near_seeds_drop_independently() -> None:
    """Shares of places that two seeds both drop, at a rate of 0.1: 0.01, with a deviation of 1.6e-4."""
    dropped = [bits_of(seed) < 2**BITS // 10 for seed in SEEDS]
    for one, other in itertools.combinations(dropped, 2):
        assert abs((one & other).mean() - 0.01) < 4 * 1.6e-4


def test_places_are_numbered_in_order_of_memory() -> None:
    with jax.default_device(jax.devices("cpu")[0]):
        seed = jnp.asarray([3, 4], jnp.uint32)
        flat, shaped = kept((210,), seed, 0.4), kept((5, 6, 7), seed, 0.4)
    assert np.array_equal(flat, np.ravel(shaped)) and 0.4 < np.mean(flat) < 0.8


def test_a_cpu_is_not_asked_for_kernels() -> None:
    assert jax.devices()[0].platform != "cpu" or not runs_triton()
