"""Bracketed trees: reading, linearising, and open, counted repair."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from components.datagen import trees

SHE_SLEEPS = "(TOP (S (NP (PRP She)) (VP (VBZ sleeps)) (. .)))"
TREEBANK = (
    Path(os.environ.get("TENSORGRID_SHARED", Path(__file__).parents[3] / "shared"))
    / "data/treebank"
)


def test_linearise_as_in_the_paper() -> None:
    words, tokens = trees.linearise(SHE_SLEEPS)
    assert words == ["She", "sleeps", "."]
    assert " ".join(tokens) == "(S (NP XX )NP (VP XX )VP XX )S"


def test_leaves_may_be_tags_which_are_leaves_when_it_is_read_back() -> None:
    words, tokens = trees.linearise(SHE_SLEEPS, tags=True)
    assert " ".join(tokens) == "(S (NP PRP )NP (VP VBZ )VP . )S"
    assert trees.delinearise(tokens, words) == trees.delinearise(
        trees.linearise(SHE_SLEEPS)[1], words
    )


def test_function_tags_indices_and_empty_elements_are_dropped() -> None:
    words, tokens = trees.linearise(
        "( (S (NP-SBJ-1 (PRP it)) (VP (VBZ expects) (S (NP-SBJ (-NONE- *-1)) (VP=2 (TO to))))) )"
    )
    assert words == ["it", "expects", "to"]
    assert " ".join(tokens) == "(S (NP XX )NP (VP XX (S (VP XX )VP )S )VP )S"


def test_a_single_word_is_a_tree() -> None:
    assert trees.linearise("(TOP (NN fire))") == (["fire"], ["XX"])
    assert trees.delinearise(["XX"], ["fire"]) == ("(XX fire)", 0, True)


def test_bracket_words_survive() -> None:
    words, tokens = trees.linearise("(NP (-LRB- -LRB-) (NN x) (-RRB- -RRB-))")
    assert words == ["-LRB-", "x", "-RRB-"]
    assert trees.delinearise(tokens, ["(", "x", ")"])[0] == "(NP (XX -LRB-) (XX x) (XX -RRB-))"


def test_several_trees_over_several_lines() -> None:
    found = list(trees.parse_all("(S\n  (NN a))\n\n( (S (NN b)) )"))
    assert [trees.write(tree) for tree in found] == ["(S (NN a))", "( (S (NN b)))"]


def test_reading_and_writing_are_inverse() -> None:
    assert trees.write(trees.parse(SHE_SLEEPS)) == SHE_SLEEPS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(S (NP (NN dog))", r"1 bracket\(s\) never closed, the innermost is \(S at column 1"),
        ("(S (NN dog)) )", "column 14: closing bracket without an opening one"),
        ("(S (NN dog)) cat", "column 14: 'cat' outside any tree"),
        ("(S (NP))", r"column 4: empty bracket \(NP\)"),
        ("(S (NN hot dog))", r"\(NN has 2 words, 'hot dog'"),
        ("(S the (NN dog))", r"the bare word 'dog' beside|bare|column 1"),
        ("", "expected one bracketed tree, found 0"),
        ("(NN a) (NN b)", "expected one bracketed tree, found 2"),
    ],
)
def test_errors_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(trees.TreeError, match=message):
        trees.parse(text)


def test_a_tree_of_empty_elements_has_no_words() -> None:
    with pytest.raises(trees.TreeError, match="without words"):
        trees.linearise("(S (-NONE- *T*-1))")


@pytest.mark.parametrize(
    ("tokens", "expected", "repairs"),
    [
        ("(S (NP XX )NP (VP XX )VP )S", "(S (NP (XX a)) (VP (XX b)))", 0),
        ("(S (NP XX )NP (VP XX", "(S (NP (XX a)) (VP (XX b)))", 2),  # two never closed
        ("(S (NP XX (VP XX )S", "(S (NP (XX a) (VP (XX b))))", 2),  # two closed by )S
        ("(S (NP XX )NP )VP XX )S", "(S (NP (XX a)) (XX b))", 1),  # )VP closes nothing
        ("(S XX XX XX )S", "(S (XX a) (XX b))", 1),  # a leaf too many
        ("(S (NP XX )NP )S", "(S (NP (XX a)) (XX b))", 1),  # a leaf too few
        ("(S (NP )NP XX XX )S", "(S (XX a) (XX b))", 1),  # an empty constituent
        ("(NP XX )NP (VP XX )VP", "(TOP (NP (XX a)) (VP (XX b)))", 1),  # two roots
        ("(S ((NP XX XX )S", "(S (XX a) (XX b))", 1),  # not a bracket
        ("", "(TOP (XX a) (XX b))", 3),  # no root, no leaves
    ],
)
def test_repairs_are_open_and_counted(tokens: str, expected: str, repairs: int) -> None:
    assert trees.delinearise(tokens.split(), ["a", "b"]) == (expected, repairs, repairs == 0)


def test_any_token_string_becomes_a_tree_over_exactly_the_words() -> None:
    rng = random.Random(1)
    vocabulary = ["(S", ")S", "(NP", ")NP", "XX", "XX", "<unk>", ")", "(", "x)y"]
    for _ in range(2000):
        tokens = rng.choices(vocabulary, k=rng.randrange(12))
        words = [f"w{i}" for i in range(1 + rng.randrange(5))]
        text, repairs, well_formed = trees.delinearise(tokens, words)
        assert [leaf.word for leaf in trees.leaves(trees.parse(text))] == words
        assert well_formed == (repairs == 0)
        if well_formed and "<unk>" not in tokens and "(" not in tokens:
            assert trees.linearise(text)[1] == tokens


def test_depth_is_no_limit() -> None:
    deep = "(S " * 20_000 + "(NN a)" + ")" * 20_000
    words, tokens = trees.linearise(deep)
    assert words == ["a"] and len(tokens) == 40_001
    assert trees.delinearise(tokens, words)[1] == 0


@pytest.mark.skipif(not TREEBANK.is_dir(), reason="needs shared/data/treebank")
def test_treebank_round_trip_and_cleaning() -> None:
    with (
        gzip.open(TREEBANK / "dev.mrg.gz", "rt") as raw,
        gzip.open(TREEBANK / "dev.clean.mrg.gz", "rt") as cleaned,
    ):
        for annotated, expected in zip(raw, cleaned, strict=True):
            words, tokens = trees.linearise(annotated)
            assert (words, tokens) == trees.linearise(expected)
            text, _, well_formed = trees.delinearise(tokens, words)
            assert well_formed
            assert trees.linearise(text) == (words, tokens)
