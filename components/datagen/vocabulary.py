"""Vocabulary: text to ids and back, by the kind that the file's ending names.

    *.model        SentencePiece (Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226)
    *.tokens.txt   tokens between blanks, one a line; the first three are the reserved ones
    *.labels.txt   names of classes, one a line; ids from 0, nothing reserved

Encoding is by columns: a column of texts gives one flat array of ids and the offsets of its rows,
never a list of lists.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from components.catalog import UserError
from components.datagen import ragged
from components.datagen.schema import EOS, PAD, UNK
from components.datagen.word_cache import WordCache, separable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

KINDS = {"sentencepiece": ".model", "tokens": ".tokens.txt", "label": ".labels.txt"}
RESERVED = ("<pad>", "</s>", "<unk>")
# ASCII blanks only: a no-break space belongs to its token.
tokens_of = re.compile(r"[^ \t\n\r\f\v]+").findall


class Vocabulary(Protocol):
    """What the three kinds have in common."""

    size: int

    def encode(self, text: str) -> list[int]:
        """The ids of one text, without EOS."""

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """(flat int32 [sum of lengths], offsets int64 [rows + 1]) of a column of texts."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text up to the first EOS; PAD is skipped."""


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
        self._words = WordCache(self._processor.encode) if separable(model) else None

    def encode(self, text: str) -> list[int]:
        return self._processor.encode(text)

    def encode_batch(
        self, texts: Sequence[str] | pa.Array, eos: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        if self._words is not None:
            found = self._words.encode_batch(_column(texts), [EOS] if eos else [])
            if found is not None:
                return found
        return ragged.of_lists(self._processor.encode(_list(texts), add_eos=eos))

    def decode(self, ids: Sequence[int]) -> str:
        return self._processor.decode(_content(ids))


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


def load(path: str | Path) -> Vocabulary:
    """The vocabulary in a file. Raises FileNotFoundError, or UserError on another ending."""
    path = Path(path)
    if path.name.endswith(KINDS["sentencepiece"]):
        return SentencePiece(path.read_bytes())
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    if path.name.endswith(KINDS["tokens"]):
        return Tokens(lines)
    if path.name.endswith(KINDS["label"]):
        return Labels(lines)
    raise UserError(f"{path}: a vocabulary's name ends in one of {', '.join(KINDS.values())}")


def _list(texts: Sequence[str] | pa.Array) -> list[str]:
    return texts if isinstance(texts, list) else texts.to_pylist()  # type: ignore[union-attr]


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
