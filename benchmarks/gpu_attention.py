"""Milliseconds of attention on a GPU, forward alone and with the backward pass: ours, XLA's and cuDNN's.

    python -m benchmarks.gpu_attention [--rows 512] [--length 64] [--heads 16] [--d-head 64]

bf16, every pair allowed by a bias of zeros. Ours (`kernels/short_attention.py`) with dropout 0.1 and
without; JAX's two ways draw none. Median of 5 runs of 20 calls. Before it: how far values and gradients
of ours are from the formula in float32, relative to their norm.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rounds import table


def milliseconds(function: Callable[..., Any], *arguments: Any) -> float:
    import jax

    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(5):
        began = time.perf_counter()
        found = [function(*arguments) for _ in range(20)]
        jax.block_until_ready(found[-1])
        times.append((time.perf_counter() - began) / 20)
    return 1000 * statistics.median(times)


def apart(found: Any, wanted: Any) -> float:
    found, wanted = (np.asarray(one, np.float32) for one in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("rows", 512), ("length", 64), ("heads", 16), ("d-head", 64)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    import jax
    import jax.numpy as jnp

    from components.train.kernels import short_attention

    if not short_attention.runs_here():
        parser.error(f"needs an NVIDIA GPU of Ampere or later; JAX sees {jax.devices()}")
    shape = (args.rows, args.length, args.heads, args.d_head)
    keys = jax.random.split(jax.random.key(1), 4)
    q, k, v, dy = (jax.random.normal(key, shape, "bfloat16") for key in keys)
    bias = jnp.zeros((args.rows, 1, args.length, args.length))
    seed = jnp.asarray([5, 77], "uint32")

    def ours(rate: float) -> Callable[..., Any]:
        return lambda q, k, v: short_attention.attention(q, k, v, bias, seed, scale=0.1, rate=rate)

    def theirs(way: str) -> Callable[..., Any]:
        return lambda q, k, v: jax.nn.dot_product_attention(
            q, k, v, bias=bias.astype("bfloat16"), scale=0.1, implementation=way
        )

    def back(way: Callable[..., Any]) -> Callable[..., Any]:
        return jax.jit(lambda q, k, v, dy: jax.vjp(way, q, k, v)[1](dy))

    with jax.default_matmul_precision("highest"):
        single = [one[:8].astype("float32") for one in (q, k, v, dy)]
        zeros = jnp.zeros((8, 1, args.length, args.length))
        exact = jax.vjp(
            lambda *qkv: jax.nn.dot_product_attention(*qkv, bias=zeros, scale=0.1), *single[:3]
        )
        wanted = [exact[0], *exact[1](single[3])]
    found = [ours(0.0)(q, k, v), *back(ours(0.0))(q, k, v, dy)]
    errors = [apart(one[:8], other) for one, other in zip(found, wanted, strict=True)]
    names = ("values", "dQ", "dK", "dV")
    print(", ".join(f"{name} {error:.2%}" for name, error in zip(names, errors, strict=True)))
    ways = {
        "ours, dropout 0.1": ours(0.1),
        "ours": ours(0.0),
        "XLA": theirs("xla"),
        "cuDNN": theirs("cudnn"),
    }
    rows = [
        [
            name,
            f"{milliseconds(jax.jit(way), q, k, v):.3f}",
            f"{milliseconds(back(way), q, k, v, dy):.3f}",
        ]
        for name, way in ways.items()
    ]
    title = (
        f"{args.rows} rows of {args.length} positions, {args.heads} heads of {args.d_head}, bf16"
    )
    print(table(title, ["", "forward, ms", "and backward, ms"], rows))


if __name__ == "__main__":
    main()
