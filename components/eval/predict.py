"""A network's answers on a split, in the order of its records.

Examples are decoded in batches of like length, longest first, and put back in order. An example's
answer does not depend on which others are in its batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from components import catalog
from components.datagen.schema import Manifest
from components.datagen.vocabulary import Vocabulary
from components.datagen.vocabulary import load as load_vocabulary
from components.eval.decoding.decoder import Decoder, Search
from components.eval.decoding.greedy import GREEDY
from components.eval.input_batches import Reach, input_batches
from components.eval.outputs import Outputs, references, score_of
from components.train.batches import eval_batches, prefetch
from components.train.network import Losses, Network
from components.train.records import Records
from components.train.runtime import cores

RANKS = 5
TOGETHER = 2

Done = Callable[[int], None]


class Ranking(keras.Model):
    """The most probable labels of each example: [B, R] int32 and log probabilities, best first."""

    def __init__(self, network: Network) -> None:
        super().__init__(name="ranking")
        self.network = network
        self.built = True

    def call(self, batch: dict[str, Any], training: bool | None = None) -> tuple[Any, Any]:
        logits = self.network(batch, training=False)[:, 0]
        scores, labels = ops.top_k(ops.log_softmax(logits), min(RANKS, logits.shape[-1]))
        return ops.cast(labels, "int32"), scores


class Predictor:
    """Compiled functions of one network; later calls see the weights that it has by then.

    Args:
        network: built.
        vocabulary: of the targets.
        search: how symbols are decoded; labels are ranked.
        reach: lengths and batches.
    """

    def __init__(
        self,
        network: Network,
        vocabulary: Vocabulary,
        *,
        search: Search = GREEDY,
        reach: Reach | None = None,
    ) -> None:
        self.network, self.vocabulary, self.reach = network, vocabulary, reach or Reach()
        self.static = keras.backend.backend() == "jax"
        # Operations of a step wait for each other; a second batch uses the cores that are idle then.
        self.together = 1 if self.static else min(TOGETHER, cores())
        self.ranked = network.target_modality == "class_label"
        self._losses = Losses(network)
        self._model = Ranking(network) if self.ranked else Decoder(network, search)
        self._ready = self.static or self.ranked

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
        texts, scores = [""] * count, np.zeros(count, np.float32)
        rankings: list[list[str]] = [[] for _ in range(count)]
        finished = 0
        for indices, (answers, values) in self._decoded(records, max_examples):
            for row, index in enumerate(indices):
                if self.ranked:
                    names = [self.vocabulary.decode([label]) for label in answers[row]]
                    rankings[index], texts[index] = names, names[0]
                    scores[index] = values[row, 0]
                else:
                    texts[index] = self.vocabulary.decode(answers[row].tolist())
                    scores[index] = values[row]
            finished += len(indices)
            if done:
                done(finished)
        return Outputs(texts, scores, rankings if self.ranked else [[text] for text in texts])

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
        if not self.ranked:
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
        """Lets TensorFlow see two tiny batches first, with room for nothing: it makes a graph for
        all shapes only when it meets the second one, and threads had better find it made."""
        for size in () if self._ready else (1, 2):
            shape = (size, 2 * size)
            tiny = {"room": np.zeros(shape, bool), "noise": np.zeros(shape, np.float32)}
            inputs = batch["inputs"]  # ids [B, L], or pixels [B, H, W, C] of one size
            whole = (size, *inputs.shape[1:]) if inputs.ndim > 2 else shape
            tiny["inputs"] = np.zeros(whole, inputs.dtype)
            self._model.predict_on_batch(tiny)
        self._ready = True


def dev_metric_fn(
    data_dir: str | Path, manifest: Manifest, max_examples: int, *, plugins: tuple[str, ...] = ()
) -> Callable[[Network], float]:
    """What a trainer calls to learn the dev metric of a network: greedy, on the first dev examples.

    Args:
        data_dir: `data/<problem>`.
        manifest: what lies there; its dev_metric is computed.
        max_examples: dev examples to decode, 0 for all.
        plugins: packages that may hold the metric.
    """
    name = manifest.dev_metric
    metric = catalog.load_module("metrics", name, plugins)
    records = Records(data_dir, manifest, "dev")
    expected = references(records, max_examples)
    predictors: dict[int, Predictor] = {}

    def dev_metric(network: Network) -> float:
        if id(network) not in predictors:
            predictors.clear()
            predictors[id(network)] = Predictor(network, target_vocabulary(data_dir, manifest))
        return dev_score(metric, predictors[id(network)], records, expected, max_examples)

    return dev_metric


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


def target_vocabulary(data_dir: str | Path, manifest: Manifest) -> Vocabulary:
    """The vocabulary that decodes the targets."""
    file = manifest.features["targets"].vocabulary
    if file is None:
        raise catalog.UserError(f"{data_dir}: the manifest names no vocabulary of the targets")
    return load_vocabulary(Path(data_dir) / file)
