"""A step's logs reach callbacks as the backend made them, so that nobody waits for a device unasked."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from components.train.callbacks import Callbacks


class Seen(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.losses: list[Any] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches.append(batch)
        self.losses.append(logs["loss"])
        if batch == 2:
            self.model.stop_training = True


def test_logs_are_not_turned_into_numbers() -> None:
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    seen = Seen()
    x = np.ones((8, 2), np.float32)
    model.fit(x, x[:, :1], batch_size=2, verbose=0, callbacks=Callbacks(seen, model=model))
    assert seen.batches == [0, 1, 2]
    assert not any(isinstance(loss, float | np.floating) for loss in seen.losses)
    assert all(np.isfinite(float(loss)) for loss in seen.losses)
    assert model.history.epoch == [0]
