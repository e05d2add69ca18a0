"""Vocabularies made from the training rows; the same rows in the same order give the same bytes."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable

from components.catalog import UserError
from components.datagen.vocabulary import RESERVED, tokens_of

# SentencePiece splits its sums over the threads: their number is part of the result, the number of
# cores is not.
THREADS = 16
# Bytes of a text. SentencePiece would leave out, and not say so, what is longer than 4,192.
LONGEST = 1 << 30


def train_sentencepiece(
    texts: Iterable[str],
    *,
    size: int,
    subword: str,
    coverage: float,
    byte_fallback: bool,
    symbols: tuple[str, ...] = (),
) -> bytes:
    """A SentencePiece model of `size` pieces (`subword`: bpe | unigram), the bytes of its file.

    `symbols` are pieces that stand whole wherever they occur.

    No normalisation but that of blanks, so that references are reachable as they are written.
    Raises UserError naming the possible sizes if the corpus cannot give `size` pieces.
    """
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            vocab_size=size,
            model_type=subword,
            character_coverage=coverage,
            byte_fallback=byte_fallback,
            normalization_rule_name="identity",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            user_defined_symbols=list(symbols),
            num_threads=THREADS,
            max_sentence_length=LONGEST,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise UserError(_explain(str(error), size)) from error
    return model.getvalue()


def _explain(message: str, size: int) -> str:
    if largest := re.search(r"value <= (\d+)", message):
        return (
            f"vocabulary_size: {size} is more than this corpus can give; "
            f"the largest possible is {largest[1]}"
        )
    if smallest := re.search(r"required_chars[^\d]*\d+ vs (\d+)", message):
        return (
            f"vocabulary_size: {size} is less than the {smallest[1]} that the characters alone "
            f"need; raise it, or set character_coverage: 0.9995"
        )
    return f"SentencePiece cannot make a vocabulary of {size} from this corpus: {message}"


def train_tokens(texts: Iterable[str], *, min_count: int, symbols: tuple[str, ...] = ()) -> bytes:
    """The file of a tokens vocabulary: reserved ones, `symbols`, then by falling count, then by code
    point."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokens_of(text))
    kept = sorted((-count, token) for token, count in counts.items() if count >= min_count)
    first = (*RESERVED, *symbols)
    tokens = [token for _, token in kept if token not in first]
    if not tokens:
        raise UserError(f"min_count: {min_count} leaves no token in the vocabulary")
    return _lines([*first, *tokens])


def known_tokens(tokens: Iterable[str]) -> bytes:
    """The file of a tokens vocabulary that no rows are needed for: reserved ones, then `tokens`."""
    return _lines([*RESERVED, *tokens])


def train_characters(
    texts: Iterable[str], *, min_count: int, symbols: tuple[str, ...] = ()
) -> bytes:
    """The file of a characters vocabulary: a JSON text a line, reserved ones and `symbols` first,
    then characters by code point."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    kept = sorted(character for character, count in counts.items() if count >= min_count)
    if not kept:
        raise UserError(f"min_count: {min_count} leaves no character in the vocabulary")
    return _lines([json.dumps(entry) for entry in (*RESERVED, *symbols, *kept)])


def byte_vocabulary(symbols: tuple[str, ...] = ()) -> bytes:
    """The file of a bytes vocabulary: the symbols behind the 256 bytes, a JSON text a line."""
    return _lines([json.dumps(entry) for entry in symbols])


def collect_labels(names: Iterable[str]) -> bytes:
    """The file of a label vocabulary: the names that occur, numbers by value."""
    found = set(names)
    if all(name.isdecimal() for name in found):
        return _lines(sorted(found, key=lambda name: (int(name), name)))  # "1" and "01" differ
    return _lines(sorted(found))


def _lines(names: list[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()
