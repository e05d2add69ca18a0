"""Tensor2Tensor's subwords: its own examples, a vocabulary that can be read, and its real file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from components.catalog import UserError
from components.datagen import vocabulary
from components.datagen.schema import EOS, PAD
from components.datagen.subwords import Subwords, joined, lines_of, spans, unescaped

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "t2t_checkpoint"
REAL = SHARED / "vocab.translate_ende_wmt8k.8192.subwords"
LETTERS = [*"abcdehlorstw", *"\\_u;0123456789", " ", ".", "'"]
PIECES = ["<pad>", "<EOS>", "the_", "the", "her", "here_", "so_", "cat", "cats_", "._", *LETTERS]


@pytest.fixture
def words() -> Subwords:
    return Subwords([f"'{piece}'" for piece in PIECES])


def pieces(found: Subwords, text: str) -> list[str]:
    return [found.pieces[index] for index in found.encode(text)]


def test_tokens_are_runs_of_letters_and_runs_of_all_else() -> None:
    text = "Dude - that's so cool."  # the example of Tensor2Tensor's tokenizer
    tokens = [text[start:end] for start, end in spans(text)]
    assert tokens == ["Dude", " - ", "that", "'", "s", "so", "cool", "."]
    assert joined(tokens) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ", [" "]),
        (" a b ", [" ", "a", "b", " "]),  # blanks at the ends imply nothing
        ("a  b", ["a", "  ", "b"]),
        ("x² Ⅷ 中文,ß", ["x²", "Ⅷ", "中文", ",", "ß"]),  # numbers and letters of every script
        ("a_b\nc", ["a", "_", "b", "\n", "c"]),
    ],
)
def test_tokens_of_what_is_rare(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in spans(text)] == expected
    assert joined(expected) == text


def test_a_token_escaped_and_back() -> None:
    """The example of Tensor2Tensor's own test; a capital is not in that alphabet."""
    alphabet = "abcdefghijklmnopqrstuvwxyz .\n"
    found = Subwords(["'<pad>'", "'<EOS>'", *(f"'{letter}'" for letter in alphabet)])
    found._alphabet -= {"<", ">", "E", "O", "S"}
    text = "Foo! Bar.\nunder_score back\\slash"
    escaped = "\\70;oo\\33; \\66;ar.\\10;under\\uscore back\\\\slash"
    assert "".join(map(found._escaped, text)) == escaped
    assert unescaped(escaped) == text
    assert unescaped("\\1114112;") == "\u3013"  # beyond the last code point


def test_the_longest_piece_is_taken_though_another_way_is_shorter(words: Subwords) -> None:
    assert pieces(words, "the cats") == ["the_", "cats_"]
    # `the` before `here_`'s letters: t, here_ would be two pieces, greed makes four.
    assert pieces(words, "there") == ["the", "r", "e", "_"]
    assert pieces(words, "so.") == ["so_", "._"]


def test_characters_out_of_the_alphabet_are_spelt(words: Subwords) -> None:
    assert "".join(pieces(words, "ü")) == "\\252;_"
    assert "".join(pieces(words, "a_b")) == "a_\\u_b_"
    for text in ("ü", "a_b", "\\", "\\u", "\\9;", "the  cats ", "日本 語"):
        assert words.decode(words.encode(text)) == text


def test_decoding_ends_at_eos_and_takes_ids_beyond_the_file(words: Subwords) -> None:
    ids = words.encode("the cats")
    assert words.decode([PAD, *ids, EOS, *ids]) == "the cats"
    assert words.decode([*ids, words.size, words.size + 9]) == "the cats"


def test_a_batch_is_its_rows(words: Subwords) -> None:
    texts = ["the cats", "", "so"]
    flat, offsets = words.encode_batch(texts)
    rows = [flat[a:b].tolist() for a, b in zip(offsets, offsets[1:], strict=False)]
    assert rows == [[*words.encode(text), EOS] for text in texts]


def test_extents_are_places_in_the_text(words: Subwords) -> None:
    text = "the catsü so."
    begins, ends = words.extents(text)
    shown = [text[a:b] for a, b in zip(begins, ends, strict=True)]
    spelt = ["ü"] * 5 + [""]  # \ 2 5 2 ; and the end of the token
    assert shown == ["the", "cat", "s", *spelt, "so", "."]


def test_files_with_and_without_quotes(tmp_path: Path) -> None:
    file = tmp_path / "x.subwords"
    file.write_bytes("'<pad>_'\n\"<EOS>_\"\nthe_\n'\r'\n'\u2028'\n'''\n".encode())
    found = vocabulary.load(file)
    assert isinstance(found, Subwords)
    assert found.pieces == ["<pad>_", "<EOS>_", "the_", "\r", "\u2028", "'"]
    assert found.id_of("the_") == 2
    assert lines_of(b"a\nb") == ["a", "b"]  # the last line may lack its end


def test_what_is_no_such_file(tmp_path: Path) -> None:
    file = tmp_path / "x.subwords"
    file.write_text("the\nand\n")
    with pytest.raises(UserError, match="must begin with <pad>, <EOS>: found the, and"):
        vocabulary.load(file)
    with pytest.raises(UserError, match="no piece for 'x'"):
        Subwords(["<pad>", "<EOS>", "xy", "_"]).encode("x")


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL.parent.name} is not beside the project")
def test_the_vocabulary_of_wmt() -> None:
    found = vocabulary.load(REAL)
    assert isinstance(found, Subwords) and found.size == 8190
    assert pieces(found, "Der Hund schläft.") == ["Der_", "Hun", "d_", "schl", "ä", "ft_", "._"]
    assert pieces(found, "The Parliament's") == ["The_", "Parliament_", "'_", "s_"]
    rng = random.Random(1)
    letters = list("abc  __\\\\;;0129uéß中\n\t\r\u2028\u0085\u00a0'\"-.")
    for _ in range(2000):
        text = "".join(rng.choices(letters, k=rng.randrange(20)))
        assert found.decode(found.encode(text)) == text
