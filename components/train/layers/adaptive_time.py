"""How often a shared layer is applied to each position: so often, or until the position halts.

With x^n = s^{n-1} + P^n, what enters step n, and s^n = F(x^n), n = 1 .. M:

    RepeatedTime    y = s^M
    AdaptiveTime    h^n = sigmoid(x^n . w + b)                                  each position's own
                    N = min{ n : h^1 + .. + h^n >= 1 - epsilon,  or n = M }
                    R = 1 - (h^1 + .. + h^{N-1})
                    p^n = h^n for n < N,  R for n = N,  0 after it
                    y = sum_n p^n s^n;      s^n = s^N for n > N
                    rho = N + R, the ponder cost; its mean is added to the loss

Every step is computed for all positions: a halted one keeps its state, which others may still look
at, and time is saved nowhere. Differentiable in h, where N stands for a constant.

Deviations: h is read before the step, as Dehghani et al. and Tensor2Tensor have it (Graves: after
it). T2T's default keeps a running mix, new p + old * 1 - p (sic), whose weights do not add up to 1;
these are Graves', T2T's `act_type: accumulated`. T2T goes on changing what has halted, where the paper
copies it, and gives no remainder to what has not halted after M steps.
References: Graves 2016 (arXiv 1603.08983), section 2; Dehghani et al. 2019 (arXiv 1807.03819), section
2.2; T2T's `universal_transformer_act_accumulated`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from components.train.watch import see

Step = Callable[[Any, int], Any]


class RepeatedTime(keras.layers.Layer):
    """[..., D] -> [..., D], the state after a fixed number of steps."""

    def __init__(self, max_steps: int, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.max_steps = max_steps

    def build(self, *_: Any) -> None:
        self.built = True

    def call(
        self, x: Any, enter: Step, advance: Step, real: Any = None, training: bool | None = None
    ) -> Any:
        """As `AdaptiveTime`; `real` is not read."""
        for n in range(self.max_steps):
            x = advance(enter(x, n), n)
        return x


class AdaptiveTime(keras.layers.Layer):
    """[..., D] -> [..., D] of the same dtype, the mean of the states a position went through.

    Args:
        d_model: D.
        max_steps: M.
        epsilon: so near to 1 is halting.
        loss_coef: of the ponder cost's mean over real positions.
        halting_bias: b before training.
    """

    def __init__(
        self,
        d_model: int,
        max_steps: int,
        *,
        epsilon: float,
        loss_coef: float,
        halting_bias: float,
        **kwargs: Any,
    ) -> None:
        # Halting is decided in float32 under any precision.
        super().__init__(autocast=False, **kwargs)
        self.d_model, self.halting_bias = d_model, halting_bias
        self.max_steps, self.epsilon, self.loss_coef = max_steps, epsilon, loss_coef

    def build(self, *_: Any) -> None:
        self.w = self.add_weight(
            shape=(self.d_model, 1), initializer="glorot_uniform", autocast=False, name="w"
        )
        start = keras.initializers.Constant(self.halting_bias)
        self.b = self.add_weight(shape=(1,), initializer=start, autocast=False, name="b")
        self.built = True

    def call(
        self, x: Any, enter: Step, advance: Step, real: Any = None, training: bool | None = None
    ) -> Any:
        """
        Args:
            x: s^0.
            enter: s^{n-1} and n - 1, a Python int, to x^n.
            advance: x^n and n - 1 to s^n.
            real: bool [...], the positions whose pondering costs something; None: all.
        """
        state = x
        mean = ops.zeros_like(ops.cast(x, "float32"))
        total = mean[..., 0]  # of p so far
        steps, remainder, running = total, total, total + 1.0
        for n in range(self.max_steps):
            entered = enter(state, n)
            h = self.halting(entered)
            halts = running
            if n < self.max_steps - 1:
                halts = running * ops.cast(total + h >= 1.0 - self.epsilon, "float32")
            p = ops.where(halts > 0, 1.0 - total, h * running)
            new = advance(entered, n)
            mean = mean + p[..., None] * ops.cast(new, "float32")
            state = ops.where(running[..., None] > 0, new, state)
            steps, remainder = steps + running, remainder + halts * (1.0 - total)
            total, running = total + p, running - halts
        see(self, "ponder", steps)
        if training and self.loss_coef:
            weight = ops.ones_like(steps) if real is None else ops.cast(real, "float32")
            cost = ops.sum((steps + remainder) * weight) / ops.maximum(ops.sum(weight), 1.0)
            self.add_loss(self.loss_coef * cost)
        return ops.cast(mean, x.dtype)

    def halting(self, x: Any) -> Any:
        """h of what enters a step: [..., D] to float32 [...]."""
        logits = ops.matmul(ops.cast(x, "float32"), self.w) + self.b
        return ops.sigmoid(logits)[..., 0]
