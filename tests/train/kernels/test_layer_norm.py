"""The kernels, run without a GPU, against the formula and its derivatives by JAX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax", exc_type=ImportError)
import jax
import jax.numpy as jnp

from components.train.kernels.layer_norm import beside, fits

rng = np.random.default_rng(7)
EPSILON = 1e-6


def by_formula(x: Any, gamma: Any, beta: Any) -> Any:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + EPSILON) * gamma + beta, x


@pytest.mark.parametrize(
    "shape, dtype, near",
    [
        ((4, 32, 256), "float32", 2e-6),
        ((2, 8, 64), "float32", 2e-6),
        ((24, 4096), "float32", 2e-6),  # wider than what a program holds, rows not a power of two
        ((3, 16, 128), "bfloat16", 0.006),
    ],
)
def test_values_and_gradients(shape: tuple[int, ...], dtype: str, near: float) -> None:
    """Of x, gamma and beta, with a gradient of x itself."""
    with jax.default_device(jax.devices("cpu")[0]):
        x = jnp.asarray(rng.normal(3, 2, shape), dtype)
        weights = [jnp.asarray(rng.normal(1, 0.3, shape[-1]), jnp.float32) for _ in range(2)]
        upstream = tuple(jnp.asarray(rng.normal(size=shape), dtype) for _ in range(2))
        found, back = jax.vjp(lambda *xs: beside(*xs, EPSILON, interpret=True), x, *weights)
        wanted, wanted_back = jax.vjp(by_formula, x.astype("float32"), *weights)
        pairs = zip(
            (*found, *back(upstream)),
            (*wanted, *wanted_back(tuple(one.astype("float32") for one in upstream))),
            strict=True,
        )
        for one, other in pairs:
            assert one.shape == other.shape
            one, other = np.asarray(one, np.float32), np.asarray(other, np.float32)
            assert np.linalg.norm(one - other) < near * np.linalg.norm(other)
        assert found[0].dtype == x.dtype


def test_what_the_kernel_takes() -> None:
    assert fits((512, 64, 1024)) and fits((8, 64)) and fits((3, 8, 8192))
    assert not fits((None, 64, 1024))
    assert not fits((512, 64, 768))  # not a power of two
    assert not fits((512, 64, 32)) and not fits((8, 16384))
    assert not fits((3, 5, 1024))  # each program would add up one row
    assert not fits((0, 64, 1024))


def test_it_becomes_one_kernel_a_pass_on_a_gpu() -> None:
    """As far as that can be seen without one."""
    x, weight = jnp.zeros((4, 64, 1024), jnp.bfloat16), jnp.zeros((1024,))

    def total(x: Any, gamma: Any, beta: Any) -> Any:
        normed, x = beside(x, gamma, beta, EPSILON)
        return (normed + x).astype(jnp.float32).sum()

    lowered = jax.jit(jax.value_and_grad(total, (0, 1, 2))).trace(x, weight, weight)
    text = lowered.lower(lowering_platforms=("cuda",)).as_text()
    assert text.count("custom_call @__gpu$xla.gpu.triton") == 2
