"""Dropout from a seed: its share, its mean, and gradients that drop what the values dropped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax", exc_type=ImportError)
import jax
import jax.numpy as jnp

from components.train.kernels.dropout import dropped, dropped_relu

CPU = jax.devices("cpu")[0]
rng = np.random.default_rng(11)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.998])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_share_is_dropped_and_the_rest_scaled(rate: float, dtype: str) -> None:
    with jax.default_device(CPU):
        seeds = [jnp.asarray(seed, jnp.uint32) for seed in ((1, 5), (1, 5), (1, 6))]
        first, again, other = (
            np.asarray(dropped(jnp.ones((400, 1000), dtype), seed, rate), np.float32)
            for seed in seeds
        )
    deviation = (rate * (1 - rate) / first.size) ** 0.5
    assert abs((first == 0).mean() - rate) < 4 * deviation
    scaled = jnp.asarray(1 / (1 - rate), dtype).astype("float32")
    np.testing.assert_array_equal(first[first != 0], scaled)
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("way, before", [(dropped, lambda x: x), (dropped_relu, jax.nn.relu)])
def test_the_gradient_is_of_what_was_kept(way: Any, before: Any, dtype: str) -> None:
    with jax.default_device(CPU):
        x, dy = (jnp.asarray(rng.normal(size=(30, 70)), dtype) for _ in range(2))
        seed = jnp.asarray([2, 9], jnp.uint32)
        y, back = jax.vjp(lambda x: way(x, seed, 0.3), x)
        mask = dropped(jnp.ones(x.shape), seed, 0.3)
        wanted, wanted_back = jax.vjp(lambda x: before(x) * mask, x.astype("float32"))
        pairs = (y, wanted), (back(dy)[0], wanted_back(dy.astype("float32"))[0])
    for one, other in pairs:
        assert one.dtype == x.dtype
        np.testing.assert_allclose(
            np.asarray(one, np.float32), other, rtol=1e-6 if dtype == "float32" else 0.005
        )
