"""Labelled bracket F1: cases worked by hand after EVALB, and a brute-force counter."""

from __future__ import annotations

import random

import pytest

from components.datagen import trees
from components.eval.metrics import bracket_f1

GOLD = (
    "(TOP (S (NP (DT the) (NN man))"
    " (VP (VBZ sees) (NP (NNP Anna)) (PP (IN in) (NP (NNP Bonn)))) (. .)))"
)
# brackets: S 0-6, NP 0-2, VP 2-6, NP 3-4, PP 4-6, NP 5-6


def _score(target: str, prediction: str) -> dict[str, float]:
    return bracket_f1.metric([target], [prediction])


def test_perfect_as_tokens_and_as_brackets() -> None:
    for prediction in (" ".join(trees.linearise(GOLD)[1]), GOLD):
        found = _score(GOLD, prediction)
        assert found["bracket_f1"] == found["exact_match"] == found["well_formed"] == 100
        assert found["repaired"] == 0


def test_wrong_attachment() -> None:
    # The PP inside a new NP 3-6: that NP is wrong, the six others are right.
    prediction = "(S (NP XX XX )NP (VP XX (NP (NP XX )NP (PP XX (NP XX )NP )PP )NP )VP XX )S"
    found = _score(GOLD, prediction)
    assert found["bracket_precision"] == pytest.approx(100 * 6 / 7)
    assert found["bracket_recall"] == 100
    assert found["bracket_f1"] == pytest.approx(100 * 12 / 13)
    assert found["exact_match"] == 0 and found["well_formed"] == 100


def test_wrong_label_and_missing_bracket() -> None:
    # PP called ADVP, NP 5-6 missing: 4 of 5 right, 4 of 6 found.
    found = _score(GOLD, "(S (NP XX XX )NP (VP XX (NP XX )NP (ADVP XX XX )ADVP )VP XX )S")
    assert found["bracket_precision"] == pytest.approx(80)
    assert found["bracket_recall"] == pytest.approx(100 * 4 / 6)


def test_punctuation_does_not_shift_spans() -> None:
    gold = (
        "(S (`` ``) (S (NP (PRP I)) (VP (VBP go))) (, ,) ('' '')"
        " (NP (PRP he)) (VP (VBD said)) (. .))"
    )
    # The comma and the quotes hang elsewhere; no bracket changes.
    moved = "(S (S XX (NP XX )NP (VP XX XX )VP )S XX (NP XX )NP (VP XX XX )VP )S"
    assert _score(gold, moved)["bracket_f1"] == 100


def test_punctuation_is_told_by_the_word_where_tags_are_xx() -> None:
    gold = "(S (NP (XX he)) (VP (XX left) (NP (XX Bonn))) (XX !))"
    assert _score(gold, "(S (NP XX )NP (VP XX (NP XX )NP XX )VP )S")["bracket_f1"] == 100


def test_advp_equals_prt_and_function_tags_are_stripped() -> None:
    gold = "(S (NP-SBJ-1 (PRP he)) (VP (VBD got) (PRT (RP up))))"
    assert _score(gold, "(S (NP XX )NP (VP XX (ADVP XX )ADVP )VP )S")["exact_match"] == 100


def test_empty_elements_and_root_do_not_count() -> None:
    gold = "( (S (NP-SBJ (-NONE- *)) (VP (VB go) (NP (NN home)))) )"
    stats = bracket_f1.statistics([gold], ["(TOP (S (VP XX (NP XX )NP )VP )S )TOP"])
    assert stats.tolist() == [[3, 3, 3, 1, 1, 1]]


def test_equal_brackets_are_counted_as_often_as_they_occur() -> None:
    gold = "(NP (NP (NP (NN dog))))"
    assert bracket_f1.statistics([gold], ["(NP (NP XX )NP )NP"]).tolist() == [[2, 3, 2, 1, 0, 1]]


def test_malformed_predictions_count_and_are_reported() -> None:
    cut = " ".join(trees.linearise(GOLD)[1][:-4])  # ... )PP )VP XX )S are missing
    found = bracket_f1.metric([GOLD, GOLD], [cut, GOLD])
    assert found["repaired"] == 1 and found["well_formed"] == 50
    assert found["bracket_f1"] == 100  # the repair closes what was left open
    nothing = _score(GOLD, "")
    assert nothing["bracket_f1"] == 0 and nothing["repaired"] == 1


def test_a_broken_reference_is_an_error() -> None:
    with pytest.raises(trees.TreeError, match="never closed"):
        bracket_f1.statistics(["(S (NP (NN dog))"], ["XX"])


def _random_tree(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.3:
        tag, word = rng.choice([("NN", "dog"), ("VB", "go"), (",", ","), (".", "."), ("CC", "and")])
        return f"({tag} {word})"
    inner = " ".join(_random_tree(rng, depth - 1) for _ in range(rng.randrange(1, 4)))
    return f"({rng.choice(['NP', 'VP', 'S', 'PRT', 'ADVP'])} {inner})"


def _brute_force(text: str) -> list[tuple[str, int, int]]:
    """Brackets by scanning the text: words before, and words up to the matching bracket."""
    pieces = text.replace("(", " ( ").replace(")", " ) ").split()

    def numbered(part: list[str]) -> int:
        return sum(
            1
            for left, tag, _, right in zip(part, part[1:], part[2:], part[3:], strict=False)
            if left == "(" and right == ")" and tag not in (",", ".")
        )

    found = []
    for i, piece in enumerate(pieces):
        if piece != "(" or pieces[i + 2] != "(":
            continue
        depth, end = 1, i
        while depth:
            end += 1
            depth += {"(": 1, ")": -1}.get(pieces[end], 0)
        start, size = numbered(pieces[:i]), numbered(pieces[i : end + 1])
        if size:
            found.append((pieces[i + 1].replace("PRT", "ADVP"), start, start + size))
    return found


def test_against_brute_force() -> None:
    rng = random.Random(5)
    for _ in range(500):
        gold = f"(S {_random_tree(rng, 5)} (NN end))"
        words = trees.linearise(gold)[0]
        # Another tree over the same words: drop some brackets, invent one.
        _, tokens = trees.linearise(gold)
        labels = ["NP", "VP"]
        tokens = ["(S", f"({rng.choice(labels)}", *tokens]
        text, _, _ = trees.delinearise(tokens, words)
        expected, found = _brute_force(gold), _brute_force(_with_tags(text, gold))
        left, matched = list(expected), 0
        for bracket in found:
            if bracket in left:
                left.remove(bracket)
                matched += 1
        stats = bracket_f1.statistics([gold], [text])[0]
        assert stats[:3].tolist() == [matched, len(expected), len(found)]


def _with_tags(text: str, gold: str) -> str:
    """The tags of `gold` in place of XX: the reference decides what is punctuation."""
    for leaf in trees.leaves(trees.parse(gold)):
        text = text.replace("(XX ", f"({leaf.label} ", 1)
    return text
