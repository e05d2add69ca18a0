"""Training batches handed to Keras's `fit`, whichever backend is under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from components.train.batches import Stream, prefetch


def feed(batches: Callable[[], Iterator[dict[str, np.ndarray]]], stream: Stream) -> Any:
    """Batches as the backend's `fit` likes them, made ahead in another thread.

    `batches` begins them anew at every call: a MirroredStrategy opens the data set twice, and two
    readers of one iterator would each get a part.
    """
    if keras.backend.backend() != "tensorflow":
        return ((batch,) for batch in prefetch(batches()))
    import tensorflow as tf

    example = stream.make(stream.epoch(0)[0])
    signature = {
        # Pixels and mels are of one size; everything else varies from batch to batch.
        name: tf.TensorSpec(
            [None, *array.shape[1:]]
            if array.dtype == np.uint8
            else [None] * min(array.ndim, 2) + [*array.shape[2:]],
            array.dtype,
        )
        for name, array in example.items()
    }
    # Not left to tf.data's own prefetch alone: where TensorFlow is told to be deterministic it takes
    # that out behind a generator, and every step would wait until its batch is made.
    dataset = tf.data.Dataset.from_generator(
        lambda: ((batch,) for batch in prefetch(batches())), output_signature=(signature,)
    )
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    # Nothing here is tuned, and the thread that tunes sleeps ever longer, up to a minute; the end of a
    # `fit` waits for it as often as not.
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(1)
