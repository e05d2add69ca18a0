"""The test examples that a network is looked into on, and what is written beside their positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keras import ops

from components.datagen.schema import Feature, Manifest
from components.datagen.vocabulary import Vocabulary, load
from components.eval import labels
from components.train.network import Network
from components.train.records import Records

LONGEST = 40
"""Positions of a side in a picture, if there are examples as short as that."""
LIMIT = 512
"""Beyond so many positions the attention of all layers is too much to be held at once."""


@dataclass(frozen=True)
class Examples:
    """A batch that was looked at.

    split: where they are from. rows: their numbers in it. real: by side bool [B, L], which positions
    are. read: labels of what stands at a position when it is looked at; written: of what is answered
    there.
    """

    split: str
    rows: list[int]
    batch: dict[str, np.ndarray]
    real: dict[str, np.ndarray]
    read: dict[str, list[list[str]]]
    written: list[list[str]]


def choose(
    network: Network, records: Records, vocabularies: Mapping[str, Vocabulary], count: int
) -> Examples:
    """The first examples that are short enough, else the shortest.

    Raises ValueError if even those are too long to be looked at.
    """
    longest = np.maximum(records.lengths["inputs"], records.lengths["targets"])
    short = np.flatnonzero(longest <= LONGEST)[:count]
    if len(short) < min(count, len(longest)):
        short = np.sort(np.argsort(longest, kind="stable")[:count])
    if longest[short].max(initial=0) > LIMIT:
        raise ValueError(
            f"the shortest examples of {records.split} have {longest[short].max():,} positions; up to "
            f"{LIMIT} are looked at"
        )
    rows = [int(row) for row in short]
    batch = _told_apart(network, dict(records.batch(rows)))
    nets = {"inputs": network.input_net, "targets": network.target_net}
    real = {"inputs": np.asarray(ops.convert_to_numpy(nets["inputs"].mask(batch["inputs"])), bool)}
    if network.target_net.autoregressive:
        mask = ops.convert_to_numpy(network.target_net.mask(batch["targets"]))
        real["targets"] = np.asarray(mask, bool)
    elif not network.target_net.aligned:
        real["targets"] = np.ones((len(rows), 1), bool)
    features = records.features
    read = {"inputs": _labels(batch, real, "inputs", features, vocabularies)}
    written = _labels(batch, real, "targets", features, vocabularies) if "targets" in real else []
    read["targets"] = [[labels.START, *own[:-1]] for own in written]
    return Examples(records.split, rows, batch, real, read, written)


def _told_apart(network: Network, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs and targets of different lengths, by one more position of padding: which side a matrix
    belongs to is told by its lengths."""
    length = network.input_net.mask(batch["inputs"]).shape[1]
    if network.target_net.autoregressive and batch["targets"].shape[1] == length:
        return {**batch, "targets": np.pad(batch["targets"], [(0, 0), (0, 1)])}
    return batch


def _labels(
    batch: Mapping[str, np.ndarray],
    real: Mapping[str, np.ndarray],
    side: str,
    features: Mapping[str, Feature],
    vocabularies: Mapping[str, Vocabulary],
) -> list[list[str]]:
    """The labels of every example's real positions."""
    feature, vocabulary = features[side], vocabularies.get(side)
    if feature.modality in ("symbol", "aligned", "class_label"):
        ids = [labels.as_rows(*row) for row in zip(batch[side], real[side], strict=True)]
        return [labels.symbols(own, feature, vocabulary) for own in ids]
    return [labels.numbers(int(own.sum())) for own in real[side]]


def vocabularies_of(manifest: Manifest, data_dir: str | Path) -> dict[str, Vocabulary]:
    """The vocabulary of each feature that has one."""
    return {
        name: load(Path(data_dir) / feature.vocabulary, image="image" in feature.options)
        for name, feature in manifest.features.items()
        if feature.vocabulary
    }
