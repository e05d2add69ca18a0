"""ROUGE against Google's rouge_score."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from components.eval.metrics import rouge, rouge_zh
from components.scoring.rouge import common_subsequence
from tests.eval.metrics.noise import corpus

NAMES = ("rouge1", "rouge2", "rougeL")
SUMMARIES = [
    ("The quick brown fox jumps over the lazy dog.", "A quick brown dog jumped over the lazy fox."),
    ("Police killed the gunman", "the gunman killed police"),
    ("Café prices rose 3.5% in 2024!", "In 2024 cafe prices rose by 3.5 %"),
    ("nothing in common", "entirely different words"),
    ("one", ""),
    ("short", "short"),
]
# rouge_score 0.1.2, RougeScorer([rouge1, rouge2, rougeL]).score, mean of fmeasure x 100.
OF_SUMMARIES = (59.629629629629626, 19.497863247863247, 43.14814814814815)
CAPTIONS = [
    (
        "a dog runs on the grass\tthe brown dog is running\tdog running outside",
        "a dog runs on the green grass",
    ),
    ("two men play chess in a park", "two men sit in a park"),
    ("a child eats an apple\ta small child is eating an apple", "a child eats an apple"),
    ("a red car on the street\tred car parked on a street", "the man rides a horse"),
    ("a woman reads a book to a dog", "a woman reads a book"),
]
# rouge_score 0.1.2, the same with score_multi.
OF_CAPTIONS = (76.5034965034965, 60.0, 72.86713286713285)


@pytest.mark.parametrize(
    ("examples", "expected"), [(SUMMARIES, OF_SUMMARIES), (CAPTIONS, OF_CAPTIONS)]
)
def test_equals_rouge_score(examples: list[tuple[str, str]], expected: tuple[float, ...]) -> None:
    targets, predictions = zip(*examples, strict=True)
    found = rouge.metric(targets, predictions)
    assert found == pytest.approx(dict(zip(NAMES, expected, strict=True)), rel=1e-12)


def test_equals_the_installed_rouge_score() -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(list(NAMES))
    targets, predictions = corpus(3, "Der Hund don't sieht 3,5 the_cat, U.S. (fast) weg. ÄPFEL a a")
    found = rouge.metric(targets, predictions)
    for name in NAMES:
        scores = [
            scorer.score(*pair)[name].fmeasure for pair in zip(targets, predictions, strict=True)
        ]
        assert found[name] == pytest.approx(100 * sum(scores) / len(scores))


def test_longest_common_subsequence_against_all_subsequences() -> None:
    rng = random.Random(5)
    for _ in range(200):
        one, other = rng.choices("abc", k=rng.randrange(7)), rng.choices("abc", k=rng.randrange(7))
        shared = {chosen for size in range(len(one) + 1) for chosen in combinations(one, size)} & {
            chosen for size in range(len(other) + 1) for chosen in combinations(other, size)
        }
        assert common_subsequence(one, other) == max(map(len, shared))


def test_other_scripts_score_nothing_but_by_characters() -> None:
    assert rouge.metric(["你好"], ["你好"]) == dict.fromkeys(NAMES, 0.0)
    assert set(rouge_zh.metric(["你好"], ["你 好"]).values()) == {100.0}


def test_characters_are_counted_as_words_are() -> None:
    """A letter for each character: to `rouge` the same texts are words."""
    letters = dict(zip("新华社受权播发修改后的立法全文公布", "abcdefghijklmnopq", strict=True))
    pairs = [
        ("修改后的立法全文公布", "新华社受权播发立法全文"),
        ("立法全文公布\t公布立法", "立法公布"),
        ("新华社", "受权"),
    ]
    targets, predictions = zip(*pairs, strict=True)
    spelled = [
        [
            "\t".join(" ".join(map(letters.__getitem__, part)) for part in text.split("\t"))
            for text in side
        ]
        for side in (targets, predictions)
    ]
    found = list(rouge_zh.metric(targets, predictions).values())
    assert found == pytest.approx(list(rouge.metric(*spelled).values())) and 0 < found[2] < 100
