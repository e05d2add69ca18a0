"""Encoding: standard rows to serialized tf.Examples with the lengths and flags of each.

The same for every task: what happens to a column depends on the feature's modality alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from components.datagen.schema import Feature
from components.datagen.shards import serialize
from components.datagen.task import TEXT_COLUMNS
from components.datagen.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.shards import Column

TOO_LONG, LOPSIDED = 1, 2
# Below this many positions a ratio says nothing: "Yes" and "Ja , das stimmt" are fine together.
SHORT = 10


@dataclass(frozen=True)
class Limits:
    """From which lengths on a row is flagged, and which flags drop a training row."""

    max_length: int
    max_ratio: float
    drop: int


@dataclass(frozen=True)
class Encoded:
    """examples: serialized tf.Examples. lengths: int32 [rows] by feature. flags: uint8 [rows]."""

    examples: list[bytes]
    lengths: dict[str, np.ndarray]
    flags: np.ndarray


def encode(
    rows: pa.RecordBatch,
    features: Mapping[str, Feature],
    vocabularies: Mapping[str, Vocabulary],
    limits: Limits,
    texts: bool,
) -> Encoded:
    """Standard rows to examples. `texts` keeps the `*_text` columns, which dev and test need."""
    columns: dict[str, Column] = {}
    lengths: dict[str, np.ndarray] = {}
    for name, feature in features.items():
        values = rows.column(name)
        if feature.modality == "image":
            columns[name] = (values, np.arange(rows.num_rows + 1))
            lengths[name] = np.full(rows.num_rows, patches(feature), np.int32)
        else:
            columns[name] = vocabularies[name].encode_batch(values, eos=True)
            lengths[name] = np.diff(columns[name][1]).astype(np.int32)
    if texts:
        for name in TEXT_COLUMNS:
            if name in rows.schema.names:
                columns[name] = (rows.column(name), np.arange(rows.num_rows + 1))
    return Encoded(serialize(columns), lengths, _flags(lengths, limits))


def patches(feature: Feature) -> int:
    """Positions an image takes in a model: patches of `options["patch"]` pixels a side."""
    height, width = feature.shape[:2]
    side = feature.options["patch"]
    return -(-height // side) * -(-width // side)


def _flags(lengths: Mapping[str, np.ndarray], limits: Limits) -> np.ndarray:
    inputs, targets = lengths["inputs"], lengths["targets"]
    longer, shorter = np.maximum(inputs, targets), np.minimum(inputs, targets)
    flags = np.where(longer > limits.max_length, TOO_LONG, 0)
    if limits.max_ratio:
        lopsided = (longer > limits.max_ratio * shorter) & (longer > SHORT)
        flags |= np.where(lopsided, LOPSIDED, 0)
    return flags.astype(np.uint8)
