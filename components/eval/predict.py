"""A network's answers on a split, in the order of its records.

Examples are decoded in batches of like length, longest first, and put back in order. An example's
answer does not depend on which others are in its batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components import catalog
from components.datagen.schema import Manifest
from components.datagen.vocabulary import Vocabulary
from components.datagen.vocabulary import load as load_vocabulary
from components.eval.decoding.decoder import Decoder, Search
from components.eval.decoding.greedy import GREEDY
from components.eval.input_batches import Reach, input_batches
from components.eval.outputs import Outputs, references, score_of
from components.train.batches import eval_batches, prefetch
from components.train.multi_network import MultiNetwork
from components.train.network import Losses, Network
from components.train.records import Records
from components.train.runtime import cores

TOGETHER = 2

Done = Callable[[int], None]


class Predictor:
    """Compiled functions of one network; later calls see the weights that it has by then.

    Args:
        network: built.
        vocabulary: of the targets; None where they are numbers.
        search: how symbols are decoded; other targets are read out (`readouts/<modality>.py`).
        reach: lengths and batches.
    """

    def __init__(
        self,
        network: Network,
        vocabulary: Vocabulary | None,
        *,
        search: Search = GREEDY,
        reach: Reach | None = None,
    ) -> None:
        self.network, self.vocabulary, self.reach = network, vocabulary, reach or Reach()
        self.static = keras.backend.backend() == "jax"
        # Operations of a step wait for each other; a second batch uses the cores that are idle then.
        self.together = 1 if self.static else min(TOGETHER, cores())
        self.readout = None if network.target_net.autoregressive else readout_of(network)
        self._losses = Losses(network)
        self._model = self.readout.Readout(network) if self.readout else Decoder(network, search)
        self._ready = self.static or self.readout is not None

    def predict(
        self, records: Records, *, max_examples: int = 0, done: Done | None = None
    ) -> Outputs:
        """Texts (the best label's name where targets are labels), scores and label rankings.

        Args:
            records: a split.
            max_examples: only the first so many records, 0 for all.
            done: told how many examples are decoded, after every batch.
        """
        count = min(max_examples or len(records), len(records))
        scores = np.zeros(count, np.float32)
        rankings: list[list[str]] = [[""] for _ in range(count)]
        written = self.readout.written if self.readout else _symbols
        finished = 0
        for indices, (answers, values) in self._decoded(records, max_examples):
            for row, index in enumerate(indices):
                rankings[index], scores[index] = written(answers[row], values[row], self.vocabulary)
            finished += len(indices)
            if done:
                done(finished)
        return Outputs([ranking[0] for ranking in rankings], scores, rankings)

    def losses(self, records: Records, *, max_examples: int = 0) -> np.ndarray:
        """Teacher-forced, without smoothing: [N, 3] float64 of nll, targets, targets right."""
        found = np.zeros((min(max_examples or len(records), len(records)), 3))
        batches = eval_batches(
            records, self.reach.batch_tokens, max_examples=max_examples, static=self.static
        )
        for indices, batch in prefetch(batches):
            found[indices] = np.asarray(self._losses.predict_on_batch(batch))[: len(indices)]
        return found

    def _batches(
        self, records: Records, max_examples: int
    ) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        if not self.readout:
            return input_batches(records, self.reach, max_examples=max_examples, static=self.static)
        return eval_batches(
            records, self.reach.batch_tokens, max_examples=max_examples, static=self.static
        )

    def _decoded(
        self, records: Records, max_examples: int
    ) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
        """(indices, what the model gives), batch after batch, `self.together` batches at a time."""

        def decode(item: tuple[np.ndarray, dict[str, np.ndarray]]) -> Any:
            return item[0], self._model.predict_on_batch(item[1])

        batches = prefetch(self._batches(records, max_examples))
        first = next(batches, None)
        if first is None:
            return
        self._make_ready(first[1])
        with ThreadPoolExecutor(self.together) as pool:
            waiting = deque([pool.submit(decode, first)])
            for item in batches:
                waiting.append(pool.submit(decode, item))
                if len(waiting) > self.together:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _make_ready(self, batch: dict[str, np.ndarray]) -> None:
        """Has TensorFlow make the graph for all shapes, and run it once with room for nothing, before
        threads need it.

        By itself it would make a graph for the first shape alone, and this one at the second.
        """
        if self._ready:
            return
        import tensorflow as tf

        tiny = {"room": np.zeros((1, 2), bool), "noise": np.zeros((1, 2), np.int32)}
        inputs = batch["inputs"]  # ids vary in length; all else can be as it is
        varies = self.network.input_modality == "symbol"
        tiny["inputs"] = np.zeros((1, 2) if varies else (1, *inputs.shape[1:]), inputs.dtype)
        shapes = {name: [None, None] for name in tiny}
        if not varies:
            shapes["inputs"] = [None, *inputs.shape[1:]]
        signature = {name: tf.TensorSpec(shapes[name], tiny[name].dtype) for name in tiny}
        self._model.make_predict_function()
        self._model.predict_function.get_concrete_function([(signature,)])
        self._model.predict_on_batch(tiny)
        self._ready = True


def readout_of(network: Network) -> Any:
    """The module that reads the answers of targets that are not decoded symbol by symbol."""
    return import_module(f"components.eval.readouts.{network.target_modality}")


def _symbols(
    answer: np.ndarray, score: np.ndarray, vocabulary: Vocabulary | None
) -> tuple[list[str], float]:
    assert vocabulary is not None
    return [vocabulary.decode(answer.tolist())], float(score)


def dev_metric_fn(
    data_dir: str | Path, manifest: Manifest, max_examples: int, *, plugins: tuple[str, ...] = ()
) -> Callable[[Any], dict[str, float]]:
    """What a trainer calls to learn the dev metric of a network: greedy, on the first dev examples.

    It gives {metric: value}; of a mixture, one for each member, as "<metric>/<member>".

    Args:
        data_dir: `data/<problem>`.
        manifest: what lies there; its dev_metric is computed.
        max_examples: dev examples to decode, 0 for all.
        plugins: packages that may hold the metric.
    """
    if manifest.members:
        return _mixed_dev_metric_fn(Path(data_dir), manifest, max_examples, plugins)
    name = manifest.dev_metric
    metric = catalog.load_module("metrics", name, plugins)
    records = Records(data_dir, manifest, "dev")
    expected = references(records, max_examples)
    predictors: dict[int, Predictor] = {}

    def dev_metric(network: Network) -> dict[str, float]:
        if id(network) not in predictors:
            predictors.clear()
            predictors[id(network)] = Predictor(network, target_vocabulary(data_dir, manifest))
        predictor = predictors[id(network)]
        return {name: dev_score(metric, predictor, records, expected, max_examples)}

    return dev_metric


def _mixed_dev_metric_fn(
    data_dir: Path, manifest: Manifest, max_examples: int, plugins: tuple[str, ...]
) -> Callable[[MultiNetwork], dict[str, float]]:
    each = {
        name: dev_metric_fn(
            data_dir / name, Manifest.load(data_dir / name), max_examples, plugins=plugins
        )
        for name in manifest.members
    }

    def dev_metrics(network: MultiNetwork) -> dict[str, float]:
        return {
            f"{metric}/{name}": value
            for name, measured in each.items()
            for metric, value in measured(network.members[name]).items()
        }

    return dev_metrics


def dev_score(
    metric: Any, predictor: Predictor, records: Records, expected: list[str], max_examples: int
) -> float:
    """The main number of a metric's module on records with these references."""
    outputs = losses = None
    if metric.INPUT == "loss":
        losses = predictor.losses(records, max_examples=max_examples)
    else:
        outputs = predictor.predict(records, max_examples=max_examples)
    return score_of(metric, expected, outputs, losses)


def target_vocabulary(data_dir: str | Path, manifest: Manifest) -> Vocabulary | None:
    """The vocabulary that decodes the targets; None where they are numbers."""
    targets = manifest.features["targets"]
    if not targets.vocabulary:
        return None
    return load_vocabulary(Path(data_dir) / targets.vocabulary, image="image" in targets.options)
