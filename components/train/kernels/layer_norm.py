"""Layer normalization in one GPU kernel a pass; JAX, by Pallas on Triton.

    y = x' gamma + beta,   x' = (x - mean) / sqrt(var + epsilon)
    dx = (g - mean(g) - x' mean(g x')) / sqrt(var + epsilon) + dz,   g = dy gamma
    dgamma = sum(dy x'),   dbeta = sum(dy)                           (over rows)

dz is the gradient of x itself, where x goes past the norm too, as in a residual connection. The
backward pass sums along rows and over them; XLA goes over the activations four times for it, once with
float32 values that it writes for itself, where this reads x, dy and dz and writes dx. Sums are made in
a fixed order.

Reference: Ba et al. 2016 (arXiv 1607.06450), section 3.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plgpu

ROWS = 64  # that a program of the backward pass adds up
FEWEST = 8  # with fewer, the sums of the programs would be as many as the activations
WIDEST = 8192
VALUES = 2048  # that a program holds at a time


def fits(shape: tuple[Any, ...]) -> bool:
    """Whether the kernel takes [..., D]: D a power of two, the rows a multiple of FEWEST, all known."""
    if any(size is None for size in shape):
        return False
    width, rows = shape[-1], _rows(shape)
    power = width & (width - 1) == 0
    return power and 64 <= width <= WIDEST and rows > 0 and rows % FEWEST == 0


def beside(x: Any, gamma: Any, beta: Any, epsilon: float, interpret: bool = False) -> Any:
    """The norm of x [..., D], of x's dtype, and x itself; gamma and beta are float32 [D].

    interpret: run without a GPU, for tests.
    """
    flat = x.reshape(_rows(x.shape), x.shape[-1])
    normed, flat = _beside(flat, gamma, beta, epsilon, interpret)
    return normed.reshape(x.shape), flat.reshape(x.shape)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _beside(x: Any, gamma: Any, beta: Any, epsilon: float, interpret: bool) -> Any:
    step = _step(x, x.shape[0])
    of_rows, of_all = _specs(step, x.shape[1])
    normed = pl.pallas_call(
        functools.partial(_forward, epsilon=epsilon),
        grid=(x.shape[0] // step,),
        in_specs=[of_rows, of_all, of_all],
        out_specs=of_rows,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        compiler_params=plgpu.CompilerParams(num_warps=4, num_stages=1),
        interpret=interpret,
        name="layer_norm_forward",
    )(x, gamma, beta)
    return normed, x


def _beside_forward(x: Any, gamma: Any, beta: Any, epsilon: float, interpret: bool) -> Any:
    return _beside(x, gamma, beta, epsilon, interpret), (x, gamma)


def _beside_backward(epsilon: float, interpret: bool, read: Any, upstream: Any) -> Any:
    x, gamma = read
    rows = math.gcd(x.shape[0], ROWS)
    programs, width = x.shape[0] // rows, x.shape[1]
    of_rows, of_all = _specs(rows, width)
    of_program = pl.BlockSpec((None, width), lambda i: (i, 0))
    sums = jax.ShapeDtypeStruct((programs, width), jnp.float32)
    dx, dgamma, dbeta = pl.pallas_call(
        functools.partial(_backward, epsilon=epsilon, step=_step(x, rows)),
        grid=(programs,),
        in_specs=[of_rows, of_all, of_rows, of_rows],
        out_specs=[of_rows, of_program, of_program],
        out_shape=[jax.ShapeDtypeStruct(x.shape, x.dtype), sums, sums],
        compiler_params=plgpu.CompilerParams(num_warps=4, num_stages=1),
        interpret=interpret,
        name="layer_norm_backward",
    )(x, gamma, *upstream)
    return dx, jnp.sum(dgamma, axis=0), jnp.sum(dbeta, axis=0)


_beside.defvjp(_beside_forward, _beside_backward)


def _rows(shape: tuple[int, ...]) -> int:
    return math.prod(shape[:-1])


def _step(x: Any, rows: int) -> int:
    """Rows that a program looks at together."""
    return math.gcd(rows, max(1, VALUES // x.shape[1]))


def _specs(rows: int, width: int) -> tuple[pl.BlockSpec, pl.BlockSpec]:
    """Of so many rows, the next ones for the next program, and of gamma or beta."""
    return pl.BlockSpec((rows, width), lambda i: (i, 0)), pl.BlockSpec((width,), lambda i: (0,))


def _normal(x: Any, epsilon: float) -> tuple[Any, Any]:
    """x' and 1 / sqrt(var + epsilon), of float32 rows."""
    centred = x - jnp.mean(x, axis=1, keepdims=True)
    variance = jnp.mean(centred * centred, axis=1, keepdims=True)
    inverse = jax.lax.rsqrt(variance + epsilon)
    return centred * inverse, inverse


def _forward(x_ref: Any, gamma_ref: Any, beta_ref: Any, y_ref: Any, *, epsilon: float) -> None:
    normal, _ = _normal(x_ref[...].astype(jnp.float32), epsilon)
    y_ref[...] = (normal * gamma_ref[...] + beta_ref[...]).astype(y_ref.dtype)


def _backward(
    x_ref: Any, gamma_ref: Any, dy_ref: Any, dz_ref: Any, dx_ref: Any, dgamma_ref: Any,
    dbeta_ref: Any, *, epsilon: float, step: int,
) -> None:  # fmt: skip
    gamma = gamma_ref[...]

    def look(i: Any, sums: Any) -> Any:
        at = pl.ds(i * step, step)
        x, dy, dz = (ref[at, :].astype(jnp.float32) for ref in (x_ref, dy_ref, dz_ref))
        normal, inverse = _normal(x, epsilon)
        g, product = dy * gamma, dy * normal
        along = jnp.mean(product * gamma, axis=1, keepdims=True)
        dx = inverse * (g - jnp.mean(g, axis=1, keepdims=True) - normal * along)
        dx_ref[at, :] = (dx + dz).astype(dx_ref.dtype)
        return sums[0] + jnp.sum(product, axis=0), sums[1] + jnp.sum(dy, axis=0)

    zero = jnp.zeros(gamma.shape, jnp.float32)
    dgamma_ref[...], dbeta_ref[...] = jax.lax.fori_loop(
        0, x_ref.shape[0] // step, look, (zero, zero)
    )
