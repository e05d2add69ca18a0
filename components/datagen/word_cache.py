"""Words encoded once: the ids of a sentence put together from those of its words.

A BPE piece of SentencePiece never reaches over a blank (`split_by_whitespace`), so a sentence's ids
are those of its words in a row. Words repeat (Zipf 1935): of the 13 million of 580,000 pairs some
thousands differ. Arrow finds the different ones, SentencePiece encodes those it has not seen, NumPy
and Arrow put the sentences together. Unigram models do the same in exact arithmetic; where rounding
could decide otherwise in a sentence than in a word (`unigram_margins.py`), the row goes whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from components.datagen import ragged
from components.datagen.ids import Words
from components.datagen.sentencepiece_model import BPE, MARK, read_model
from components.datagen.wire import varints

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.unigram_margins import Margins

BLANK = 0x20
MOST_WORDS = 1 << 18
# The first entries of the table are no words: what ends a row without EOS, and with it.
NOTHING, END, FIRST = 0, 1, 2

Encode = Callable[[list[str]], list[list[int]]]


class WordCache:
    """Columns of texts to ids, word by word.

    encode: texts -> ids of each, without EOS.
    margins: of a unigram model: which words are safe in which rows.
    """

    def __init__(self, encode: Encode, eos: int, margins: Margins | None = None) -> None:
        self._encode = encode
        self._eos = eos
        self._margins = margins
        self._words: pa.Array
        self._values: np.ndarray
        self._offsets: np.ndarray
        self._packed: pa.Array
        self._reach: np.ndarray
        self._sizes: np.ndarray
        self._clear()

    def encode_batch(self, texts: pa.Array, eos: bool) -> Words | None:
        """The rows' words, each row ended by EOS if wanted; None if it would not do.

        That is if a text holds the sign `MARK`, or if the words hardly repeat, as where a language
        has no blanks.
        """
        words, per_row = _words(texts)
        numbers = self._numbers(words)
        if numbers is None:
            return None
        whole = np.zeros(0, np.int64)
        values, offsets, packed = self._values, self._offsets, self._packed
        if self._margins is not None:
            whole = self._unsafe(numbers, per_row)
        if len(whole):
            numbers = numbers[~np.repeat(_mask(whole, len(texts)), per_row)]
            per_row = per_row.copy()
            per_row[whole] = 1
        # One more "word" ends each row.
        starts = ragged.offsets_of(per_row + 1)
        index = np.full(int(starts[-1]), END if eos else NOTHING, np.int64)
        inside = np.ones(len(index), bool)
        inside[starts[1:] - 1] = False
        if len(whole):
            rows = texts.take(_array(whole)).to_pylist()
            values, offsets, packed = self._with(rows)
            index[starts[whole]] = len(self._offsets) - 1 + np.arange(len(whole))
            inside[starts[whole]] = False
        index[inside] = numbers
        return Words(index, starts, values, offsets, packed)

    def _numbers(self, words: pa.Array) -> np.ndarray | None:
        """The place of each word in the table; new ones are encoded and kept."""
        import pyarrow.compute as pc

        number = pc.index_in(words, value_set=self._words)
        if not number.null_count:
            return number.to_numpy() + FIRST
        missing = pc.is_null(number)
        found = words.filter(missing).dictionary_encode()
        new = found.dictionary
        if 2 * len(new) > len(words) + 1024 or pc.any(pc.match_substring(new, MARK)).as_py():
            return None
        if len(self._words) and len(self._words) + len(new) > MOST_WORDS:
            self._clear()
            return self._numbers(words)
        first = len(self._words)
        self._add(new)
        numbers = pc.fill_null(number, 0).to_numpy(zero_copy_only=False).copy()
        numbers[missing.to_numpy(zero_copy_only=False)] = first + found.indices.to_numpy()
        return numbers + FIRST

    def _unsafe(self, numbers: np.ndarray, per_row: np.ndarray) -> np.ndarray:
        """The rows whose sums are too large for the margin of one of their words."""
        rows = np.flatnonzero(per_row)
        if not len(rows):
            return rows
        starts = ragged.offsets_of(per_row)[rows]
        sums = np.add.reduceat(self._sizes[numbers], starts)
        return rows[np.minimum.reduceat(self._reach[numbers], starts) < sums]

    def _add(self, new: pa.Array) -> None:
        import pyarrow as pa

        texts = new.to_pylist()
        self._values, self._offsets, self._packed = self._with(texts)
        self._words = pa.concat_arrays([self._words, new])
        if self._margins is not None:
            reach, sizes = self._margins.of(texts)
            self._reach = np.concatenate([self._reach, reach])
            self._sizes = np.concatenate([self._sizes, sizes])

    def _with(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray, pa.Array]:
        """values, offsets and packed of the table with the texts behind it."""
        import pyarrow as pa

        values, offsets = ragged.of_lists(self._encode(texts))
        packed = ragged.binary(*varints(values, offsets))
        return (
            np.concatenate([self._values, values]),
            np.append(self._offsets, self._offsets[-1] + offsets[1:]),
            pa.concat_arrays([self._packed, packed]),
        )

    def _clear(self) -> None:
        import pyarrow as pa

        self._words = pa.array([], pa.string())
        self._values = np.array([self._eos], np.int32)
        self._offsets = np.array([0, 0, 1], np.int64)
        self._packed = ragged.binary(*varints(self._values, self._offsets))
        self._reach = np.full(FIRST, np.inf)
        self._sizes = np.zeros(FIRST)


def _array(values: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(values)


def _mask(places: np.ndarray, size: int) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[places] = True
    return mask


def word_cache(content: bytes, encode: Encode, eos: int) -> WordCache | None:
    """The cache for a model in the bytes of its file; None if a sentence is not its words."""
    model = read_model(content)
    if not model.separable:
        return None
    if model.kind == BPE:
        return WordCache(encode, eos)
    from components.datagen.unigram_margins import margins

    return WordCache(encode, eos, margins(model.pieces))


def _words(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """(words, how many each row has). A word keeps the blank before it, which encoding ignores."""
    import pyarrow as pa

    data, offsets = ragged.bytes_of(texts)
    first, last = int(offsets[0]), int(offsets[-1])
    begins = data[first:last] == BLANK
    starts = (offsets - first).astype(np.int64)
    lengths = np.diff(starts)
    begins[starts[:-1][lengths > 0]] = True
    places = np.flatnonzero(begins)
    per_row = np.diff(np.searchsorted(places, starts))
    ends = np.append(places, last - first).astype(np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(data[first:last])]
    return pa.Array.from_buffers(pa.string(), len(places), buffers), per_row
