"""The steps of an interval on batches of several problems, one after another.

`fit` wants every batch to look alike. Here each member has a reader of its own, whose batches do, and
the steps ask one reader or another, so that the backend compiles one step for each member.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from components.train.batches import Stream
from components.train.feeding import feed
from components.train.mixed_stream import MixedStream
from components.train.packing import count_examples


def train_steps(
    network: keras.Model, stream: MixedStream, first: int, count: int, meter: Any
) -> None:
    """Trains on `count` batches from number `first` on and tells the meter, as `fit` would: its loss
    is the mean since the first, weighted by rows. Ends early where the meter stops the training."""
    order = stream.members(first, count)
    readers: dict[str, _Reader] = {}
    for name, number in order:
        if name not in readers:
            own = sum(one == name for one, _ in order)
            readers[name] = _Reader(network, name, stream.streams[name], number, own)
    meter.set_model(network)
    network.stop_training = False
    network.make_train_function()
    total = rows = 0.0
    for number, (name, _) in enumerate(order):
        with warnings.catch_warnings():
            # Of course: a batch of one member says nothing of the nets of the others.
            warnings.filterwarnings("ignore", "Gradients do not exist for variables")
            loss = readers[name].step()
        meter.sizes[number] = readers[name].sizes.popleft()
        total += loss * meter.sizes[number][0]
        rows += meter.sizes[number][0]
        meter.of_member(name, loss)
        meter.on_train_batch_end(number, {"loss": total / rows})
        if network.stop_training:
            break
    for reader in readers.values():
        reader.close()


class _Reader:
    """The batches of one member, and a step on the next of them."""

    def __init__(
        self, network: keras.Model, name: str, stream: Stream, first: int, count: int
    ) -> None:
        self.network, self.name = network, name
        self.sizes: deque[tuple[int, int, int]] = deque()
        batches = feed(lambda: self._watched(stream.batches(first, count)), stream)
        if keras.backend.backend() == "tensorflow":
            batches = batches.map(lambda batch: {name: batch})
        self._batches: Any = iter(batches)

    def step(self) -> float:
        """The loss of a step on the next batch."""
        network: Any = self.network
        if keras.backend.backend() == "tensorflow":
            # Not train_on_batch: it would compile for the shapes of the first batch, and a resumed
            # training, which begins with another one, would round otherwise.
            network.reset_metrics()
            logs = network.train_function(self._batches)
        else:
            (batch,) = next(self._batches)
            logs = network.train_on_batch({self.name: batch}, return_dict=True)
        return float(np.asarray(logs["loss"]))

    def close(self) -> None:
        """Lets go of the batches: left to the end of the process they would complain of it."""
        self._batches = None

    def _watched(self, batches: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for batch in batches:
            tokens = batch["tokens"]
            self.sizes.append((len(tokens), count_examples(batch), int(tokens.max())))
            yield batch
