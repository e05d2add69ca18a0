"""Statistics of a split, gathered chunk by chunk and merged in any order to the same result.

    lengths and ids        counted exactly
    distinct values        KMV: the 4,096 smallest hashes (Bar-Yossef et al. 2002, RANDOM, section
                           2.2); exact below that, else within about 1.6 % (one standard error)
    frequent values        Misra-Gries (Misra and Gries 1982), on a sample of about 8,192 rows
    examples               the rows with the smallest key

A row's key is a hash of its place in the split, so the sample and the examples do not depend on the
chunks or on who works on them. Misra-Gries forgets values once its buckets are full, and which ones
depends on the order; it has more buckets here than the sample has rows, so it never does.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from components.datagen.layout import scrambled
from components.datagen.schema import UNK, Feature
from components.datagen.task import TEXT_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

DISTINCT = 4096
SAMPLE = 8192
SHOWN = 300
"""Characters of a text by which frequent values are told apart, and that the page shows."""
KEPT_CHARACTERS = 4000
"""More than is shown, so that a tree is whole."""
KEPT_BYTES = 1 << 21
EXAMPLES = {"image": 32, "audio": 4}
FEW_EXAMPLES = 8
_SEED = 0x5EED
_LARGEST = 2**64 - 1

Example = dict[str, str | bytes]


class Statistics:
    """What is known of the rows added so far.

    rows: the number added. sampled: how many of them the frequent values were counted in.
    lengths: feature -> int64 [longest + 1], how many rows have that length.
    counts: feature -> int64 [vocabulary size], how often each id occurs.
    """

    def __init__(self, features: Mapping[str, Feature], planned: int) -> None:
        """planned: rows of the whole split, from which the sample's share follows."""
        self.features = dict(features)
        self.planned = planned
        self.rows = self.sampled = 0
        self.lengths: dict[str, np.ndarray] = {}
        self.counts: dict[str, np.ndarray] = {}
        self._distinct: dict[str, Any] = {}
        self._frequent: dict[str, Any] = {}
        self._examples: list[tuple[int, Example]] = []

    def add(
        self,
        rows: pa.RecordBatch,
        counts: Mapping[str, np.ndarray],
        lengths: Mapping[str, np.ndarray],
        position: np.ndarray,
    ) -> None:
        """Adds standard rows (see `task`).

        counts: feature -> int64 [vocabulary size], how often each id occurs in them (`Ids.counts`).
        lengths: feature -> int [rows].
        position: int64 [rows], each row's place in the split, different for every row.

        Raises ValueError on a position outside [0, planned).
        """
        import pyarrow as pa

        if not rows.num_rows:
            return
        if position.min() < 0 or position.max() >= self.planned:
            raise ValueError(f"a position outside [0, {self.planned})")
        keys = scrambled(position, _SEED)
        sample = self._share(keys, SAMPLE)
        self.rows += rows.num_rows
        self.sampled += len(sample)
        taken = rows.take(pa.array(sample))
        for name, feature in self.features.items():
            if name in lengths:
                _add(self.lengths, name, np.bincount(lengths[name]))
            if name in counts:
                _add(self.counts, name, counts[name])
            # Of labels the counts say it all; a problem without inputs repeats its targets there.
            if name in rows.schema.names and feature.modality not in ("class_label", "nothing"):
                self._sketch(name, rows.column(name), taken.column(name))
        self._keep(rows, keys)

    def merge(self, other: Statistics) -> Statistics:
        """Adds what `other` has seen, which is left as it is; returns self.

        Raises ValueError if the two are not of the same split.
        """
        if (other.planned, other.features) != (self.planned, self.features):
            raise ValueError("statistics of different splits cannot be merged")
        self.rows += other.rows
        self.sampled += other.sampled
        for mine, theirs in ((self.lengths, other.lengths), (self.counts, other.counts)):
            for name, counted in theirs.items():
                _add(mine, name, counted)
        for into, more in ((self._distinct, other._distinct), (self._frequent, other._frequent)):
            for name, sketch in more.items():
                if name in into:
                    into[name].Merge(sketch)
                else:
                    into[name] = type(sketch).Deserialize(sketch.Serialize())
        self._first([*self._examples, *other._examples])
        return self

    @property
    def examples(self) -> list[Example]:
        """Some rows, always the same: column -> text (4,000 characters at most) or bytes.

        A value of more than 2 MiB is left out.
        """
        return [example for _, example in self._examples]

    def distinct(self, name: str) -> tuple[int, bool] | None:
        """(how many different values, whether that is exact); None where none were seen."""
        if name in self._distinct:
            found = self._distinct[name].Estimate()
            return found, found < DISTINCT
        if self.features[name].modality == "class_label" and name in self.counts:
            return int(np.count_nonzero(self.counts[name])), True
        return None

    def frequent(self, name: str, most: int | None = None) -> list[tuple[str, int]]:
        """(first 300 characters, rows of the sample), most frequent first, ties by the bytes."""
        if name not in self._frequent:
            return []
        found = self._frequent[name].Estimate()[:most]
        return [(one["values"].decode(), int(one["counts"])) for one in found.to_pylist()]

    def unknown(self, name: str) -> float | None:
        """The share of <unk> among the ids of a feature with symbols; None for any other."""
        if self.features[name].modality != "symbol" or name not in self.counts:
            return None
        return float(self.counts[name][UNK] / max(1, self.counts[name].sum()))

    def used(self, name: str) -> float | None:
        """The share of the vocabulary's entries that occur; None for a feature without one."""
        size = self.features[name].vocabulary_size
        if not size or name not in self.counts:
            return None
        return float(np.count_nonzero(self.counts[name]) / size)

    def to_bytes(self) -> bytes:
        """For `from_bytes`, in a process of the same run."""
        numbers = (self.planned, self.rows, self.sampled)
        sketches = (self._distinct, self._frequent)
        packed = [{name: one.Serialize() for name, one in own.items()} for own in sketches]
        return pickle.dumps((numbers, self.lengths, self.counts, *packed, self._examples))

    @staticmethod
    def from_bytes(data: bytes, features: Mapping[str, Feature]) -> Statistics:
        """What `to_bytes` of statistics of these features gave."""
        from tfx_bsl.sketches import KmvSketch, MisraGriesSketch

        numbers, lengths, counts, distinct, frequent, examples = pickle.loads(data)
        found = Statistics(features, numbers[0])
        _, found.rows, found.sampled = numbers
        found.lengths, found.counts, found._examples = lengths, counts, examples
        for name, packed in distinct.items():
            found._distinct[name] = KmvSketch.Deserialize(packed)
        for name, packed in frequent.items():
            found._frequent[name] = MisraGriesSketch.Deserialize(packed)
        return found

    def _share(self, keys: np.ndarray, wanted: int) -> np.ndarray:
        """The rows among which `wanted` of the whole split are expected; all if it has fewer."""
        limit = _LARGEST * min(wanted, self.planned) // self.planned
        return np.flatnonzero(keys <= np.uint64(limit))

    def _sketch(self, name: str, column: pa.Array, sample: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc
        from tfx_bsl.sketches import KmvSketch, MisraGriesSketch

        if name not in self._distinct:
            self._distinct[name] = KmvSketch(DISTINCT)
        self._distinct[name].AddValues(column)
        if pa.types.is_string(column.type):
            if name not in self._frequent:
                self._frequent[name] = MisraGriesSketch(2 * SAMPLE)
            self._frequent[name].AddValues(pc.utf8_slice_codeunits(sample, 0, SHOWN))

    def _keep(self, rows: pa.RecordBatch, keys: np.ndarray) -> None:
        import pyarrow as pa

        wanted = self._wanted()
        # A chunk in a thousand holds an example; 64 times as many rows are ever looked at.
        near = self._share(keys, 64 * wanted)
        near = near[np.argsort(keys[near])[:wanted]]
        names = {*self.features, *TEXT_COLUMNS} & set(rows.schema.names)
        chosen = rows.select(sorted(names)).take(pa.array(near)).to_pylist()
        self._first([*self._examples, *zip(keys[near].tolist(), map(_kept, chosen), strict=True)])

    def _first(self, examples: Iterable[tuple[int, Example]]) -> None:
        self._examples = sorted(examples, key=lambda one: one[0])[: self._wanted()]

    def _wanted(self) -> int:
        modalities = [feature.modality for feature in self.features.values()]
        return next((EXAMPLES[one] for one in modalities if one in EXAMPLES), FEW_EXAMPLES)


def _add(into: dict[str, np.ndarray], name: str, counted: np.ndarray) -> None:
    have = into.get(name, np.zeros(0, np.int64))
    longer, shorter = (have, counted) if len(have) >= len(counted) else (counted, have)
    total = longer.astype(np.int64)
    total[: len(shorter)] += shorter
    into[name] = total


def _kept(row: Mapping[str, str | bytes]) -> Example:
    return {
        name: value[:KEPT_CHARACTERS] if isinstance(value, str) else value
        for name, value in row.items()
        if isinstance(value, str) or len(value) <= KEPT_BYTES
    }
