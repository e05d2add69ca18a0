"""What a SentencePiece model's file says beyond what its processor tells.

The module that SentencePiece ships for this asks for a newer protobuf than Beam allows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# SentencePiece writes a blank so; a text that itself holds the sign cannot be told apart.
MARK = "\u2581"
UNIGRAM, BPE = 1, 2
NORMAL, USER_DEFINED, UNUSED = 1, 4, 5


@dataclass(frozen=True)
class Model:
    """What of a SentencePiece model says whether a sentence is its words in a row.

    kind: UNIGRAM, BPE or another. pieces: (text, score) of the normal ones.
    """

    kind: int
    pieces: tuple[tuple[str, float], ...]
    separable: bool


@lru_cache(maxsize=4)
def read_model(content: bytes) -> Model:
    """Parsed from the bytes of its file.

    Separable are BPE and unigram models without normalisation, whose blanks begin a piece and are
    nowhere else in it. Field numbers: sentencepiece_model.proto of SentencePiece 0.2.
    """
    pieces: list[dict[int, Any]] = []
    trainer: dict[int, Any] = {}
    normalizer: dict[int, Any] = {}
    for number, value in _fields(content):
        if number == 1:
            pieces.append(_piece(value))
        elif number == 2:
            trainer = dict(_fields(value))
        elif number == 3:
            normalizer = dict(_fields(value))
    plain = not normalizer.get(2) and all(normalizer.get(field, 1) for field in (3, 4, 5))
    words = trainer.get(22, 1) and not trainer.get(24, 0)
    mark = MARK.encode()
    texts = [piece[1] for piece in pieces]
    special = any(piece.get(3) in (USER_DEFINED, UNUSED) for piece in pieces)
    inside = any(mark in text[1:] for text in texts)
    known = mark in texts  # else an unknown end of a word would melt into the next word's beginning
    kind = trainer.get(3, UNIGRAM)
    normal = [piece for piece in pieces if piece.get(3, NORMAL) == NORMAL]
    return Model(
        kind,
        tuple(
            (piece[1].decode(), struct.unpack("<f", piece.get(2, bytes(4)))[0]) for piece in normal
        ),
        bool(kind in (UNIGRAM, BPE) and plain and words and known and not special and not inside),
    )


def _piece(message: bytes) -> dict[int, Any]:
    """The fields of one piece: text, score and, of special ones, type, nearly always so written."""
    size = message[1]
    if message[0] == 0x0A and size < 0x80 and message[2 + size : 3 + size] == b"\x15":
        more = message[7 + size :]
        found: dict[int, Any] = {1: message[2 : 2 + size], 2: message[3 + size : 7 + size]}
        if not more or (len(more) == 2 and more[0] == 0x18):
            return found | {3: more[1]} if more else found
    return dict(_fields(message))


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value) of a protobuf message: whole numbers, and bytes for everything else."""
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
