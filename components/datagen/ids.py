"""Rows of ids, as the encoders make them: whole, or as words whose ids and bytes are known.

Who writes examples wants the bytes of a row, who counts wants numbers; rows that consist of words
give both without ever being put together id by id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from components.datagen import ragged

if TYPE_CHECKING:
    import pyarrow as pa


class Ids(Protocol):
    """What both forms can do."""

    def lengths(self) -> np.ndarray:
        """int32 [rows]: ids of each row."""

    def counts(self, size: int, rows: np.ndarray | None = None) -> np.ndarray:
        """int64 [size or more]: how often each id occurs in all rows, or in those of the mask."""

    def flat(self) -> tuple[np.ndarray, np.ndarray]:
        """(int32 [sum of lengths], offsets int64 [rows + 1])"""


@dataclass(frozen=True)
class Rows:
    """Row r is values[offsets[r] : offsets[r + 1]]."""

    values: np.ndarray
    offsets: np.ndarray

    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets).astype(np.int32)

    def counts(self, size: int, rows: np.ndarray | None = None) -> np.ndarray:
        values = self.values[self.offsets[0] : self.offsets[-1]]
        if rows is not None:
            values = values[np.repeat(rows, self.lengths())]
        return np.bincount(values, minlength=size)

    def flat(self) -> tuple[np.ndarray, np.ndarray]:
        return self.values, self.offsets


@dataclass(frozen=True)
class Words:
    """Row r has the words index[starts[r] : starts[r + 1]], at least one.

    values, offsets: the ids of each word. packed: large_binary [words], the same as varints.
    """

    index: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    offsets: np.ndarray
    packed: pa.Array

    def lengths(self) -> np.ndarray:
        if len(self.starts) == 1:
            return np.zeros(0, np.int32)
        each = np.diff(self.offsets).astype(np.int32)
        return np.add.reduceat(each[self.index], self.starts[:-1])

    def counts(self, size: int, rows: np.ndarray | None = None) -> np.ndarray:
        index = self.index
        if rows is not None:
            index = index[np.repeat(rows, np.diff(self.starts))]
        used = np.bincount(index, minlength=len(self.offsets) - 1)
        # Sums of whole numbers below 2**53 are exact in float64.
        weights = np.repeat(used, np.diff(self.offsets))
        return np.bincount(self.values, weights, size).astype(np.int64)

    def flat(self) -> tuple[np.ndarray, np.ndarray]:
        values, places = ragged.take(self.values, self.offsets, self.index)
        return values, places[self.starts]

    def varints(self) -> pa.Array:
        """large_binary [rows]: the ids of each row as protobuf packs them."""
        import pyarrow as pa

        taken = self.packed.take(pa.array(self.index))
        data, offsets = ragged.bytes_of(taken)
        return ragged.binary(data, offsets[self.starts])
