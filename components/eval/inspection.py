"""Looks inside a network on a few test examples: attention maps, experts, pondering, named layers.

The examples are the first of the split that are short enough to be drawn, so that all models of a
problem are shown on the same ones; they go through the network teacher-forced on their references, in
one batch, after everything that is scored. Nothing seen here changes a prediction.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from components.datagen.vocabulary import Vocabulary
from components.eval import inside_pictures
from components.eval.attention_maps import AttentionMap, Axis
from components.eval.inside_page import Shown
from components.eval.inspected_examples import Examples, choose
from components.train.network import Network
from components.train.records import Records
from components.train.runtime import undivided
from components.train.watch import matching, paths_of, shown_to

Seen = Mapping[str, list[np.ndarray]]
"""What layers showed, by `<path>:<name>`, in the order of the calls."""


@dataclass(frozen=True)
class Looked:
    """What was seen of one problem: numbers for metrics.json, and what its page shows."""

    numbers: dict[str, float] = field(default_factory=dict)
    shown: Shown = field(default_factory=Shown)


class Insides(keras.Model):
    """A batch to what layers show of themselves, by `<path>:<name>`, each a list in the order of the
    calls. `order`: the names as they came.

    Args:
        network: built.
        layers: those whose outputs are shown too, as `<path>:output`.
    """

    def __init__(self, network: Network, layers: Sequence[Any] = ()) -> None:
        super().__init__(name="insides")
        self.network, self.order = network, dict[str, None]()
        self._looked_at, self._paths = tuple(layers), paths_of(network)
        compiled = keras.backend.backend() == "jax"
        # One batch, once: TensorFlow runs it sooner than it compiles it; JAX, run so, would compile
        # every operation by itself.
        self.run_eagerly, self.jit_compile = not compiled, compiled
        self.built = True

    def call(self, batch: dict[str, Any], training: bool | None = None) -> dict[str, list[Any]]:
        seen: dict[str, list[Any]] = {}

        def keep(layer: Any, name: str, value: Any) -> None:
            key = f"{self._paths.get(layer, layer.path)}:{name}"
            self.order[key] = None
            seen.setdefault(key, []).append(ops.cast(value, "float32"))

        with shown_to(keep, self._looked_at):
            logits = self.network(batch, training=False)
        return {**seen, "": [ops.cast(logits, "float32")]}


def look(
    network: Network,
    records: Records,
    vocabularies: Mapping[str, Vocabulary],
    *,
    count: int,
    watch: Sequence[str] = (),
) -> Looked:
    """Looks at `count` examples, and at the outputs and the single heads of the layers that `watch`
    names; a pattern that no layer has is noted, with the nearest names.

    vocabularies: of inputs and targets, where they have one.

    Raises ValueError if all examples are too long to be looked at.
    """
    chosen, notes = named(paths_of(network), watch)
    examples = choose(network, records, vocabularies, count)
    seen, more = seen_of(network, examples.batch, list(chosen))
    notes += more
    shown = inside_pictures.shown(
        seen, attention(seen, examples), pondered(seen, examples), examples, chosen.values()
    )
    return Looked(_numbers(seen, examples), Shown(notes=notes, **shown))


def seen_of(
    network: Network, batch: Mapping[str, Any], layers: Sequence[Any]
) -> tuple[Seen, list[str]]:
    """`inside`, without the outputs of these layers and with a note where they cannot be had: what a
    loop computes cannot leave it."""
    try:
        return inside(network, batch, layers), []
    except Exception as error:
        if not layers:
            raise
        why = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    note = f"eval.watch: outputs are not shown, a layer that it names is called in a loop ({why})"
    return inside(network, batch), [note]


def inside(network: Network, batch: Mapping[str, Any], layers: Sequence[Any] = ()) -> Seen:
    """What a network's layers show on a batch, and the outputs of these layers."""
    model = Insides(network, layers)
    with undivided():
        found = model.predict_on_batch(dict(batch))
    return {name: [np.asarray(value) for value in found[name]] for name in model.order}


