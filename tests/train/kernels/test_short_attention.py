"""The kernel, run without a GPU, against attention's formula and its derivatives by JAX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax", exc_type=ImportError)
import jax
import jax.numpy as jnp

from components.train.kernels.hashing import hashed, key_of, threshold
from components.train.kernels.short_attention import attention, fits

CPU = jax.devices("cpu")[0]
rng = np.random.default_rng(3)


def drawn(*shape: int) -> Any:
    return jnp.asarray(rng.normal(size=shape), jnp.bfloat16)


def masked(shape: tuple[int, ...] | None) -> Any:
    """A bias that hides about a third of the pairs, and in one row all of them."""
    if shape is None:
        return None
    bias = np.where(rng.random(shape) < 0.3, -1e9, 0.0).astype(np.float32)
    bias[-1, :, -1] = -1e9
    return jnp.asarray(bias)


def kept_of(seed: Any, batch: int, heads: int, tiles: tuple[int, int], rate: float) -> np.ndarray:
    """M / (1 - rate) [B, H, T, L], as the kernel numbers the pairs of its tiles."""
    place = np.arange(batch * heads * tiles[0] * tiles[1], dtype=np.uint32)
    kept = np.asarray(hashed(jnp.asarray(place), *key_of(seed))) >= threshold(rate)
    return (kept / (1 - rate)).reshape(batch, heads, *tiles)


def by_formula(q: Any, k: Any, v: Any, bias: Any, kept: Any, scale: float) -> Any:
    q, k, v = (one.astype(jnp.float32) for one in (q, k, v))
    logits = jnp.einsum("bthd,blhd->bhtl", q, k) * scale + (0.0 if bias is None else bias)
    return jnp.einsum("bhtl,blhd->bthd", jax.nn.softmax(logits, axis=-1) * kept, v)


def apart(found: Any, wanted: Any) -> float:
    found, wanted = (np.asarray(one, np.float32) for one in (found, wanted))
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize(
    "queries, keys, tiles, rate, bias",
    [
        (64, 64, (64, 64), 0.1, (2, 1, 64, 64)),
        (128, 128, (128, 128), 0.0, (1, 1, 128, 128)),
        (20, 33, (32, 64), 0.3, (2, 1, 1, 33)),
        (128, 5, (128, 16), 0.1, None),
        (3, 16, (16, 16), 0.5, (1, 2, 3, 16)),
    ],
)
def test_it_is_attention(
    queries: int, keys: int, tiles: tuple[int, int], rate: float, bias: tuple[int, ...] | None
) -> None:
    """Values and gradients to what bfloat16 holds, for lengths that fill their tiles and that do not."""
    with jax.default_device(CPU):
        q, k, v, dy = (drawn(2, n, 2, 16) for n in (queries, keys, keys, queries))
        hidden, seed = masked(bias), jnp.asarray([7, 99], jnp.uint32)
        kept = kept_of(seed, 2, 2, tiles, rate)[:, :, :queries, :keys] if rate else 1.0
        found, back = jax.vjp(
            lambda *qkv: attention(*qkv, hidden, seed, scale=0.3, rate=rate, interpret=True),
            q,
            k,
            v,
        )
        wanted, wanted_back = jax.vjp(lambda *qkv: by_formula(*qkv, hidden, kept, 0.3), q, k, v)
        assert found.dtype == jnp.bfloat16
        assert apart(found, wanted) < 0.005
        for one, other in zip(back(dy), wanted_back(dy.astype(jnp.float32)), strict=True):
            assert apart(one, other) < 0.006


def test_a_seed_says_what_is_dropped() -> None:
    with jax.default_device(CPU):
        q, k = drawn(4, 16, 2, 16), drawn(4, 16, 2, 16)

        def dropped(*seed: int) -> np.ndarray:
            words = jnp.asarray(seed, jnp.uint32)
            y = attention(q, k, k, None, words, scale=0.1, rate=0.5, interpret=True)
            return np.asarray(y, np.float32)

        first = dropped(1, 2)
        assert np.array_equal(first, dropped(1, 2))
        assert not np.array_equal(first, dropped(1, 3))
        assert not np.array_equal(first, dropped(2, 2))


def test_what_the_kernel_takes() -> None:
    assert fits(128, 7, 64, "bfloat16") and fits(16, 128, 128, "float16")
    assert not fits(129, 16, 64, "bfloat16")  # a longer row
    assert not fits(16, 129, 64, "bfloat16")
    assert not fits(16, 16, 64, "float32")  # the matrix units would round it
    assert not fits(16, 16, 48, "bfloat16")  # not a power of two
    assert not fits(16, 16, 8, "bfloat16")
    assert not fits(16, 16, 256, "bfloat16")


def test_it_becomes_one_kernel_a_pass_on_a_gpu() -> None:
    """As far as that can be seen without one."""
    q = jnp.zeros((4, 64, 16, 64), jnp.bfloat16)
    seed = jnp.zeros((2,), jnp.uint32)

    def total(q: Any, k: Any, v: Any) -> Any:
        y = attention(q, k, v, jnp.zeros((4, 1, 64, 64)), seed, scale=0.1, rate=0.1)
        return y.astype(jnp.float32).sum()

    lowered = jax.jit(jax.grad(total, (0, 1, 2))).trace(q, q, q).lower(lowering_platforms=("cuda",))
    text = lowered.as_text()
    assert text.count('name = "attention_forward"') <= 1
    assert (
        text.count("custom_call @__gpu$xla.gpu.triton") == 1
    )  # forward is not needed for gradients
