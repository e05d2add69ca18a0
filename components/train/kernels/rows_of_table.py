"""Rows of an embedding matrix whose gradient is a matrix product; JAX.

The gradient adds up the rows that share an id. A GPU adds them in the order in which they come, unless
it must repeat itself: then XLA sorts every value first, which took a third of a training step where this
was measured (docs/performance.md). A product with the ids' one-hot matrix adds in a fixed order too.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def rows_of_table(table: Any, ids: Any, scale: float, dtype: str, size: int) -> Any:
    """scale * table[ids]: float32 [V, D] and ints [...], V = size, to [..., D] of dtype."""
    return (jnp.take(table, ids, axis=0) * scale).astype(dtype)


def _forward(table: Any, ids: Any, scale: float, dtype: str, size: int) -> Any:
    return rows_of_table(table, ids, scale, dtype, size), ids


def _backward(scale: float, dtype: str, size: int, ids: Any, upstream: Any) -> Any:
    flat = upstream.reshape(-1, upstream.shape[-1])
    chosen = jax.nn.one_hot(ids.reshape(-1), size, axis=0, dtype=flat.dtype)  # [V, N]
    product = jax.lax.dot(
        chosen, flat, precision=jax.lax.Precision.HIGHEST, preferred_element_type=jnp.float32
    )
    return product * scale, None


rows_of_table.defvjp(_forward, _backward)
