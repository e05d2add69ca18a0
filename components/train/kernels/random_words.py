"""Uniform 32-bit numbers by the device's own generator; JAX.

JAX's usual generator, Threefry, computes about a hundred integer operations a number, and its integers
of a range draw two. The device's (Philox on GPUs: Salmon et al. 2011, "Parallel random numbers: as easy
as 1, 2, 3") costs what writing its numbers costs. Equal seeds give equal numbers on equal devices.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def draw(count: int, seed: Any) -> Any:
    """uint32 [count, 1] from a seed uint32 [2]."""
    key = jnp.concatenate([seed, seed ^ jnp.uint32(0x9E3779B9)])
    return jax.lax.rng_bit_generator(key, (count, 1), dtype=jnp.uint32)[1]
