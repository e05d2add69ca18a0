"""Dropout whose gradient is computed from a seed, or read off its result; JAX.

    y = x M / (1 - rate),             dx = dy M / (1 - rate),   M ~ Bernoulli(1 - rate)
    y = max(0, x) M / (1 - rate),     dx = dy / (1 - rate) where y > 0, else 0

M is a hash of the place, so that XLA computes it in the pass over memory that needs it. Derived, the
second would keep x as well as M beside y, which the next product keeps in any case.
Reference: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from components.train.kernels.hashing import kept


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def dropped(x: Any, seed: Any, rate: float) -> Any:
    """[...] -> [...] of the same dtype. seed: uint32 [2]."""
    return _scaled(kept(x.shape, seed, rate), x, rate)


def _dropped_forward(x: Any, seed: Any, rate: float) -> Any:
    return dropped(x, seed, rate), seed


def _dropped_backward(rate: float, seed: Any, dy: Any) -> Any:
    return dropped(dy, seed, rate), None


dropped.defvjp(_dropped_forward, _dropped_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def dropped_relu(x: Any, seed: Any, rate: float) -> Any:
    """[...] -> [...] of the same dtype. seed: uint32 [2]."""
    return dropped(jax.nn.relu(x), seed, rate)


def _relu_forward(x: Any, seed: Any, rate: float) -> Any:
    y = dropped_relu(x, seed, rate)
    return y, y


def _relu_backward(rate: float, y: Any, dy: Any) -> Any:
    return _scaled(y > 0, dy, rate), None


dropped_relu.defvjp(_relu_forward, _relu_backward)


def _scaled(chosen: Any, x: Any, rate: float) -> Any:
    """In float32: 1 / 0.9 would be 1.109 in bfloat16."""
    return jnp.where(chosen, x.astype(jnp.float32) * (1.0 / (1.0 - rate)), 0.0).astype(x.dtype)
