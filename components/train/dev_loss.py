"""The dev loss that training reports and, without a dev metric, chooses checkpoints by."""

from __future__ import annotations

import numpy as np

from components.train.batches import eval_batches, prefetch
from components.train.hparams import Runtime
from components.train.network import Losses, Network
from components.train.records import Records


class DevLoss:
    """Loss (no smoothing, per target) and accuracy on the whole dev split, teacher-forced."""

    def __init__(
        self, network: Network, records: Records, batch_tokens: int, runtime: Runtime
    ) -> None:
        self.losses = Losses(network)
        self.static = runtime.backend == "jax"
        self.records, self.batch_tokens = records, batch_tokens

    def __call__(self) -> dict[str, float]:
        total = np.zeros(3)
        batches = eval_batches(self.records, self.batch_tokens, static=self.static)
        for indices, batch in prefetch(batches):
            rows = np.asarray(self.losses.predict_on_batch(batch), dtype=np.float64)
            total += rows[: len(indices)].sum(axis=0)
        count = max(total[1], 1.0)
        return {"dev_loss": float(total[0] / count), "dev_accuracy": float(total[2] / count)}
