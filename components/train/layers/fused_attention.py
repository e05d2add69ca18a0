"""Attention in one kernel, where there is one: no matrix of logits in memory.

On JAX with an NVIDIA GPU, rows of up to 128 positions go through our own kernel, which drops weights
as well (`kernels/short_attention.py`); longer ones without dropout, and a TPU's, through the backend's
(Dao et al. 2022, arXiv 2205.14135). Neither shows weights nor knows relative positions: attention with any of
these is computed step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from keras import ops

from components.train.accelerator import accelerator, runs_triton
from components.train.watch import watched

Kernel = Callable[[Any, Any, Any, Any], Any]


def kernel_for(q: Any, k: Any, *, scale: float, rate: float, seeds: Any) -> Kernel | None:
    """The kernel that computes this attention, or None where it goes step by step.

    It takes queries [B, H, T, D/H], keys and values [B, H, L, D/H] and a bias as attention has it, or
    None, to [B, H, T, D/H].

    Args:
        q, k: what it will be given.
        scale: of the logits.
        rate: dropped share of the weights.
        seeds: a SeedGenerator, where there is a rate.
    """
    if accelerator() is None or watched():
        return None
    if runs_triton():
        from components.train.kernels import short_attention

        if short_attention.fits(q.shape[2], k.shape[2], q.shape[3], q.dtype):
            seed = seeds.next() if rate else ops.zeros((2,), dtype="uint32")
            short = partial(short_attention.attention, seed=seed, scale=scale, rate=rate)
            return lambda q, k, v, bias: _by_length(partial(short, bias=bias), (q, k, v))
    if rate:
        return None
    return lambda q, k, v, bias: _by_length(
        lambda *qkv: ops.dot_product_attention(*qkv, bias=_whole(bias, *qkv), scale=scale),
        (q, k, v),
    )


def _by_length(attend: Callable[..., Any], qkv: tuple[Any, Any, Any]) -> Any:
    """Heads behind positions, as kernels have them; these transpositions cancel out with the caller's."""
    y = attend(*(ops.transpose(one, (0, 2, 1, 3)) for one in qkv))
    return ops.transpose(y, (0, 2, 1, 3))


def _whole(bias: Any, q: Any, k: Any, v: Any) -> Any:
    """The bias for all pairs of positions, one for all heads, which is what cuDNN takes."""
    if bias is None:
        return None
    shape = (*ops.shape(bias)[:2], ops.shape(q)[1], ops.shape(k)[1])
    return ops.broadcast_to(ops.cast(bias, q.dtype), shape)
