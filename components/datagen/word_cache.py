"""Words encoded once: the ids of a sentence put together from those of its words.

A BPE piece of SentencePiece never reaches over a blank (`split_by_whitespace`), so a sentence's ids
are those of its words in a row. Words repeat (Zipf 1935): of the 13 million of 580,000 pairs some
thousands differ. Arrow finds the different ones, SentencePiece encodes those it has not seen, NumPy
puts the sentences together. Not so for unigram models: float32 sums over a sentence may break ties
in another way than those over a word, and equal ids come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from components.datagen import ragged

if TYPE_CHECKING:
    import pyarrow as pa

BLANK = 0x20
# SentencePiece writes a blank so; a text that itself holds the sign cannot be told apart.
MARK = "\u2581"
MOST_WORDS = 1 << 18
BPE = 2

Encode = Callable[[list[str]], list[list[int]]]


class WordCache:
    """Columns of texts to ids, word by word.

    encode: texts -> ids of each, without EOS.
    """

    def __init__(self, encode: Encode) -> None:
        import pyarrow as pa

        self._encode = encode
        self._words: pa.Array
        self._flat: np.ndarray
        self._offsets: np.ndarray
        self._clear(pa.array([], pa.string()))

    def encode_batch(self, texts: pa.Array, eos: list[int]) -> tuple[np.ndarray, np.ndarray] | None:
        """(flat int32, offsets int64 [rows + 1]), each row ended by `eos`; None if it would not do.

        That is if a text holds the sign `MARK`, or if the words hardly repeat, as where a language
        has no blanks.
        """
        import pyarrow.compute as pc

        if pc.any(pc.match_substring(texts, MARK)).as_py():
            return None
        words, per_row = _words(texts)
        found = words.dictionary_encode()
        if 2 * len(found.dictionary) > len(words) + 1024:
            return None
        known = self._known(found.dictionary)
        # One more "word" ends each row.
        rows = len(texts)
        index = np.full(len(words) + rows, len(self._offsets) - 1, np.int64)
        row_of = np.repeat(np.arange(rows), per_row)
        index[np.arange(len(words)) + row_of] = known[found.indices.to_numpy()]
        flat = np.concatenate([self._flat, np.array(eos, np.int32)])
        offsets = np.append(self._offsets, len(flat))
        ids, places = ragged.take(flat, offsets, index)
        ends = np.cumsum(per_row + 1)
        return ids, np.concatenate([np.zeros(1, np.int64), places[ends]])

    def _known(self, words: pa.Array) -> np.ndarray:
        """The number of each word; new ones are encoded and kept."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if len(self._words) + len(words) > MOST_WORDS:
            self._clear(self._words[:0])
        number = pc.index_in(words, value_set=self._words)
        new = words.filter(pc.is_null(number))
        if len(new):
            flat, offsets = ragged.of_lists(self._encode(new.to_pylist()))
            start = len(self._words)
            self._words = pa.concat_arrays([self._words, new])
            self._flat = np.concatenate([self._flat, flat])
            self._offsets = np.append(self._offsets, self._offsets[-1] + offsets[1:])
            missing = pc.is_null(number).to_numpy(zero_copy_only=False)
            found = pc.fill_null(number, 0).to_numpy().astype(np.int64)
            found[missing] = np.arange(start, len(self._words))
            return found
        return number.to_numpy(zero_copy_only=False).astype(np.int64)

    def _clear(self, none: pa.Array) -> None:
        self._words = none
        self._flat = np.zeros(0, np.int32)
        self._offsets = np.zeros(1, np.int64)


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


def separable(model: bytes) -> bool:
    """Whether a SentencePiece model encodes a sentence as its words in a row.

    So do BPE models without normalisation, whose blanks begin a piece and are nowhere else in it.
    Field numbers: sentencepiece_model.proto of SentencePiece 0.2.
    """
    pieces: list[dict[int, Any]] = []
    trainer: dict[int, Any] = {}
    normalizer: dict[int, Any] = {}
    for number, value in _fields(model):
        if number == 1:
            pieces.append(dict(_fields(value)))
        elif number == 2:
            trainer = dict(_fields(value))
        elif number == 3:
            normalizer = dict(_fields(value))
    plain = not normalizer.get(2) and all(normalizer.get(field, 1) for field in (3, 4, 5))
    words = trainer.get(22, 1) and not trainer.get(24, 0)
    mark = MARK.encode()
    texts = [piece[1] for piece in pieces]
    user_defined = any(piece.get(3) == 4 for piece in pieces)
    inside = any(mark in text[1:] for text in texts)
    known = mark in texts  # else an unknown end of a word would melt into the next word's beginning
    return bool(
        trainer.get(3) == BPE and plain and words and known and not user_defined and not inside
    )


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value) of a protobuf message: whole numbers, and bytes for everything else.

    The module that SentencePiece ships for this asks for a newer protobuf than Beam allows.
    """
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            yield number, varint()
            continue
        size = varint() if kind == 2 else {1: 8, 5: 4}[kind]
        yield number, message[at : at + size]
        at += size
