r"""Tensor2Tensor's subwords: its `SubwordTextEncoder`, read from its own `.subwords` files.

    tokens    runs of letters and digits (Unicode categories L and N), and runs of all else; a single
              blank between two runs of letters is left out, because it is implied there
    escaped   `\\` for `\`, `\u` for `_`, `\<code point>;` for what the alphabet lacks; `_` at the end
    pieces    of each escaped token the longest that the file has, then of the rest

The line's number is the id: 0 is padding, 1 the end of a text, and every text can be spelt.
Source: tensor2tensor/data_generators/{text_encoder,tokenizer}.py, Tensor2Tensor 1.15.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from components.catalog import UserError
from components.datagen import ragged
from components.datagen.schema import EOS, PAD

if TYPE_CHECKING:
    import pyarrow as pa

ESCAPES = frozenset("\\_u;0123456789")
ESCAPED = re.compile(r"\\u|\\\\|\\([0-9]+);")
UNDEFINED = "\u3013"
"""What Tensor2Tensor writes for a code point that there is not."""
MOST_TOKENS = 1 << 18


@cache
def is_alphanumeric(character: str) -> bool:
    """Whether a character is a letter or a number, of any script."""
    return unicodedata.category(character)[0] in "LN"


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each token of a text begins and ends."""
    start = 0
    for at in range(1, len(text) + 1):
        last = at == len(text)
        if not last and is_alphanumeric(text[at]) == is_alphanumeric(text[at - 1]):
            continue
        # A blank at either end of the text is between no two words, and stays.
        if last or start == 0 or text[start:at] != " ":
            yield start, at
        start = at


def joined(tokens: Sequence[str]) -> str:
    """The text of tokens, with the blanks that they imply."""
    found = []
    for place, token in enumerate(tokens):
        if place and is_alphanumeric(tokens[place - 1][0]) and is_alphanumeric(token[0]):
            found.append(" ")
        found.append(token)
    return "".join(found)


def unescaped(token: str) -> str:
    """A token as it was before it was escaped, without the `_` at its end."""

    def character(found: re.Match[str]) -> str:
        if found[1] is None:
            return "_" if found[0] == "\\u" else "\\"
        try:
            return chr(int(found[1]))
        except (ValueError, OverflowError):
            return UNDEFINED

    return ESCAPED.sub(character, token)


class Subwords:
    """decode(encode(x)) is x for every text.

    Args:
        lines: of a `.subwords` file: the pieces, in quotes or not.

    Raises UserError if the file does not begin with padding and the end of a text.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.pieces = [_unquoted(line) for line in lines]
        # Files of 2017 have a `_` behind the two.
        if [piece.rstrip("_") for piece in self.pieces[:2]] != ["<pad>", "<EOS>"]:
            raise UserError(
                "a vocabulary of Tensor2Tensor's subwords must begin with <pad>, <EOS>: "
                f"found {', '.join(self.pieces[:2])}"
            )
        self.size = len(self.pieces)
        self._ids = {piece: index for index, piece in enumerate(self.pieces) if piece}
        self._longest = max(map(len, self.pieces))
        self._alphabet = frozenset("".join(self.pieces)) | ESCAPES
        self._known: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for start, end in spans(text):
            ids += self._ids_of(text[start:end])
        return ids

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = texts if isinstance(texts, list) else texts.to_pylist()  # type: ignore[union-attr]
        end = [EOS] if eos else []
        return ragged.of_lists([self.encode(row) + end for row in rows])

    def decode(self, ids: Sequence[int]) -> str:
        """The text up to the first EOS. An id beyond the file is nothing: models have rows to spare
        where Tensor2Tensor rounded their number up."""
        written = []
        for index in map(int, ids):
            if index == EOS:
                break
            if index != PAD and index < self.size:
                written.append(self.pieces[index])
        tokens = (unescaped(token) for token in "".join(written).split("_"))
        return joined([token for token in tokens if token])

    def id_of(self, piece: str) -> int:
        return self._ids[piece]

    def extents(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        begins, ends = [], []
        for start, end in spans(text):
            # The place in the text of every character of the escaped token, `_` behind them.
            parts = [self._escaped(character) for character in text[start:end]]
            places = [start + at for at, part in enumerate(parts) for _ in part] + [end]
            at = 0
            for index in self._ids_of(text[start:end]):
                after = at + len(self.pieces[index])
                begins.append(places[at])
                ends.append(places[after - 1] + 1 if places[after - 1] < end else end)
                at = after
        return np.array(begins, np.int64), np.array(ends, np.int64)

    def word_starts(self) -> np.ndarray:
        """bool [size], all True: a piece shows that it ends a word, not that it begins one."""
        return np.ones(self.size, bool)

    def _escaped(self, character: str) -> str:
        if character == "\\":
            return "\\\\"
        if character == "_":
            return "\\u"
        if character in self._alphabet and character != "\n":
            return character
        return f"\\{ord(character)};"

    def _ids_of(self, token: str) -> list[int]:
        found = self._known.get(token)
        if found is None:
            if len(self._known) >= MOST_TOKENS:
                self._known.clear()
            found = self._known[token] = self._greedy("".join(map(self._escaped, token)) + "_")
        return found

    def _greedy(self, escaped: str) -> list[int]:
        """The longest piece that the rest begins with, again and again."""
        ids, start = [], 0
        while start < len(escaped):
            for end in range(min(len(escaped), start + self._longest), start, -1):
                index = self._ids.get(escaped[start:end])
                if index is not None:
                    ids.append(index)
                    start = end
                    break
            else:
                raise UserError(
                    f"the vocabulary has no piece for {escaped[start]!r}; a file of Tensor2Tensor's "
                    "has one for every character of its alphabet and for \\_u;0123456789"
                )
        return ids


def lines_of(data: bytes) -> list[str]:
    """The lines of a file; of all that could end a line only the line feed does."""
    lines = data.decode("utf-8").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _unquoted(line: str) -> str:
    piece = line.strip()
    if piece and piece[0] == piece[-1] and piece[0] in "'\"":
        return piece[1:-1]
    return piece
