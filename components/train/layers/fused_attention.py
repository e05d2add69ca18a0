"""The backend's own attention kernel, where there is one: no matrix of logits in memory.

On JAX with a GPU or TPU, XLA or cuDNN computes attention in one program (Dao et al. 2022, arXiv
2205.14135). It draws no dropout, shows no weights and knows no relative positions: attention with
any of these is computed step by step.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
from keras import ops

from components.train.watch import watched


def has_fused_kernel() -> bool:
    """Whether attention that nobody watches should use it."""
    return _has_accelerator() and not watched()


@cache
def _has_accelerator() -> bool:
    if keras.backend.backend() != "jax":
        return False
    kinds = {name.split(":")[0] for name in keras.distribution.list_devices()}
    return bool(kinds & {"gpu", "cuda", "tpu"})


def fused(q: Any, k: Any, v: Any, bias: Any) -> Any:
    """Scaled queries [B, H, T, D/H], keys and values [B, H, L, D/H], bias as for attention (or None)
    to [B, H, T, D/H]."""
    q, k, v = (ops.transpose(one, (0, 2, 1, 3)) for one in (q, k, v))
    if bias is not None:
        shape = (ops.shape(q)[0], ops.shape(q)[2], ops.shape(q)[1], ops.shape(k)[1])
        bias = ops.broadcast_to(ops.cast(bias, q.dtype), shape)
    y = ops.dot_product_attention(q, k, v, bias=bias, scale=1.0)
    return ops.transpose(y, (0, 2, 1, 3))
