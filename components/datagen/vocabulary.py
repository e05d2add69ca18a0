"""Vocabulary: text to ids and back, by the kind that the file's ending names.

    *.model        SentencePiece (Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226)
    *.tokens.txt   tokens between blanks, one a line; the first three are the reserved ones
    *.characters.jsonl  characters, one a line as JSON; the first three are the reserved ones
    *.bytes.jsonl  256 bytes from id 3 on; the lines are symbols that follow
    *.labels.txt   names of classes, one a line; ids from 0, nothing reserved
    *.subwords     Tensor2Tensor's subwords, see `subwords.py`; padding and EOS are the first two

Encoding is by columns: a column of texts gives one flat array of ids and the offsets of its rows,
never a list of lists.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from components.catalog import UserError
from components.datagen import ragged
from components.datagen.ids import Ids, Rows
from components.datagen.schema import EOS, PAD, UNK
from components.datagen.subwords import Subwords, lines_of
from components.datagen.word_cache import word_cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

KINDS = {
    "sentencepiece": ".model",
    "tokens": ".tokens.txt",
    "characters": ".characters.jsonl",
    "bytes": ".bytes.jsonl",
    "label": ".labels.txt",
    "subwords": ".subwords",
}
RESERVED = ("<pad>", "</s>", "<unk>")
BYTES = len(RESERVED) + 256
# ASCII blanks only: a no-break space belongs to its token.
TOKEN = re.compile(r"[^ \t\n\r\f\v]+")
tokens_of = TOKEN.findall


class Vocabulary(Protocol):
    """What the kinds have in common."""

    size: int

    def encode(self, text: str) -> list[int]:
        """The ids of one text, without EOS."""

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """(flat int32 [sum of lengths], offsets int64 [rows + 1]) of a column of texts."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text up to the first EOS; PAD is skipped."""

    def id_of(self, piece: str) -> int:
        """The id of a piece. Raises KeyError if it is not one."""

    def extents(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Where each piece of a text begins and ends, in characters: int [pieces], twice."""

    def word_starts(self) -> np.ndarray:
        """bool [size]: whether a piece begins a word."""


class SentencePiece:
    """Subwords. decode(encode(x)) is x, its blanks normalised, if all characters are known."""

    def __init__(self, model: bytes) -> None:
        import sentencepiece

        # One thread: how many work at once is for the runner to say.
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model, num_threads=1)
        self.size: int = self._processor.vocab_size()
        found = (self._processor.pad_id(), self._processor.eos_id(), self._processor.unk_id())
        if found != (PAD, EOS, UNK):
            raise UserError(
                f"SentencePiece model with pad, eos, unk = {found}: expected {(PAD, EOS, UNK)}"
            )
        self._words = word_cache(model, self._processor.encode, EOS)

    def encode(self, text: str) -> list[int]:
        return self._processor.encode(text)

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        return self.ids_of(texts, eos).flat()

    def ids_of(self, texts: Sequence[str] | pa.Array, eos: bool = True) -> Ids:
        """The same as words where that can be, which is faster."""
        if self._words is not None:
            found = self._words.encode_batch(_column(texts), eos)
            if found is not None:
                return found
        return Rows(*ragged.of_lists(self._processor.encode(_list(texts), add_eos=eos)))

    def decode(self, ids: Sequence[int]) -> str:
        return self._processor.decode(_content(ids))

    def id_of(self, piece: str) -> int:
        return _known(self._processor.piece_to_id(piece), piece)

    def extents(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        return _extents(self._processor.encode(text, out_type="offset_mapping")["offsets"])

    def word_starts(self) -> np.ndarray:
        """bool [size]: whether a piece begins a word."""
        pieces = map(self._processor.id_to_piece, range(self.size))
        return np.array([piece.startswith("\u2581") for piece in pieces])


class Tokens:
    """Whole tokens between blanks; an unknown one is `<unk>`."""

    def __init__(self, tokens: Sequence[str]) -> None:
        if tuple(tokens[:3]) != RESERVED:
            raise UserError(
                f"a tokens vocabulary must begin with {', '.join(RESERVED)}: "
                f"found {', '.join(tokens[:3])}"
            )
        self._tokens = list(tokens)
        self._ids = {token: index for index, token in enumerate(tokens)}
        self.size = len(self._tokens)

    def encode(self, text: str) -> list[int]:
        return [self._ids.get(token, UNK) for token in tokens_of(text)]

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        ids = [self.encode(row) for row in _list(texts)]
        if eos:
            for row in ids:
                row.append(EOS)
        return ragged.of_lists(ids)

    def decode(self, ids: Sequence[int]) -> str:
        return " ".join(self._tokens[index] for index in _content(ids))

    def id_of(self, piece: str) -> int:
        return _known(self._ids.get(piece, UNK), piece)

    def extents(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        return _extents([found.span() for found in TOKEN.finditer(text)])

    def word_starts(self) -> np.ndarray:
        """bool [size], all True: every token is a word."""
        return np.ones(self.size, bool)


class Characters:
    """One id a character (Unicode code point), blanks and line ends like any other.

    Entries of several characters, the symbols of a task, stand whole wherever they occur.
    """

    def __init__(self, entries: Sequence[str]) -> None:
        if tuple(entries[:3]) != RESERVED:
            raise UserError(
                f"a characters vocabulary must begin with {', '.join(RESERVED)}: "
                f"found {', '.join(entries[:3])}"
            )
        self._entries = list(entries)
        self._ids = {entry: index for index, entry in enumerate(entries)}
        self.size = len(self._entries)
        symbols = sorted((one for one in entries[3:] if len(one) > 1), key=len, reverse=True)
        self._piece = re.compile("|".join([*map(re.escape, symbols), "."]), re.DOTALL)
        # To go through a text itself is faster, where that will do.
        self._pieces = self._piece.findall if symbols else list

    def encode(self, text: str) -> list[int]:
        return [self._ids.get(piece, UNK) for piece in self._pieces(text)]

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        end = [EOS] if eos else []
        return ragged.of_lists([self.encode(row) + end for row in _list(texts)])

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self._entries[index] for index in _content(ids))

    def id_of(self, piece: str) -> int:
        return _known(self._ids.get(piece, UNK), piece)

    def extents(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        return _extents([found.span() for found in self._piece.finditer(text)])

    def word_starts(self) -> np.ndarray:
        """bool [size], all True: no word holds several."""
        return np.ones(self.size, bool)


class Bytes:
    """One id a byte, 3 more than its value: text as UTF-8, pixels as they are. Then the symbols."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self._ids = {symbol: BYTES + index for index, symbol in enumerate(symbols)}
        self.size = BYTES + len(symbols)

    def encode(self, text: str) -> list[int]:
        return [byte + len(RESERVED) for byte in text.encode()]

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Also of an Arrow array of binaries."""
        data, offsets = ragged.bytes_of(_binary(texts))
        flat = data[offsets[0] : offsets[-1]].astype(np.int32) + len(RESERVED)
        starts = (offsets - offsets[0]).astype(np.int64)
        if not eos:
            return flat, starts
        flat = np.insert(flat, starts[1:], EOS)
        return flat, starts + np.arange(len(starts))

    def decode(self, ids: Sequence[int]) -> str:
        first = len(RESERVED)
        values = (index - first for index in _content(ids) if first <= index < BYTES)
        return bytes(values).decode(errors="replace")

    def id_of(self, piece: str) -> int:
        return _known(self._ids.get(piece, UNK), piece)

    def extents(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        return _extents([(at, at + 1) for at, letter in enumerate(text) for _ in letter.encode()])

    def word_starts(self) -> np.ndarray:
        """bool [size], all True: words are not known."""
        return np.ones(self.size, bool)


class Pixels(Bytes):
    """Bytes that are no text: decoded to hexadecimal digits, two a byte."""

    def decode(self, ids: Sequence[int]) -> str:
        first = len(RESERVED)
        return bytes(index - first for index in _content(ids) if first <= index < BYTES).hex()


class Labels:
    """Names of classes: one id a text, no EOS. Raises UserError on any other name."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._ids = {name: index for index, name in enumerate(names)}
        self.size = len(self.names)

    def encode(self, text: str) -> list[int]:
        if text not in self._ids:
            raise UserError(f"label {text!r} is not one of {', '.join(self.names[:20])}")
        return [self._ids[text]]

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = _list(texts)
        flat = np.fromiter((self.encode(row)[0] for row in rows), np.int32, len(rows))
        return flat, np.arange(len(rows) + 1, dtype=np.int64)

    def decode(self, ids: Sequence[int]) -> str:
        return self.names[int(ids[0])] if len(ids) else ""

    def id_of(self, piece: str) -> int:
        return self._ids[piece]

    def extents(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        return _extents([(0, len(text))])

    def word_starts(self) -> np.ndarray:
        return np.ones(self.size, bool)


def load(path: str | Path, image: bool = False) -> Vocabulary:
    """The vocabulary in a file; of `image`, bytes are written as digits.

    Raises FileNotFoundError, or UserError on another ending.
    """
    path = Path(path)
    if path.name.endswith(KINDS["sentencepiece"]):
        return SentencePiece(path.read_bytes())
    if path.name.endswith(KINDS["subwords"]):
        return Subwords(lines_of(path.read_bytes()))
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    if path.name.endswith(KINDS["tokens"]):
        return Tokens(lines)
    if path.name.endswith(KINDS["label"]):
        return Labels(lines)
    if path.name.endswith(KINDS["characters"]):
        return Characters([json.loads(line) for line in lines])
    if path.name.endswith(KINDS["bytes"]):
        return (Pixels if image else Bytes)([json.loads(line) for line in lines])
    raise UserError(f"{path}: a vocabulary's name ends in one of {', '.join(KINDS.values())}")


def _list(texts: Sequence[str] | pa.Array) -> list[str]:
    return texts if isinstance(texts, list) else texts.to_pylist()  # type: ignore[union-attr]


def _extents(places: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    found = np.array(places, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _known(index: int, piece: str) -> int:
    if index == UNK and piece != RESERVED[UNK]:
        raise KeyError(piece)
    return index


def _binary(texts: Sequence[str] | pa.Array) -> pa.Array:
    import pyarrow as pa

    if not isinstance(texts, pa.Array):
        return pa.array([text.encode() for text in texts], pa.binary())
    return texts


def _column(texts: Sequence[str] | pa.Array) -> pa.Array:
    import pyarrow as pa

    return texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())


def _content(ids: Sequence[int]) -> list[int]:
    found: list[int] = []
    for index in map(int, ids):
        if index == EOS:
            break
        if index != PAD:
            found.append(index)
    return found