def named(paths: Mapping[Any, str], patterns: Sequence[str]) -> tuple[dict[Any, str], list[str]]:
    """The layers that patterns cover, with their paths, and a note for each pattern without one."""
    chosen: dict[Any, str] = {}
    notes = []
    for pattern in patterns:
        layers = matching(paths, pattern)
        if not layers:
            near = ", ".join(nearest(pattern, paths.values()))
            notes.append(f"eval.watch: no layer is called {pattern!r}; the nearest are {near}")
        chosen.update((layer, paths[layer]) for layer in layers)
    return chosen, notes


def nearest(pattern: str, paths: Any) -> list[str]:
    """The three paths most like a pattern, compared with as many of their last parts as it has."""
    wanted = pattern.strip("*/")
    parts = wanted.count("/") + 1

    def likeness(path: str) -> float:
        end = "/".join(path.split("/")[-parts:])
        return difflib.SequenceMatcher(None, wanted, end).ratio()

    return sorted(dict.fromkeys(paths), key=likeness, reverse=True)[:3]


def attention(seen: Seen, examples: Examples) -> list[list[AttentionMap]]:
    """The attention maps of each example, without padding, in the order of the calls.

    A matrix of other lengths than the sides' is left out.
    """
    found: list[list[AttentionMap]] = [[] for _ in examples.rows]
    for name, calls in seen.items():
        layer, kind = name.rsplit(":", 1)
        for call, weights in enumerate(calls):
            if kind != "weights" or weights.ndim != 4 or len(weights) != len(examples.rows):
                continue
            step = call + 1 if len(calls) > 1 else 0
            for example, own in enumerate(weights):
                one = _map(layer, step, own, example, examples)
                if one is not None:
                    found[example].append(one)
    return found


def _map(
    layer: str, step: int, weights: np.ndarray, example: int, examples: Examples
) -> AttentionMap | None:
    """Weights [H, T, L] of one example with their axes; None if they are of none of the sides."""
    lengths = {side: real.shape[1] for side, real in examples.real.items()}
    axes: dict[str, list[str]] = {side: [side] for side in lengths}
    if "targets" in lengths:
        axes["inputs and targets"] = ["inputs", "targets"]
    queries, keys = weights.shape[1:]
    rows = next((side for side in lengths if lengths[side] == queries), None)
    columns = next((n for n, own in axes.items() if sum(map(lengths.get, own)) == keys), None)  # type: ignore[arg-type]
    if rows is None or columns is None:
        return None
    kept = np.concatenate([examples.real[side][example] for side in axes[columns]])
    read = [label for side in axes[columns] for label in examples.read[side][example]]
    asks = examples.read["inputs"] if rows == "inputs" else examples.written
    return AttentionMap(
        layer,
        step,
        Axis(rows, tuple(asks[example])),
        Axis(columns, tuple(read)),
        weights[:, examples.real[rows][example]][:, :, kept],
    )


def pondered(seen: Seen, examples: Examples) -> list[tuple[str, list[np.ndarray]]]:
    """(side, the steps of each example's real positions) of every stack that ponders."""
    found = []
    for name, calls in seen.items():
        for value in calls if name.endswith(":ponder") else ():
            for side, real in examples.real.items():
                if value.shape == real.shape:
                    found.append((side, [own[kept] for own, kept in zip(value, real, strict=True)]))
                    break
    return found


def _numbers(seen: Seen, examples: Examples) -> dict[str, float]:
    """`dropped_tokens`: the share of choices over an expert's capacity, the mean over layers;
    `ponder_steps`: the mean over all real positions of both stacks. Each only where there is one."""
    found = {}
    dropped = [calls for name, calls in seen.items() if name.endswith(":dropped")]
    if dropped:
        found["dropped_tokens"] = float(np.mean([value for calls in dropped for value in calls]))
    steps = [own for _, values in pondered(seen, examples) for own in values]
    if steps:
        found["ponder_steps"] = float(np.concatenate(steps).mean())
    return found
