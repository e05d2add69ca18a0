"""Labelled bracket F1 of constituency trees, with EVALB's conventions (Sekine and Collins 1997).

    precision = 100 matched / predicted,   recall = 100 matched / reference,   F1 = 2PR / (P + R)

As EVALB with COLLINS.prm: brackets (label, first word, last word) match as a multiset over the
corpus; the root, part-of-speech tags, empty elements and brackets over nothing are not counted,
function tags are stripped, ADVP equals PRT, and the punctuation , : `` '' . is taken out before
words are numbered (by the reference's tags, or by the word where the tag is XX).

References are bracketed trees; predictions are linearised tokens (see `datagen/trees.py`) or
bracketed trees. EVALB skips a sentence that it cannot read; here a malformed prediction is repaired
with the reference's words, counts in full, and is reported:

    well_formed    % of predictions that needed no repair
    exact_match    % of sentences whose brackets are all right
    repaired       number of predictions that were repaired

Statistics of a sentence: matched, reference, predicted, well formed, exact, 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from components.datagen import trees

INPUT = "text"
HIGHER_IS_BETTER = True
MAIN = "bracket_f1"
PUNCTUATION = frozenset([",", ":", "``", "''", "."])
PUNCTUATION_WORDS = PUNCTUATION | frozenset([";", "-", "--", "...", "?", "!"])

Bracket = tuple[str, int, int]


def brackets(tree: trees.Tree, skipped: Sequence[bool]) -> Counter[Bracket]:
    """The labelled brackets of a cleaned tree; `skipped` says which leaves have no number."""
    found: Counter[Bracket] = Counter()
    place = position = 0
    stack: list[tuple[trees.Tree, int]] = [(tree, -1)]
    while stack:
        node, start = stack.pop()
        if node.word is not None:
            position += not skipped[place]
            place += 1
        elif start >= 0:
            label = trees.category(node.label)
            if position > start and label not in trees.ROOTS:
                found["ADVP" if label == "PRT" else label, start, position] += 1
        else:
            stack.append((node, position))
            stack.extend((child, -1) for child in reversed(node.children))
    return found


def _is_punctuation(leaf: trees.Tree) -> bool:
    return leaf.label in PUNCTUATION or (
        leaf.label == trees.LEAF and leaf.word in PUNCTUATION_WORDS
    )


def _tokens(prediction: str) -> list[str]:
    try:
        return trees.linearise(prediction)[1]
    except trees.TreeError:
        return prediction.split()


def _sentence(target: str, prediction: str) -> tuple[int, int, int, bool, bool, int]:
    reference = trees.clean(trees.parse(target))
    if reference is None:
        raise trees.TreeError(f"a reference without words: {target}")
    leaves = trees.leaves(reference)
    skipped = [_is_punctuation(leaf) for leaf in leaves]
    tree, repairs = trees.rebuild(_tokens(prediction), [leaf.word or "" for leaf in leaves])
    expected, found = brackets(reference, skipped), brackets(tree, skipped)
    matched = sum((expected & found).values())
    return matched, expected.total(), found.total(), repairs == 0, expected == found, 1


def statistics(targets: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """[N] bracketed trees, [N] linearised or bracketed predictions -> [N, 6] float64.

    Raises TreeError if a reference is no tree.
    """
    rows = [_sentence(*pair) for pair in zip(targets, predictions, strict=True)]
    return np.array(rows, np.float64).reshape(-1, 6)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 6] -> the six numbers of the module docstring, each [...]; nothing to score gives 0."""
    matched, expected, found, well_formed, exact, sentences = np.moveaxis(summed, -1, 0)
    sentence_count = np.maximum(sentences, 1)
    return {
        "bracket_f1": 200 * matched / np.maximum(expected + found, 1),
        "bracket_precision": 100 * matched / np.maximum(found, 1),
        "bracket_recall": 100 * matched / np.maximum(expected, 1),
        "well_formed": 100 * well_formed / sentence_count,
        "exact_match": 100 * exact / sentence_count,
        "repaired": sentences - well_formed,
    }


def signature() -> str:
    """How the number is meant."""
    return "labelled|EVALB COLLINS.prm|malformed repaired and counted"


def metric(targets: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Labelled bracket F1 of the corpus, 0..100, and what goes with it."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
