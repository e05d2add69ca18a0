"""A network's search as a Keras model, so that `predict_on_batch` compiles it on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras

from components.eval.decoding.distribution import InitCache, Step


class Search(NamedTuple):
    """One way to decode.

    beams: rows of the cache a sentence.
    run: (step, init_cache, batch, memory) to ids [B, T] int32 and scores [B] float32;
        `batch["room"]` and `batch["noise"]` are described at `Decoder`.
    """

    beams: int
    run: Callable[[Step, InitCache, dict[str, Any], dict[str, Any]], tuple[Any, Any]]


class Decoder(keras.Model):
    """Inputs to the output that a search finds, and its score.

    Batches are dicts: `inputs` as the network reads them; `room` [B, T] bool, True at the positions
    that an output may take (none in rows that only fill up the batch); `noise` [B, T] int32,
    uniform in [0, NOISE_LEVELS). Returns ids [B, T] int32, EOS included, then PAD, and scores [B] float32.

    Args:
        network: a built `Network` whose targets are symbols.
        search: how to decode.
    """

    def __init__(self, network: Any, search: Search) -> None:
        super().__init__(name="decoder")
        self.network, self.search = network, search
        # XLA would compile every new shape on TensorFlow, whose graphs take them all.
        self.jit_compile = keras.backend.backend() == "jax"
        self.built = True

    def call(self, batch: dict[str, Any], training: bool | None = None) -> tuple[Any, Any]:
        memory = self.network.encode(batch, training=False)

        def init_cache(memory: Any, length: Any) -> Any:
            return self.network.init_cache(memory, self.search.beams, length)

        return self.search.run(self.network.step, init_cache, batch, memory)
