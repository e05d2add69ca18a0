"""Learning rates over steps (Tensor2Tensor's learning_rate.py; Vaswani et al. 2017, section 5.3).

With s the update from 0, w the warm-up and D the model's width:
    noam                 c * min(1, s/w) * max(s, w)^-0.5 * D^-0.5
    rsqrt                c * min(1, s/w) * max(s, w)^-0.5
    constant             c * min(1, s/w)
    constant_exp_warmup  c * 0.01^(1 - min(1, s/w))
    cosine               c * min(1, s/w), then c * (1 + cos(pi * t)) / 2, t from 0 at w to 1 at the last step
    linear               c * min(1, s/w), then c * (1 - t)
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """One of the shapes above.

    Args:
        name: one of `hparams.SCHEDULES`.
        constant: the factor c.
        warmup_steps: w; 0 means no warm-up.
        d_model: D.
        total_steps: the last update, for cosine and linear.
        accumulate_steps: batches an update; it is called with the number of batches.
    """

    def __init__(
        self,
        name: str,
        constant: float,
        warmup_steps: int,
        d_model: int,
        total_steps: int,
        accumulate_steps: int = 1,
    ) -> None:
        super().__init__()
        self.name = name
        self.constant = constant
        self.warmup_steps = warmup_steps
        self.d_model = d_model
        self.total_steps = total_steps
        self.accumulate_steps = accumulate_steps

    def __call__(self, step: Any) -> Any:
        s = ops.floor(ops.cast(step, "float32") / self.accumulate_steps)
        w = float(max(self.warmup_steps, 1))
        warmup = ops.minimum(1.0, s / w) if self.warmup_steps else ops.ones_like(s)
        t = ops.clip((s - self.warmup_steps) / max(self.total_steps - self.warmup_steps, 1), 0, 1)
        if self.name == "noam":
            return self.constant * warmup * ops.maximum(s, w) ** -0.5 * self.d_model**-0.5
        if self.name == "rsqrt":
            return self.constant * warmup * ops.maximum(s, w) ** -0.5
        if self.name == "constant":
            return self.constant * warmup
        if self.name == "constant_exp_warmup":
            return self.constant * ops.exp(math.log(0.01) * (1.0 - warmup))
        if self.name == "cosine":
            return self.constant * warmup * 0.5 * (1.0 + ops.cos(math.pi * t))
        if self.name == "linear":
            return self.constant * warmup * (1.0 - t)
        raise ValueError(f"no schedule is named {self.name!r}")

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "constant": self.constant,
            "warmup_steps": self.warmup_steps,
            "d_model": self.d_model,
            "total_steps": self.total_steps,
            "accumulate_steps": self.accumulate_steps,
        }
