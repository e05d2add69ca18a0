"""Gaussian latent variables, and what latents cost.

    z = mu + sigma * eps,   eps ~ N(0, I)                                         (reparametrized)
    KL(N(mu, sigma^2) || N(m, s^2)) = sum log(s / sigma) + (sigma^2 + (mu - m)^2) / (2 s^2) - 1/2

A bound on the log-likelihood, log p(x) >= E_q log p(x | z) - KL(q(z | x) || p(z)), is what a model with
latents is trained by and, with every nat of it, what it reports.
References: Kingma and Welling 2014 (arXiv 1312.6114), sections 2.4 and appendix B; Bowman et al. 2016
(arXiv 1511.06349), section 3.1 (a weight of the KL that rises, words that are hidden); Kingma et al. 2016
(arXiv 1606.04934), appendix C (free nats).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

DRAWS = 1024


class Gaussian(NamedTuple):
    """Independent normal variables: float32 [..., Z] each."""

    mean: Any
    log_variance: Any

    @staticmethod
    def of(parameters: Any) -> Gaussian:
        """From [..., 2 Z], means before logarithms of variances."""
        return Gaussian(*ops.split(ops.cast(parameters, "float32"), 2, axis=-1))

    @staticmethod
    def standard() -> Gaussian:
        """N(0, I), of any shape."""
        return Gaussian(0.0, 0.0)

    def draw(self, noise: Any) -> Any:
        """The value at noise [..., Z]."""
        return self.mean + ops.exp(0.5 * self.log_variance) * noise

    def kl(self, other: Gaussian) -> Any:
        """KL(self || other) in nats, [..., Z] to [...]."""
        ratio = self.log_variance - other.log_variance
        distance = ops.square(self.mean - other.mean) * ops.exp(-other.log_variance)
        return 0.5 * ops.sum(ops.exp(ratio) + distance - 1.0 - ratio, axis=-1)


class Noise(keras.layers.Layer):
    """eps for latents [B, M, Z]: new in training, else always the same for latent m of any example.

    So a bound that is reported is of one draw for each latent, and repeats to the bit; it depends
    neither on the other examples of a batch nor on how far they are padded.

    Args:
        size: Z.
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size
        self.seeds = keras.random.SeedGenerator()
        self.fixed = np.random.default_rng(0).standard_normal((DRAWS, size)).astype(np.float32)
        self.built = True

    def call(self, mean: Any, training: bool | None = None) -> Any:
        """For means [B, M, Z]: float32 [B, M, Z], or outside of training [1, M, Z]."""
        if training:
            return keras.random.normal(ops.shape(mean), seed=self.seeds)
        rows = ops.arange(ops.shape(mean)[1], dtype="int32") % DRAWS
        return ops.take(ops.convert_to_tensor(self.fixed), rows, axis=0)[None]


class LatentCost(keras.layers.Layer):
    """What examples' latents cost, which it adds to the loss of a training step, a mean over targets.

    Args:
        weight: factor in training.
        warmup_steps: training steps over which the factor rises from 0 in a straight line.
        free_nats: training takes what is cheaper as costing so much.
    """

    def __init__(
        self, weight: float, *, warmup_steps: int, free_nats: float, **kwargs: Any
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.weight, self.warmup_steps, self.free_nats = weight, warmup_steps, free_nats

    def build(self, *_: Any) -> None:
        if self.warmup_steps:
            # Not a scalar: the mean of checkpoints would be none of an array.
            self.steps = self.add_weight(
                shape=(1,), initializer="zeros", trainable=False, aggregation="mean", name="steps"
            )
        self.built = True

    def call(self, nats: Any, real: Any, training: bool | None = None) -> Any:
        """nats [B] float32 and the targets' mask [B, T] to the same nats, 0 in rows without targets."""
        count = ops.sum(ops.cast(real, "float32"), axis=1)
        nats = ops.where(count > 0, nats, 0.0)
        if training:
            paid = ops.where(count > 0, ops.maximum(nats, self.free_nats), 0.0)
            self.add_loss(self._factor() * ops.sum(paid) / ops.maximum(ops.sum(count), 1.0))
        return nats

    def _factor(self) -> Any:
        if not self.warmup_steps:
            return self.weight
        self.steps.assign(self.steps + 1.0)
        return self.weight * ops.minimum(self.steps[0] / self.warmup_steps, 1.0)


class HideInputs(keras.layers.Layer):
    """A decoder's inputs [B, T, D], in training with a share of the vectors zero, or none at all.

    Args:
        share: hidden in training, so that the latents have to say something (Bowman et al. 2016).
        autoregressive: False hides all inputs, always.
    """

    def __init__(self, share: float, *, autoregressive: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share, self.autoregressive = share, autoregressive
        self.seeds = keras.random.SeedGenerator()
        self.built = True

    def call(self, y: Any, training: bool | None = None) -> Any:
        if not self.autoregressive:
            return ops.zeros_like(y)
        if not training or not self.share:
            return y
        kept = keras.random.uniform(ops.shape(y)[:-1], seed=self.seeds) >= self.share
        return y * ops.cast(kept, y.dtype)[..., None]
