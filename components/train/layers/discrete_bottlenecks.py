"""Bottlenecks whose latents are one of 2^z codes, each a vector again by a network of its own.

    semhash         b = [sigma'(W h + noise) > 1/2], z bits; gradients pass as if b were sigma'(..),
                    sigma'(x) = min(1, max(0, 1.2 sigmoid(x) - 0.1))
    gumbel_softmax  q = softmax(W h) over 2^z codes; in training softmax((log q + gumbel noise) / tau)
    dvq             the nearest vector of a codebook, in each of n parts of h; gradients pass unchanged

The prior is 2^z logits. Where the posterior is one code, always but for gumbel_softmax in training, a
latent costs -log prior(code), and a bound on the log-likelihood holds exactly.

Deviations from Tensor2Tensor: what it lets grow over the first steps is constant (half of the examples
have semhash's bits, half sigma' itself; tau); gumbel_softmax pays its KL instead of two losses that
spread codes; dvq's codebook learns from a loss, not as a moving average.
References: Kaiser and Bengio 2018 (arXiv 1801.09797); Jang et al. 2017 (arXiv 1611.01144); Kaiser et al.
2018 (arXiv 1803.03382), section 3; Tensor2Tensor's `discretization.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from components.train.layers.bottlenecks import Bottleneck, Latents
from components.train.loss import negative_log_likelihood

NOISE = 0.5  # standard deviation of what is added before semhash's sigmoid: T2T's noise_dev
DISCRETE = 0.5  # share of training examples whose latents are bits: T2T's discrete_mix
COMMITMENT = 0.25  # weight of what draws h to the codebook: T2T's beta


class Coded(Bottleneck):
    """Latents that are one of 2^z codes; `of_codes` of a kind gives the vectors [B, M, D] of codes
    [B, M], int."""

    of_codes: Callable[[Any], Any]

    def __init__(self, *sizes: int, **kwargs: Any) -> None:
        super().__init__(*sizes, **kwargs)
        self.codes = self.prior_width = 2**self.size

    def nats(self, posterior: Any, prior: Any) -> Any:
        """What latents cost: [B, M] float32; prior [B, M, prior_width] float32."""
        return negative_log_likelihood(prior, posterior)

    def guess(self, prior: Any) -> Any:
        """The vectors [B, M, D] of the prior's most probable codes."""
        return self.of_codes(ops.argmax(prior, axis=-1))


