"""Milliseconds of our GPU kernels, forward alone and the backward pass alone, beside XLA's and cuDNN's.

    python -m benchmarks.gpu_kernels [--rows 512] [--length 64] [--heads 16] [--d-head 64]

Attention in bf16, every pair allowed by a bias of zeros: ours (`kernels/short_attention.py`) with dropout
0.1 and without; JAX's two ways draw none. Layer norm in bf16 of as many positions, with the gradient of
a connection past it: ours (`kernels/layer_norm.py`) and XLA's. Limit: the bytes that must be read and
written, at the rate at which a large array is copied. Median of 5 runs of 20 calls. Before each table: how
far values and gradients of ours are from the formula in float32, relative to their norm.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.rounds import table

os.environ["KERAS_BACKEND"] = "jax"


def milliseconds(function: Callable[..., Any], *arguments: Any) -> float:
    import jax

    function = jax.jit(function)
    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(5):
        began = time.perf_counter()
        found = [function(*arguments) for _ in range(20)]
        jax.block_until_ready(found[-1])
        times.append((time.perf_counter() - began) / 20)
    return 1000 * statistics.median(times)


def apart(found: Any, wanted: Any) -> str:
    found, wanted = (np.asarray(one, np.float32) for one in (found, wanted))
    return f"{np.linalg.norm(found - wanted) / np.linalg.norm(wanted):.2%}"


def backward(way: Callable[..., Any]) -> Callable[..., Any]:
    """The gradients of way(*inputs) from its inputs and what comes back to its outputs."""
    import jax

    return lambda inputs, upstream: jax.vjp(way, *inputs)[1](upstream)


def compare(
    title: str, ways: dict[str, Callable[..., Any]], exact: Callable[..., Any], names: str,
    inputs: Any, upstream: Any, limits: tuple[float, float],
) -> None:  # fmt: skip
    """Way "ours" against the formula, and all of them against the clock."""
    import jax

    ours = ways["ours"]
    with jax.default_matmul_precision("highest"):
        single = jax.tree.map(lambda one: one.astype("float32"), (inputs, upstream))
        wanted = jax.tree.leaves((exact(*single[0]), jax.jit(backward(exact))(*single)))
    found = jax.tree.leaves((ours(*inputs), jax.jit(backward(ours))(inputs, upstream)))
    print(", ".join(map(" ".join, zip(names.split(), map(apart, found, wanted), strict=True))))
    rows = [["limit: bytes", *(f"{limit:.3f}" for limit in limits)]]
    for name, way in ways.items():
        # What is only handed on would be copied.
        forward = milliseconds(lambda *xs, way=way: jax.tree.leaves(way(*xs))[0], *inputs)
        rows.append(
            [name, f"{forward:.3f}", f"{milliseconds(backward(way), inputs, upstream):.3f}"]
        )
    print(table(title, ["", "forward, ms", "backward, ms"], rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("rows", 512), ("length", 64), ("heads", 16), ("d-head", 64)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    import jax
    import jax.numpy as jnp

    from components.train.accelerator import runs_triton
    from components.train.kernels import layer_norm, short_attention
    from components.train.layers.layer_norm import EPSILON

    if not runs_triton():
        parser.error(f"needs an NVIDIA GPU of Ampere or later; JAX sees {jax.devices()}")
    shape = (args.rows, args.length, args.heads, args.d_head)
    q, k, v, dy = (jax.random.normal(jax.random.key(i), shape, "bfloat16") for i in range(4))
    large = jnp.zeros((2**27,), "uint32")
    copied = milliseconds(lambda x: x + jnp.uint32(1), large) / (2 * large.nbytes)
    del large
    print(f"copying: {1e-9 / copied:.2f} TB/s")

    bias = jnp.zeros((args.rows, 1, args.length, args.length))
    seed = jnp.asarray([5, 77], "uint32")

    def attends(rate: float) -> Callable[..., Any]:
        return lambda q, k, v: short_attention.attention(q, k, v, bias, seed, scale=0.1, rate=rate)

    def theirs(way: Any) -> Callable[..., Any]:
        return lambda q, k, v: jax.nn.dot_product_attention(
            q, k, v, bias=bias.astype(q.dtype), scale=0.1, implementation=way
        )

    positions = f"{args.rows} rows of {args.length} positions"
    compare(
        f"Attention, {positions}, {args.heads} heads of {args.d_head}, bf16",
        {
            "ours, dropout 0.1": attends(0.1),
            "ours": attends(0.0),
            "XLA": theirs("xla"),
            "cuDNN": theirs("cudnn"),
        },
        theirs("xla"),
        "values dQ dK dV",
        (q, k, v),
        dy,
        (4 * q.nbytes * copied, 7 * q.nbytes * copied),
    )

    x, dn, dx = (one.reshape(args.rows * args.length, -1) for one in (q, dy, v))
    gamma, beta = (jax.random.normal(jax.random.key(i), x.shape[-1:]) for i in (8, 9))

    def derived(x: Any, gamma: Any, beta: Any) -> Any:
        one = x.astype("float32")
        normal = jax.nn.standardize(one, axis=-1, epsilon=EPSILON)
        return (normal * gamma + beta).astype(x.dtype), x

    compare(
        f"Layer norm and a connection past it, {positions} of width {x.shape[-1]}, bf16",
        {"ours": lambda x, gamma, beta: layer_norm.beside(x, gamma, beta, EPSILON), "XLA": derived},
        derived,
        "values x dx dgamma dbeta",
        (x, gamma, beta),
        (dn, dx),
        (2 * x.nbytes * copied, 4 * x.nbytes * copied),
    )


if __name__ == "__main__":
    main()
