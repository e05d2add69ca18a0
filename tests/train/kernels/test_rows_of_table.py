"""The embedding's gradient as a matrix product."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("jax", exc_type=ImportError)
import jax
import jax.numpy as jnp

from components.train.kernels.rows_of_table import rows_of_table


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_gradient_adds_up_the_rows_of_an_id(dtype: str) -> None:
    rng = np.random.default_rng(5)
    table, ids = rng.normal(size=(11, 4)).astype(np.float32), rng.integers(0, 11, (3, 40))
    upstream = jnp.asarray(rng.normal(size=(3, 40, 4)), dtype)
    with jax.default_device(jax.devices("cpu")[0]):
        rows, back = jax.vjp(lambda t: rows_of_table(t, ids, 1.7, dtype, 11), jnp.asarray(table))
        gradient = np.asarray(back(upstream)[0])
    wanted = np.zeros_like(table)
    np.add.at(wanted, ids, 1.7 * np.asarray(upstream, np.float32))
    assert rows.dtype == jnp.dtype(dtype) and gradient.dtype == np.float32
    np.testing.assert_array_equal(
        np.asarray(rows), np.asarray(jnp.asarray(table[ids] * 1.7, dtype))
    )
    np.testing.assert_allclose(gradient, wanted, rtol=1e-5, atol=1e-5)
