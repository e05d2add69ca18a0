from __future__ import annotations

import pyarrow as pa
import pytest

from components.catalog import UserError
from components.datagen import vocabulary
from components.datagen.schema import EOS, PAD, UNK
from components.datagen.vocabulary_training import (
    collect_labels,
    train_characters,
    train_sentencepiece,
    train_tokens,
)

TEXTS = [f"das Haus Nummer {number} ist größer" for number in range(200)]


def sentencepiece(size: int = 60, **more: object) -> bytes:
    settings = {"subword": "bpe", "coverage": 1.0, "byte_fallback": False, **more}
    return train_sentencepiece(TEXTS, size=size, **settings)  # type: ignore[arg-type]


@pytest.fixture
def pieces(tmp_path):
    (tmp_path / "x.model").write_bytes(sentencepiece())
    return vocabulary.load(tmp_path / "x.model")


def test_sentencepiece_round_trip(pieces):
    assert pieces.size == 60
    for text in TEXTS:
        ids = pieces.encode(text)
        assert min(ids) > UNK
        assert pieces.decode(ids) == text


def test_decoding_stops_at_eos_and_skips_padding(pieces):
    ids = pieces.encode("das Haus")
    assert pieces.decode([*ids, EOS, *ids, PAD]) == "das Haus"
    assert pieces.decode([PAD, *ids]) == "das Haus"


@pytest.mark.parametrize("column", [TEXTS, pa.array(TEXTS)])
def test_a_batch_is_its_rows(pieces, column):
    flat, offsets = pieces.encode_batch(column)
    assert flat.dtype == "int32" and offsets.dtype == "int64"
    rows = [flat[start:end].tolist() for start, end in zip(offsets, offsets[1:], strict=False)]
    assert rows == [[*pieces.encode(text), EOS] for text in TEXTS]


def test_an_empty_batch_and_an_empty_text(pieces):
    flat, offsets = pieces.encode_batch([])
    assert (flat.tolist(), offsets.tolist()) == ([], [0])
    flat, offsets = pieces.encode_batch([""])
    assert (flat.tolist(), offsets.tolist()) == ([EOS], [0, 1])


@pytest.mark.parametrize("subword", ["bpe", "unigram"])
def test_training_gives_the_same_bytes_again(subword):
    assert sentencepiece(size=45, subword=subword) == sentencepiece(size=45, subword=subword)


def test_texts_of_any_length_are_learned_from():
    text = " ".join(f"{number} Wörter" for number in range(1000))
    model = train_sentencepiece([text], size=30, subword="bpe", coverage=1.0, byte_fallback=False)
    assert len(text) > 5000 and b"rter" in model


def test_a_vocabulary_too_large_says_what_is_possible():
    with pytest.raises(UserError, match=r"vocabulary_size: 5000 .* largest possible is \d+"):
        sentencepiece(size=5000)


def test_a_vocabulary_too_small_says_what_is_needed():
    with pytest.raises(UserError, match=r"vocabulary_size: 5 "):
        sentencepiece(size=5)


def test_byte_fallback_spells_unknown_characters(tmp_path):
    (tmp_path / "x.model").write_bytes(sentencepiece(size=320, byte_fallback=True))
    loaded = vocabulary.load(tmp_path / "x.model")
    assert loaded.decode(loaded.encode("Haus 漢")) == "Haus 漢"


def test_tokens_are_counted_and_a_no_break_space_stays_in_its_token(tmp_path):
    path = tmp_path / "x.tokens.txt"
    path.write_bytes(train_tokens(["b a", "b c\u00a0d", "b a"], min_count=1))
    loaded = vocabulary.load(path)
    assert path.read_text("utf-8").split("\n")[3:-1] == ["b", "a", "c\u00a0d"]
    assert loaded.encode("a c\u00a0d nie") == [4, 5, UNK]
    assert loaded.decode(loaded.encode("b c\u00a0d")) == "b c\u00a0d"


def test_a_symbol_among_characters_stands_whole(tmp_path):
    path = tmp_path / "x.characters.jsonl"
    path.write_bytes(train_characters(["ab\n<"], min_count=1, symbols=("<sep>", "<sep>>")))
    loaded = vocabulary.load(path)
    text = "a<sep>b\n<sep>>?"
    ids = loaded.encode(text)
    assert ids == [*map(loaded.id_of, ("a", "<sep>", "b", "\n", "<sep>>")), UNK]
    assert loaded.encode_batch([text], eos=False)[0].tolist() == ids
    begins, ends = loaded.extents(text)
    assert (begins.tolist(), ends.tolist()) == ([0, 1, 6, 7, 8, 14], [1, 6, 7, 8, 14, 15])


def test_rare_tokens_can_be_left_out(tmp_path):
    path = tmp_path / "x.tokens.txt"
    path.write_bytes(train_tokens(["b a", "b"], min_count=2))
    assert vocabulary.load(path).size == 4
    with pytest.raises(UserError, match="min_count: 9"):
        train_tokens(["b a", "b"], min_count=9)


def test_labels_are_ordered_by_value_and_checked(tmp_path):
    path = tmp_path / "x.labels.txt"
    path.write_bytes(collect_labels(["10", "9", "2"]))
    loaded = vocabulary.load(path)
    assert [loaded.decode([index]) for index in range(3)] == ["2", "9", "10"]
    flat, offsets = loaded.encode_batch(["10", "2"])
    assert (flat.tolist(), offsets.tolist()) == ([2, 0], [0, 1, 2])
    with pytest.raises(UserError, match="label '3' is not one of 2, 9, 10"):
        loaded.encode("3")
    assert collect_labels(["01", "2", "1", "001"]) == b"001\n01\n1\n2\n"


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "x.txt").write_text("a\n")
    with pytest.raises(UserError, match=r"ends in one of"):
        vocabulary.load(tmp_path / "x.txt")
    (tmp_path / "y.tokens.txt").write_text("a\nb\nc\n")
    with pytest.raises(UserError, match="must begin with <pad>, </s>, <unk>: found a, b, c"):
        vocabulary.load(tmp_path / "y.tokens.txt")