class Semhash(Coded):
    """Bits, the first one lowest."""

    def build(self, *_: Any) -> None:
        self.bits = keras.layers.Dense(self.size, name="bits")
        self.ones = keras.layers.Dense(self.hidden.units, name="ones")
        self.zeros = keras.layers.Dense(self.hidden.units, name="zeros")
        self.seeds = keras.random.SeedGenerator()
        self.build_dense(self.bits, self.d_model)
        self.build_dense(self.ones, self.size)
        self.build_spread(self.build_dense(self.zeros, self.size))

    def call(self, h: Any, training: bool | None = None) -> Latents:
        x = ops.cast(self.bits(h), "float32")
        if training:
            x = x + NOISE * keras.random.truncated_normal(ops.shape(x), seed=self.seeds)
        y = saturating_sigmoid(x)
        bits = ops.cast(y > 0.5, "float32")
        passed = bits + y - ops.stop_gradient(y)
        if training:
            discrete = keras.random.uniform((ops.shape(x)[0], 1, 1), seed=self.seeds) < DISCRETE
            passed = ops.where(discrete, passed, y)
        powers = 2 ** ops.arange(self.size, dtype="int32")
        codes = ops.sum(ops.cast(bits, "int32") * powers, axis=-1)
        return Latents(self.of_bits(passed), self.of_bits(bits), codes)

    def of_bits(self, bits: Any) -> Any:
        bits = ops.cast(bits, self.compute_dtype)
        return self.spread(self.ones(bits) + self.zeros(1.0 - bits))

    def of_codes(self, codes: Any) -> Any:
        powers = 2 ** ops.arange(self.size, dtype="int32")
        return self.of_bits(ops.cast(codes, "int32")[..., None] // powers % 2)


class GumbelSoftmax(Coded):
    """One of 2^z codes, drawn as a softmax.

    Args:
        temperature: tau, the lower the nearer to one code.
    """

    def __init__(self, *sizes: int, temperature: float, **kwargs: Any) -> None:
        super().__init__(*sizes, **kwargs)
        self.temperature = temperature

    def build(self, *_: Any) -> None:
        self.logits = keras.layers.Dense(self.codes, name="logits")
        self.vectors = keras.layers.Dense(self.d_model, name="vectors")
        self.seeds = keras.random.SeedGenerator()
        self.build_dense(self.logits, self.d_model)
        self.build_spread(self.build_dense(self.vectors, self.codes))

    def call(self, h: Any, training: bool | None = None) -> Latents:
        log_q = ops.log_softmax(ops.cast(self.logits(h), "float32"))
        if training:
            uniform = keras.random.uniform(ops.shape(log_q), 1e-5, 1.0 - 1e-5, seed=self.seeds)
            drawn = ops.softmax((log_q - ops.log(-ops.log(uniform))) / self.temperature)
            dense = self.of_shares(drawn)
            return Latents(dense, dense, ops.exp(log_q))
        hot = ops.one_hot(ops.argmax(log_q, axis=-1), self.codes, dtype="float32")
        dense = self.of_shares(hot)
        return Latents(dense, dense, hot)

    def nats(self, posterior: Any, prior: Any) -> Any:
        q = ops.maximum(posterior, 1e-20)  # 0 log 0 = 0
        return ops.sum(posterior * (ops.log(q) - ops.log_softmax(prior)), axis=-1)

    def of_shares(self, shares: Any) -> Any:
        return self.spread(self.vectors(ops.cast(shares, self.compute_dtype)))

    def of_codes(self, codes: Any) -> Any:
        return self.of_shares(ops.one_hot(codes, self.codes, dtype="float32"))


class DVQ(Coded):
    """The nearest codebook vectors; a code is the parts' numbers, the first part's lowest.

    Args:
        parts: n; must divide z and d_model.

    Raises ValueError where it does not.
    """

    pulls = True

    def __init__(self, *sizes: int, parts: int, **kwargs: Any) -> None:
        super().__init__(*sizes, **kwargs)
        if self.size % parts or self.d_model % parts:
            raise ValueError(
                f"latent_parts {parts} must divide latent_size {self.size} and d_model {self.d_model}"
            )
        self.parts, self.entries = parts, 2 ** (self.size // parts)

    def build(self, *_: Any) -> None:
        # h comes from a norm, so that its values are about as large as these.
        self.codebook = self.add_weight(
            shape=(self.parts, self.entries, self.d_model // self.parts),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="codebook",
        )
        self.build_spread(self.d_model)

    def call(self, h: Any, training: bool | None = None) -> Latents:
        shape = (ops.shape(h)[0], -1, self.parts, self.d_model // self.parts)
        x = ops.cast(ops.reshape(h, shape), "float32")
        book = ops.cast(self.codebook, "float32")
        squares = ops.sum(ops.square(book), axis=-1)
        numbers = ops.argmin(squares - 2.0 * ops.einsum("bmnd,nvd->bmnv", x, book), axis=-1)
        near = self._of_numbers(numbers, book)
        powers = self.entries ** ops.arange(self.parts, dtype="int32")
        codes = ops.sum(ops.cast(numbers, "int32") * powers, axis=-1)
        pull = ops.square(ops.stop_gradient(x) - near)
        pull = pull + COMMITMENT * ops.square(x - ops.stop_gradient(near))
        passed = x + ops.stop_gradient(near - x)
        dense = self.spread(ops.cast(ops.reshape(passed, ops.shape(h)), h.dtype))
        return Latents(dense, dense, codes, ops.mean(pull, axis=(-1, -2)))

    def _of_numbers(self, numbers: Any, book: Any) -> Any:
        hot = ops.one_hot(numbers, self.entries, dtype=book.dtype)
        return ops.einsum("bmnv,nvd->bmnd", hot, book)

    def of_codes(self, codes: Any) -> Any:
        powers = self.entries ** ops.arange(self.parts, dtype="int32")
        numbers = ops.cast(codes, "int32")[..., None] // powers % self.entries
        near = self._of_numbers(numbers, ops.cast(self.codebook, self.compute_dtype))
        return self.spread(ops.reshape(near, (*ops.shape(codes), self.d_model)))


def saturating_sigmoid(x: Any) -> Any:
    """A sigmoid that reaches 0 and 1, and has no gradient where it does."""
    return ops.clip(1.2 * ops.sigmoid(x) - 0.1, 0.0, 1.0)
