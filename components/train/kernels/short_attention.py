"""Attention over short rows in one GPU kernel, dropout and mask included; JAX, by Pallas on Triton.

    S = scale Q K^T + bias;  P = softmax(S);  Y = (P o M / (1 - rate)) V,   M ~ Bernoulli(1 - rate)

A program computes one head of one row: all its keys fit on the chip, so there is no running maximum,
and the backward pass computes P again from Q and K instead of reading it. Nothing of size [B, H, T, L]
is in memory. M is a hash of the place and a seed, the same in both passes; sums are made in a fixed
order, so equal inputs give equal bits. The libraries' kernels draw no dropout that a seed repeats.

    dV = (P o M')^T dY;   dP = (dY V^T) o M';   dS = P o (dP - rowsum(P o dP));   M' = M / (1 - rate)
    dQ = scale dS K;      dK = scale dS^T Q

Reference: Vaswani et al. 2017 (arXiv 1706.03762), section 3.2.1; Dao et al. 2022 (arXiv 2205.14135),
appendix B, for the backward pass.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plgpu

from components.train.kernels.hashing import hashed, key_of, threshold

LONGEST = 128  # keys and queries; more do not fit on the chip with their gradients
WIDEST = 128  # of a head
SMALLEST = 16  # a side of a tile that the matrix units take
QUERIES = 64  # that a program looks at together


def fits(queries: int, keys: int, d_head: int, dtype: Any) -> bool:
    """Whether the kernel takes this: 16-bit values, heads of a power of two, rows of at most LONGEST."""
    return (
        jnp.dtype(dtype) in (jnp.bfloat16, jnp.float16)
        and max(queries, keys) <= LONGEST
        and SMALLEST <= d_head <= WIDEST
        and d_head & (d_head - 1) == 0
    )


def attention(
    q: Any,
    k: Any,
    v: Any,
    bias: Any,
    seed: Any,
    *,
    scale: float,
    rate: float,
    interpret: bool = False,
) -> Any:
    """Queries [B, T, H, D/H], keys and values [B, L, H, D/H] to [B, T, H, D/H], all of one dtype.

    bias: float32, every axis of [B, H, T, L] or 1, or None. seed: uint32 [2] for the dropout, any
    where rate is 0. No gradient goes to the bias. interpret: run without a GPU, for tests.
    """
    queries, keys = q.shape[1], k.shape[1]
    if bias is None:
        bias = jnp.zeros((1, 1, 1, 1), jnp.float32)
    # Tiles are powers of two; keys that only fill up are hidden by a bias that no mask reaches.
    most_queries, most_keys = _tile(queries), _tile(keys)
    bias = jnp.broadcast_to(bias, (*bias.shape[:3], keys)).astype(jnp.float32)
    bias = _filled(bias, 3, most_keys, float("-inf"))
    bias = _filled(bias, 2, most_queries) if bias.shape[2] > 1 else bias
    q = _filled(q, 1, most_queries)
    k, v = _filled(k, 1, most_keys), _filled(v, 1, most_keys)
    y = _attention(q, k, v, bias, key_of(seed), scale, rate, interpret)
    return y[:, :queries]


def _tile(length: int) -> int:
    return max(SMALLEST, pl.next_power_of_2(length))


def _filled(x: Any, axis: int, size: int, value: float = 0.0) -> Any:
    if x.shape[axis] == size:
        return x
    pads = [(0, size - x.shape[axis]) if i == axis else (0, 0) for i in range(x.ndim)]
    return jnp.pad(x, pads, constant_values=value)


@functools.partial(jax.custom_vjp, nondiff_argnums=(5, 6, 7))
def _attention(
    q: Any, k: Any, v: Any, bias: Any, seed: Any, scale: float, rate: float, interpret: bool
) -> Any:
    kernel = functools.partial(_forward, scale=scale, rate=rate)
    return _call(kernel, "attention_forward", (q,), (q, k, v, bias, seed), interpret)[0]


def _attention_fwd(
    q: Any, k: Any, v: Any, bias: Any, seed: Any, scale: float, rate: float, interpret: bool
) -> Any:
    return _attention(q, k, v, bias, seed, scale, rate, interpret), (q, k, v, bias, seed)


def _attention_bwd(scale: float, rate: float, interpret: bool, kept: Any, dy: Any) -> Any:
    q, k, v, bias, seed = kept
    kernel = functools.partial(_backward, scale=scale, rate=rate)
    found = _call(kernel, "attention_backward", (q, k, v), (q, k, v, bias, seed, dy), interpret)
    return *found, jnp.zeros_like(bias), None


_attention.defvjp(_attention_fwd, _attention_bwd)


def _call(kernel: Any, name: str, outputs: Any, inputs: Any, interpret: bool) -> Any:
    """Runs the kernel once for every row and head. The inputs are q, k, v, bias, seed and dy."""
    batch, _, heads, _ = inputs[0].shape

    def of(x: Any) -> Any:
        return pl.BlockSpec((None, x.shape[1], None, x.shape[3]), lambda b, h: (b, 0, h, 0))

    bias = inputs[3]
    own_row, own_head = bias.shape[0] > 1, bias.shape[1] > 1
    specs = [of(x) for x in inputs[:3]]
    specs.append(
        pl.BlockSpec(
            (None, None, *bias.shape[2:]),
            lambda b, h: (b if own_row else 0, h if own_head else 0, 0, 0),
        )
    )
    specs.append(pl.BlockSpec((2,), lambda b, h: (0,)))
    specs += [of(x) for x in inputs[5:]]
    wide = max(inputs[0].shape[1], inputs[1].shape[1]) > QUERIES
    return pl.pallas_call(
        kernel,
        grid=(batch, heads),
        in_specs=specs,
        out_specs=[of(x) for x in outputs],
        out_shape=[jax.ShapeDtypeStruct(x.shape, x.dtype) for x in outputs],
        compiler_params=plgpu.CompilerParams(num_warps=8 if wide else 4, num_stages=1),
        interpret=interpret,
        name=name,
    )(*inputs)


def _rows(bias_ref: Any, at: Any) -> Any:
    return bias_ref[...] if bias_ref.shape[0] == 1 else bias_ref[at, :]


def _weights(q: Any, k: Any, bias: Any, scale: float) -> Any:
    """softmax(scale q k^T + bias), float32 [T', L]."""
    s = plgpu.dot(q, k.T).astype(jnp.float32) * scale + bias
    p = jnp.exp(s - jnp.max(s, axis=1, keepdims=True))
    return p / jnp.sum(p, axis=1, keepdims=True)


def _program() -> Any:
    """The number of this program's row and head."""
    return pl.program_id(0) * pl.num_programs(1) + pl.program_id(1)


def _kept(seed: Any, first: Any, shape: tuple[int, int], rate: float) -> Any:
    """M / (1 - rate) for so many queries and keys, `first` being the number of the first query."""
    query = first + jax.lax.broadcasted_iota(jnp.int32, shape, 0)
    place = query * shape[1] + jax.lax.broadcasted_iota(jnp.int32, shape, 1)
    kept = hashed(place.astype(jnp.uint32), *seed) >= threshold(rate)
    return jnp.where(kept, 1.0 / (1.0 - rate), 0.0)


def _forward(
    q_ref: Any, k_ref: Any, v_ref: Any, bias_ref: Any, seed_ref: Any, y_ref: Any, *, scale: float,
    rate: float,
) -> None:  # fmt: skip
    total, keys = q_ref.shape[0], k_ref.shape[0]
    step = min(QUERIES, total)
    k, v = k_ref[...], v_ref[...]
    seed, first = (seed_ref[0], seed_ref[1]), _program() * total

    def look(i: Any, carry: Any) -> Any:
        at = pl.ds(i * step, step)
        p = _weights(q_ref[at, :], k, _rows(bias_ref, at), scale)
        if rate:
            p = p * _kept(seed, first + i * step, (step, keys), rate)
        y_ref[at, :] = plgpu.dot(p.astype(v.dtype), v).astype(y_ref.dtype)
        return carry

    jax.lax.fori_loop(0, total // step, look, 0)


def _backward(
    q_ref: Any, k_ref: Any, v_ref: Any, bias_ref: Any, seed_ref: Any, dy_ref: Any, dq_ref: Any,
    dk_ref: Any, dv_ref: Any, *, scale: float, rate: float,
) -> None:  # fmt: skip
    total, keys = q_ref.shape[0], k_ref.shape[0]
    step = min(QUERIES, total)
    k, v = k_ref[...], v_ref[...]
    seed, first = (seed_ref[0], seed_ref[1]), _program() * total

    def look(i: Any, sums: Any) -> Any:
        dk, dv = sums
        at = pl.ds(i * step, step)
        q, dy = q_ref[at, :], dy_ref[at, :]
        p = _weights(q, k, _rows(bias_ref, at), scale)
        dp = plgpu.dot(dy, v.T).astype(jnp.float32)
        dropped = p
        if rate:
            kept = _kept(seed, first + i * step, (step, keys), rate)
            dropped, dp = p * kept, dp * kept
        dv = dv + plgpu.dot(dropped.astype(dy.dtype).T, dy)
        ds = p * (dp - jnp.sum(p * dp, axis=1, keepdims=True)) * scale
        ds = ds.astype(q.dtype)
        dq_ref[at, :] = plgpu.dot(ds, k).astype(dq_ref.dtype)
        return dk + plgpu.dot(ds.T, q), dv

    zero = jnp.zeros(k.shape, jnp.float32)
    dk, dv = jax.lax.fori_loop(0, total // step, look, (zero, zero))
    dk_ref[...] = dk.astype(dk_ref.dtype)
    dv_ref[...] = dv.astype(dv_ref.dtype)
