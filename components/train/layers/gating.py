"""Which k of E experts read a position, and how much each of them counts: noisy top-k gating.

    H = x Wg + N(0, 1) * (softplus(x Wn) + 1e-2)        the noise in training only
    gates = softmax over the k largest H, 0 elsewhere
    Importance = sum over positions of the gates
    Load_i = sum over positions of P(i among the k if its noise alone were drawn again)
           = sum of Phi((x Wg_i - threshold_i) / sigma_i)
    imbalance = CV(Importance)^2 + CV(Load)^2

threshold_i is what H_i has to exceed: the k-th largest of the others, which is the (k+1)-th of all
where i is among the k, and the k-th where it is not. Wg and Wn begin as zeros, so that at first
chance alone decides, and all experts are as busy. Counts of positions have no gradient; Load has.

Reference: Shazeer et al. 2017 (arXiv 1701.06538), equations 3 to 11 and appendix A; the 1e-2 is of
Tensor2Tensor's expert_utils.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

NOISE_EPSILON = 1e-2


class Gates(NamedTuple):
    """experts [N, k] int32, best first; gates [N, k] float32, each row's sum 1; importance [E];
    imbalance: a scalar, None outside training."""

    experts: Any
    gates: Any
    importance: Any
    imbalance: Any


class NoisyTopKGating(keras.layers.Layer):
    """Positions [N, D] to their experts and gates; computed in float32.

    Args:
        d_model: D.
        num_experts: E.
        k: experts a position, 1 <= k <= E.
    """

    def __init__(self, d_model: int, *, num_experts: int, k: int, **kwargs: Any) -> None:
        # Which expert is best is too fine a question for 16 bits.
        super().__init__(autocast=False, **kwargs)
        self.num_experts, self.k = num_experts, k
        shape = (d_model, num_experts)
        self.gate_kernel = self.add_weight(shape=shape, initializer="zeros", name="gate")
        self.noise_kernel = self.add_weight(shape=shape, initializer="zeros", name="noise")
        self.seeds = keras.random.SeedGenerator()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Gates:
        """x [N, D], real [N] bool: what is not real has gates too, but counts for nothing."""
        x, real = ops.cast(x, "float32"), ops.cast(real, "float32")[:, None]
        clean = ops.matmul(x, self.gate_kernel)
        noisy, sigma = clean, None
        if training:
            sigma = ops.softplus(ops.matmul(x, self.noise_kernel)) + NOISE_EPSILON
            noisy = clean + sigma * keras.random.normal(ops.shape(clean), seed=self.seeds)
        best, experts = ops.top_k(noisy, min(self.k + 1, self.num_experts))
        experts = ops.cast(experts[:, : self.k], "int32")
        gates = ops.softmax(best[:, : self.k], axis=-1)
        chosen = ops.one_hot(experts, self.num_experts) * real[..., None]  # [N, k, E]
        importance = ops.sum(chosen * gates[..., None], axis=(0, 1))
        if sigma is None:
            return Gates(experts, gates, importance, None)
        if self.k < self.num_experts:
            load = ops.sum(prob_in_top_k(clean, noisy, sigma, best, self.k) * real, axis=0)
        else:
            load = ops.sum(chosen, axis=(0, 1))
        return Gates(experts, gates, importance, cv_squared(importance) + cv_squared(load))


def prob_in_top_k(clean: Any, noisy: Any, sigma: Any, best: Any, k: int) -> Any:
    """P(expert among the k best, given the noise of the others), [N, E].

    clean, noisy, sigma [N, E]: logits without and with noise, and its deviation; best [N, k + 1]: the
    largest of `noisy`, falling.
    """
    if_in, if_out = best[:, k : k + 1], best[:, k - 1 : k]
    threshold = ops.where(noisy > if_in, if_in, if_out)
    return 0.5 * (1.0 + ops.erf((clean - threshold) / (sigma * 2.0**0.5)))


def cv_squared(x: Any) -> Any:
    """The squared coefficient of variation of [E], a scalar: 0 where all are alike, or all are 0."""
    mean = ops.mean(x)
    return ops.mean(ops.square(x - mean)) / (ops.square(mean) + 1e-10)
