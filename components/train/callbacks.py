"""Callbacks that do not wait for the device after every step.

Keras turns a step's logs into numbers before it calls its callbacks, so that a GPU which has finished
a step idles until the next batch is handed over. Here callbacks get the arrays, and who reads one waits.
"""

from __future__ import annotations

from typing import Any

import keras


class Callbacks(keras.callbacks.CallbackList):
    """A CallbackList for `fit` whose `on_train_batch_end` passes logs on as they are."""

    def __init__(self, *callbacks: keras.callbacks.Callback, model: keras.Model) -> None:
        super().__init__(list(callbacks), add_history=True, model=model)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs=logs)
