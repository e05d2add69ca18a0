"""Encoding: standard rows to serialized tf.Examples with the lengths and flags of each.

The same for every task: what happens to a column depends on the feature's modality alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from components.datagen.ids import Ids, Rows, Words
from components.datagen.schema import Feature, audio_positions
from components.datagen.shards import serialize
from components.datagen.task import TEXT_COLUMNS
from components.datagen.vocabulary import SentencePiece, Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.shards import Column

TOO_LONG, LOPSIDED = 1, 2
# Below this many positions a ratio says nothing: "Yes" and "Ja , das stimmt" are fine together.
SHORT = 10
# Whose ids are of their own vocabulary; a span's are places.
COUNTED = ("symbol", "aligned", "class_label")


@dataclass(frozen=True)
class Limits:
    """From which lengths on a row is flagged, and which flags drop a training row."""

    max_length: int
    max_ratio: float
    drop: int


@dataclass(frozen=True)
class Encoded:
    """examples: serialized tf.Examples. lengths: int32 [rows] by feature. flags: uint8 [rows].

    ids: by feature with a vocabulary.
    """

    examples: pa.LargeBinaryArray
    lengths: dict[str, np.ndarray]
    flags: np.ndarray
    ids: dict[str, Ids]


def encode(
    rows: pa.RecordBatch,
    features: Mapping[str, Feature],
    vocabularies: Mapping[str, Vocabulary],
    limits: Limits,
    texts: bool,
) -> Encoded:
    """Standard rows to examples. `texts` keeps the `*_text` columns, which dev and test need.

    Raises UserError on a label that the vocabulary lacks.
    """
    columns: dict[str, Column] = {}
    ids: dict[str, Ids] = {}
    lengths: dict[str, np.ndarray] = {}
    each = np.arange(rows.num_rows + 1)
    for name, feature in features.items():
        if not feature.stored:
            continue
        values = rows.column(name)
        if feature.modality == "span":
            read = rows.column("inputs").to_pylist()
            columns[name] = span_column(read, values.to_pylist(), vocabularies[name])
            lengths[name] = np.full(rows.num_rows, 2, np.int32)
        elif feature.stored == "ids":
            ends = feature.modality == "symbol" and feature.options.get("eos", True)
            ids[name] = encode_ids(vocabularies[name], values, eos=ends)
            lengths[name] = ids[name].lengths()
            columns[name] = found if isinstance(found := ids[name], Words) else found.flat()
        elif feature.stored == "floats":
            columns[name] = (values.cast("float32"), each)
            lengths[name] = np.ones(rows.num_rows, np.int32)
        elif feature.modality == "audio":
            stored, lengths[name] = audio_column(values, feature)
            columns[name] = (stored, each)
            columns[f"{name}_length"] = (lengths[name], each)
        else:
            columns[name] = (values, each)
            lengths[name] = np.full(rows.num_rows, patches(feature), np.int32)
    for name, feature in features.items():
        if not feature.stored:
            one = np.ones(rows.num_rows, np.int32)
            lengths[name] = lengths["inputs"] if feature.options.get("made") else one
    if texts:
        for name in TEXT_COLUMNS:
            if name in rows.schema.names:
                columns[name] = (rows.column(name), np.arange(rows.num_rows + 1))
    ids = {name: one for name, one in ids.items() if features[name].modality in COUNTED}
    return Encoded(serialize(columns), lengths, _flags(lengths, limits), ids)


def encode_ids(vocabulary: Vocabulary, texts: pa.Array, eos: bool) -> Ids:
    """The rows of a column of texts, as words if the vocabulary knows them."""
    if isinstance(vocabulary, SentencePiece):
        return vocabulary.ids_of(texts, eos)
    return Rows(*vocabulary.encode_batch(texts, eos))


def span_column(texts: list[str], places: list[str], vocabulary: Vocabulary) -> Column:
    """Places, "first end" in characters of each text, to the positions of its first and last piece."""
    found = []
    for text, place in zip(texts, places, strict=True):
        first, end = map(int, place.split())
        begins, ends = vocabulary.extents(text)
        inside = np.flatnonzero((ends > first) & (begins < end))
        found.append([int(inside[0]), int(inside[-1])])
    return np.array(found, np.int32).reshape(-1), 2 * np.arange(len(texts) + 1)


def audio_column(values: pa.Array, feature: Feature) -> tuple[pa.Array, np.ndarray]:
    """What is stored of WAV or FLAC files, and the positions that each takes in a model."""
    import pyarrow as pa

    from components.datagen.audio import read_wav
    from components.datagen.front_end import front_end

    sound = front_end(feature.options)
    whole = feature.options["stored"] == "log_mel"
    stored, positions = [], []
    for data in values.to_pylist():
        samples, rate = read_wav(data)
        positions.append(audio_positions(sound.frames(len(samples), rate)))
        if whole:
            data = sound.features(samples, rate).astype("<f4").tobytes()
        stored.append(data)
    return pa.array(stored, pa.binary()), np.array(positions, np.int32)


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
