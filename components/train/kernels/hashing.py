"""Random bits that are a function of a place and a seed; JAX, inside kernels and outside.

A generator writes its numbers to memory and whoever needs them reads them; a hash is computed where its
bits are needed, once more in the backward pass, and is the same on any device and however an array is
spread over several. It is the finalizer lowbias32 (https://nullprogram.com/blog/2018/07/31/), whose rounds of
multiply and shift are invertible, with one word of a key before each round.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

BITS = 24  # so that they fit an int32, which all devices compare


def key_of(seed: Any) -> Any:
    """uint32 [2] of a seed, uint32 [2]: near seeds have keys that are far apart."""
    one, two = seed[0] ^ jnp.uint32(0x9E3779B9), seed[1] ^ jnp.uint32(0x85EBCA6B)
    return jnp.stack([_mixed(_mixed(one) ^ two), _mixed(_mixed(two) ^ one)])


def hashed(place: Any, first: Any, second: Any) -> Any:
    """BITS bits, int32, of uint32 places and the two words of `key_of`."""
    return (_mixed(place ^ first, second) >> jnp.uint32(32 - BITS)).astype(jnp.int32)


def kept(shape: tuple[int, ...], seed: Any, rate: float) -> Any:
    """Bool of `shape`, up to 2^32 places: true with a probability of 1 - rate."""
    place = jnp.zeros(shape, jnp.uint32)
    stride = 1
    for axis in reversed(range(len(shape))):
        place = place + jax.lax.broadcasted_iota(jnp.uint32, shape, axis) * jnp.uint32(stride)
        stride *= shape[axis]
    return hashed(place, *key_of(seed)) >= threshold(rate)


def threshold(rate: float) -> int:
    """Bits below it say that a value is dropped."""
    return int(rate * 2**BITS)


def _mixed(x: Any, word: Any = None) -> Any:
    x = (x ^ (x >> jnp.uint32(16))) * jnp.uint32(0x7FEB352D)
    x = x if word is None else x ^ word
    x = (x ^ (x >> jnp.uint32(15))) * jnp.uint32(0x846CA68B)
    return x ^ (x >> jnp.uint32(16))
