"""Bottlenecks of an autoencoder: vectors h [B, M, D] to latents that can be predicted, and back.

Here what all share, and latents that are Gaussian, N(mu(h), sigma^2(h)) in z dimensions; for codes see
`discrete_bottlenecks.py`. Each has a prior to be predicted. A latent costs KL(posterior || prior).

Deviation from Tensor2Tensor: the Gaussian prior is predicted from the inputs and the latents before; there
it is N(0, I). Reference: Kaiser et al. 2018 (arXiv 1803.03382); Tensor2Tensor's `discretization.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from components.train.layers.latents import Gaussian, Noise


class Latents(NamedTuple):
    """dense [B, M, D]: for the decoder. context [B, M, D]: for the prior of later latents. posterior:
    for `nats`. pull [B, M]: a loss of the bottleneck's own, where it has one (`pulls`)."""

    dense: Any
    context: Any
    posterior: Any
    pull: Any = 0.0


class Bottleneck(keras.layers.Layer):
    """h [B, M, D] to `Latents`: a kind of them is a subclass with its own weights, `call`, `nats` and
    `guess`, and `prior_width`, the numbers that a prior of one latent has.

    Args:
        d_model: D.
        d_ff: hidden width of the network that makes vectors of latents.
        size: z, bits or dimensions of a latent.
    """

    pulls = False

    def __init__(self, d_model: int, d_ff: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.d_model, self.size = d_model, size
        self.hidden = keras.layers.Dense(d_ff, activation="relu", name="hidden")
        self.contract = keras.layers.Dense(d_model, name="contract")

    def build_dense(self, layer: keras.layers.Dense, width: int) -> int:
        layer.build((None, width))
        return layer.units

    def build_spread(self, width: int) -> None:
        """The last of a kind's `build`; width: of what `spread` gets."""
        self.contract.build((None, self.build_dense(self.hidden, width)))
        self.built = True

    def spread(self, code: Any) -> Any:
        """T2T's network behind a code: ReLU, dense, ReLU, dense."""
        return self.contract(self.hidden(ops.relu(code)))


class Continuous(Bottleneck):
    """Gaussian latents."""

    def __init__(self, *sizes: int, **kwargs: Any) -> None:
        super().__init__(*sizes, **kwargs)
        self.prior_width = 2 * self.size

    def build(self, *_: Any) -> None:
        self.posterior = keras.layers.Dense(2 * self.size, name="posterior")
        self.vectors = keras.layers.Dense(self.hidden.units, name="vectors")
        self.noise = Noise(self.size, name="noise")
        self.build_dense(self.posterior, self.d_model)
        self.build_spread(self.build_dense(self.vectors, self.size))

    def call(self, h: Any, training: bool | None = None) -> Latents:
        q = Gaussian.of(self.posterior(h))
        dense = self.of_values(q.draw(self.noise(q.mean, training=training)))
        return Latents(dense, dense, q)

    def nats(self, posterior: Any, prior: Any) -> Any:
        """What latents cost: [B, M] float32; prior [B, M, prior_width] float32."""
        return posterior.kl(Gaussian.of(prior))

    def guess(self, prior: Any) -> Any:
        """The vectors [B, M, D] of the prior's most probable latents."""
        return self.of_values(Gaussian.of(prior).mean)

    def of_values(self, z: Any) -> Any:
        return self.spread(self.vectors(ops.cast(z, self.compute_dtype)))
