"""Sentences put together from words have the ids that SentencePiece gives them whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from components.datagen import sentencepiece_model
from components.datagen.sentencepiece_model import read_model
from components.datagen.vocabulary import SentencePiece
from components.datagen.vocabulary_training import train_sentencepiece
from components.datagen.word_cache import WordCache
from tests.datagen.shared_data import SHARED

WORDS = "the house and a green tree stand by Straße über dem Fluss im Grünen".split()
ODD = [
    "",
    " ",
    "   a",
    "a  b   ",
    "no\u00a0break",
    "tab\there",
    "日本 語",
    "x",
    "\u3000wide",
    "🙂 🙂",
]


def texts(count: int) -> list[str]:
    rng = np.random.default_rng(1)
    rows = [" ".join(rng.choice(WORDS, rng.integers(1, 12))) for _ in range(count)]
    return [*rows, *ODD, *rows[: count // 2]]


def model(
    subword: str = "bpe", *, size: int = 80, byte_fallback: bool = False, coverage: float = 1.0
) -> bytes:
    return train_sentencepiece(
        texts(300),
        size=256 + size - 5 if byte_fallback else size,
        subword=subword,
        coverage=coverage,
        byte_fallback=byte_fallback,
    )


def whole(vocabulary: SentencePiece, rows: list[str], eos: bool) -> list[list[int]]:
    return vocabulary._processor.encode(rows, add_eos=eos)


def rows_of(found: tuple[np.ndarray, np.ndarray]) -> list[list[int]]:
    flat, offsets = found
    return [row.tolist() for row in np.split(flat, offsets[1:-1])]


@pytest.mark.parametrize("subword", ["bpe", "unigram"])
@pytest.mark.parametrize("byte_fallback", [False, True])
@pytest.mark.parametrize("eos", [False, True])
def test_ids_are_those_of_whole_sentences(subword: str, byte_fallback: bool, eos: bool) -> None:
    size = 80 if subword == "bpe" else 40
    content = model(subword, size=size, byte_fallback=byte_fallback, coverage=0.98)
    vocabulary = SentencePiece(content)
    assert vocabulary._words is not None
    rows = texts(300)
    for given in (rows, pa.array(rows), pa.array(["first", *rows])[1:]):
        words = vocabulary._words.encode_batch(pa.array(given), eos)
        assert words is not None
        found = words.flat()
        assert rows_of(found) == whole(vocabulary, rows, eos)
        assert found[0].dtype == np.int32 and found[1].dtype == np.int64
        assert words.lengths().tolist() == list(map(len, whole(vocabulary, rows, eos)))
    assert rows_of(vocabulary.encode_batch(rows, eos=eos)) == whole(vocabulary, rows, eos)


def test_a_full_cache_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.datagen.word_cache.MOST_WORDS", 12)
    vocabulary = SentencePiece(model())
    for start in range(0, 60, 20):
        rows = texts(60)[start : start + 20] * 100
        assert rows_of(vocabulary.encode_batch(rows)) == whole(vocabulary, rows, True)


def test_pieces_are_read_as_any_message() -> None:
    fields, piece = sentencepiece_model._fields, sentencepiece_model._piece
    for content in (model(), model("unigram", size=40), model(byte_fallback=True, coverage=0.98)):
        pieces = [value for number, value in fields(content) if number == 1]
        assert len(pieces) > 30
        assert list(map(piece, pieces)) == [dict(fields(one)) for one in pieces]


def test_each_word_is_encoded_once() -> None:
    vocabulary = SentencePiece(model())
    asked: list[str] = []

    def encode(words: list[str]) -> list[list[int]]:
        asked.extend(words)
        return vocabulary._processor.encode(words)

    cache = WordCache(encode, 1)
    for _ in range(3):
        cache.encode_batch(pa.array(texts(300)), True)
    assert len(asked) == len(set(asked)) < 60


def test_texts_that_it_leaves_to_sentencepiece() -> None:
    vocabulary = SentencePiece(model())
    assert vocabulary._words is not None
    mark = ["a\u2581b tree"]
    assert vocabulary._words.encode_batch(pa.array(mark), True) is None
    assert rows_of(vocabulary.encode_batch(mark)) == whole(vocabulary, mark, True)
    different = [f"{number} {number + 5000}" for number in range(3000)]
    assert vocabulary._words.encode_batch(pa.array(different), True) is None
    assert rows_of(vocabulary.encode_batch(different)) == whole(vocabulary, different, True)


def test_models_that_are_not_separable() -> None:
    assert read_model(model()).separable
    assert read_model(model("unigram", size=50)).separable
    import io

    import sentencepiece

    options = {"vocab_size": 90, "pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
    for more in (
        {"normalization_rule_name": "nmt_nfkc"},
        {"split_by_whitespace": False},
        {"user_defined_symbols": ["green tree"]},
        {"treat_whitespace_as_suffix": True},
        {"remove_extra_whitespaces": False},
    ):
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts(300)),
            model_writer=written,
            model_type="bpe",
            minloglevel=2,
            **{"normalization_rule_name": "identity", **options, **more},
        )
        assert not read_model(written.getvalue()).separable, more


@pytest.mark.parametrize("subword", ["bpe", "unigram"])
@pytest.mark.parametrize("side", ["en", "de"])
def test_multi30k(side: str, subword: str) -> None:
    path = SHARED / "multi30k" / "task1" / f"train.{side}.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = file.read().split("\n")[:8000]
    content = train_sentencepiece(
        rows, size=2000, subword=subword, coverage=1.0, byte_fallback=False
    )
    vocabulary = SentencePiece(content)
    assert rows_of(vocabulary.encode_batch(rows)) == whole(vocabulary, rows, True)


def test_the_vocabulary_file_is_read_with_its_cache(tmp_path: Path) -> None:
    from components.datagen.vocabulary import load

    (tmp_path / "vocabulary.model").write_bytes(model())
    loaded = load(tmp_path / "vocabulary.model")
    assert isinstance(loaded, SentencePiece) and loaded._words is not None
