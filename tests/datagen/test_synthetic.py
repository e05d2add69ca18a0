"""The synthetic rows: splits, determinism, and agreement rules over all that is generated."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from components.catalog import UserError
from components.datagen import trees
from components.datagen.problems import parse_synth, translate_ende_synth
from components.datagen.synthetic import rows
from components.datagen.synthetic.conjugation import German
from components.datagen.synthetic.declension import CASES, noun_form
from components.datagen.synthetic.modifiers import ADJECTIVES
from components.datagen.synthetic.nouns import NOUNS, PRONOUNS
from components.datagen.synthetic.verbs import BECOME, HAVE_GERMAN, MODALS, VERBS

Rows = list[tuple[str, str, str]]
SIZES = {"train": 6000, "dev": 500, "test": 500}


@pytest.fixture(scope="module")
def splits() -> dict[str, Rows]:
    return {split: list(rows.pairs(split, 1, size)) for split, size in SIZES.items()}


@pytest.fixture(scope="module")
def everything(splits: dict[str, Rows]) -> Rows:
    return [row for found in splits.values() for row in found]


def test_splits_are_disjoint_and_without_duplicates(splits: dict[str, Rows]) -> None:
    sentences = [{english for _, english, _ in found} for found in splits.values()]
    assert [len(one) for one in sentences] == list(SIZES.values())
    assert len(set().union(*sentences)) == sum(SIZES.values())


def test_splits_stay_disjoint_whatever_seed_and_size() -> None:
    train = {english for _, english, _ in rows.pairs("train", 7, 3000)}
    for split in ("dev", "test"):
        assert not train & {english for _, english, _ in rows.pairs(split, 8, 300)}


def test_sentences_too_short_to_exist_end_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PATIENCE", 500)
    with pytest.raises(
        UserError, match="rows.longest: 3: only 0 different sentences for train are"
    ):
        list(rows.pairs("train", 1, 10, longest=3))


def test_same_seed_same_rows_in_another_process() -> None:
    program = (
        "import hashlib; from components.datagen.synthetic import rows; "
        "print(hashlib.sha256(repr(list(rows.pairs('train', 3, 300))).encode()).hexdigest())"
    )
    expected = hashlib.sha256(repr(list(rows.pairs("train", 3, 300))).encode()).hexdigest()
    for hash_seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == expected
    assert expected != hashlib.sha256(repr(list(rows.pairs("train", 4, 300))).encode()).hexdigest()


def test_more_rows_begin_with_the_same_rows() -> None:
    assert list(rows.pairs("dev", 1, 50)) == list(rows.pairs("dev", 1, 80))[:50]


def test_dev_and_test_hold_new_combinations_of_known_words(splits: dict[str, Rows]) -> None:
    def combinations(found: Rows) -> list[set[tuple[str, str]]]:
        pattern = re.compile(r"\(JJ (\w+)\) \(NNS? (\w+)\)")
        return [set(pattern.findall(tree)) for tree, _, _ in found]

    known = set().union(*combinations(splits["train"]))
    words = {word for _, english, _ in splits["train"] for word in _words(english)}
    for split in ("dev", "test"):
        pairs = [pair for one in combinations(splits[split]) for pair in one]
        new = [pair for pair in pairs if pair not in known]
        assert len(new) > 0.1 * len(pairs)
        used = [word for _, english, _ in splits[split] for word in _words(english)]
        assert sum(word not in words for word in used) < 0.005 * len(used)


def test_every_word_of_the_lexicon_is_taught(splits: dict[str, Rows]) -> None:
    leaves = Counter(
        word.lower() for tree, _, _ in splits["train"] for word in _words(tree.replace(")", " "))
    )
    for noun in NOUNS:
        assert leaves[noun.english] + leaves[noun.plural or ""] >= 5, noun.key
    for adjective in ADJECTIVES:
        assert leaves[adjective.english] >= 5, adjective.key
    for frame in VERBS.values():
        for verb in frame:
            english = verb.english
            forms = {english.base, english.third, english.past, english.participle, english.ing}
            assert sum(leaves[form] for form in forms) >= 5, verb.key


def test_lengths(everything: Rows) -> None:
    lengths = [len(trees.linearise(tree)[0]) for tree, _, _ in everything]
    assert min(lengths) >= 4 and max(lengths) <= 25
    german = [len(re.findall(r"\w+|[^\w\s]", sentence)) for _, _, sentence in everything]
    assert sum(german) / len(german) < 12
    linear = [len(trees.linearise(tree)[1]) for tree, _, _ in everything]
    assert sum(linear) / len(linear) < 50


def test_columns_of_the_problems() -> None:
    (batch,) = rows.translation("dev", 1, examples=30, longest=25)
    assert list(batch) == ["inputs", "targets"] and {len(one) for one in batch.values()} == {30}
    (batch,) = rows.trees("dev", 1, examples=30, longest=25)
    assert list(batch) == ["tree"] and len(batch["tree"]) == 30
    sizes = [
        len(one["tree"]) for one in rows.trees("train", 1, examples=rows.BATCH + 5, longest=11)
    ]
    assert sizes == [rows.BATCH, 5]
    for problem in (parse_synth.PROBLEM, translate_ende_synth.PROBLEM):
        assert problem.train != problem.dev


def test_english_trees(everything: Rows) -> None:
    phrases = set("TOP S SQ SBARQ SBAR NP VP PP ADJP ADVP PRT WHNP WHADVP".split())
    for tree, english, _ in everything:
        found = trees.parse(tree)
        assert trees.write(found) == tree
        assert {node.label for node in _constituents(found)} <= phrases, tree
        assert " ".join(leaf.word or "" for leaf in trees.leaves(found)) == (
            re.sub(r"(?<=\w)([,.?]|'s)", r" \1", english.replace("annot", "an not"))
        )


def test_english_articles_and_spelling(everything: Rows) -> None:
    for _, english, _ in everything:
        assert not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]", english), english
        assert re.fullmatch(r"[A-Z][\w ,']*[.?]", english), english


def test_english_subject_and_verb_agree(everything: Rows) -> None:
    checked = 0
    for tree, _, _ in everything:
        for node in _constituents(trees.parse(tree)):
            labels = [child.label for child in node.children]
            if node.label != "S" or "NP" not in labels or "VP" not in labels:
                continue
            subject = node.children[_last(labels[: labels.index("VP")], "NP")]
            verb = trees.leaves(node.children[labels.index("VP")])[0]
            if verb.label in ("VBZ", "VBP") and trees.leaves(subject)[0].label != "EX":
                assert _is_third_singular(subject) == (verb.label == "VBZ"), tree
                checked += 1
    assert checked > 1000


def _last(labels: list[str], label: str) -> int:
    return len(labels) - 1 - labels[::-1].index(label)


def _is_third_singular(subject: trees.Tree) -> bool:
    """By the head: the last noun of the innermost first noun phrase."""
    if any(child.label == "CC" for child in subject.children):
        return False
    while subject.children[0].label == "NP" and subject.children[-1].word is None:
        subject = subject.children[0]
    head = trees.leaves(subject)[-1]
    if head.label == "PRP":
        return (head.word or "").lower() in ("he", "she")
    return head.label in ("NN", "NNP")


def _constituents(tree: trees.Tree) -> list[trees.Tree]:
    if tree.word is not None:
        return []
    return [tree, *(node for child in tree.children for node in _constituents(child))]


# German agreement, from tables written here and not taken from the grammar.
ARTICLES = {
    "der": "nom-m dat-f gen-f gen-p", "die": "nom-f acc-f nom-p acc-p", "das": "nom-n acc-n",
    "den": "acc-m dat-p", "dem": "dat-m dat-n", "des": "gen-m gen-n",
}  # fmt: skip
ENDINGS = {
    "er": "nom-m dat-f gen-f gen-p", "e": "nom-f acc-f nom-p acc-p", "en": "acc-m dat-p",
    "em": "dat-m dat-n", "es": "gen-m gen-n",
}  # fmt: skip
STEMS_EIN = ("ein", "kein", "mein", "dein", "sein", "ihr", "unser")
STEMS_DIES = ("dies", "jed", "all")
CONTRACTED = {"im": "dem", "am": "dem", "zum": "dem", "vom": "dem", "zur": "der", "ins": "das",
              "ans": "das"}  # fmt: skip
WEAK_E = "nom-m nom-f nom-n acc-f acc-n"
MIXED = {"er": "nom-m", "es": "nom-n acc-n", "e": "nom-f acc-f"}


def _slots(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _determiner(word: str) -> tuple[frozenset[str], str] | None:
    """What a determiner may agree with, and the declension of the adjectives after it."""
    word = CONTRACTED.get(word, word)
    if word in ARTICLES:
        return _slots(ARTICLES[word]), "weak"
    for stem in STEMS_EIN:
        if word == stem:
            return _slots("nom-m nom-n acc-n"), "mixed"
        if word.startswith(stem) and word[len(stem) :] in ENDINGS:
            slots = _slots(ENDINGS[word[len(stem) :]])
            return (slots - _slots("nom-p acc-p dat-p gen-p") if stem == "ein" else slots), "mixed"
    for stem in STEMS_DIES:
        if word.startswith(stem) and word[len(stem) :] in ENDINGS:
            ending = word[len(stem) :]
            slots = _slots(ENDINGS[ending])
            return (slots | _slots("nom-n acc-n") if ending == "es" else slots), "weak"
    return None


NOUN_SLOTS: dict[str, set[str]] = {}
for _noun in NOUNS:
    for _case in CASES:
        NOUN_SLOTS.setdefault(noun_form(_noun, _case, False), set()).add(f"{_case}-{_noun.gender}")
        if _noun.german_plural:
            NOUN_SLOTS.setdefault(noun_form(_noun, _case, True), set()).add(f"{_case}-p")
ADJECTIVE_FORMS = {
    one.stem.removesuffix("e") + ending: ending for one in ADJECTIVES for ending in ENDINGS
}


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _agreeing(words: list[str], place: int) -> frozenset[str] | None:
    """The slots left for the noun at `place` and what stands before it; None if nothing does."""
    slots = frozenset(NOUN_SLOTS[words[place].rstrip(",.?")])
    endings = []
    words = [words[0].lower(), *words[1:]]
    while place > 0 and words[place - 1] in ADJECTIVE_FORMS:
        place -= 1
        endings.append(ADJECTIVE_FORMS[words[place]])
    before = words[place - 1] if place else ""
    # After a comma, or a preposition after one, der and die are relative pronouns.
    earlier = [word.endswith(",") for word in words[max(0, place - 3) : place - 1]]
    if any(earlier) or before == "ihr":
        return None
    found = _determiner(before)
    if found is None:
        return None
    slots &= found[0]
    for ending in endings:
        en = frozenset(f"{case}-{column}" for case in CASES for column in "mfnp")
        if found[1] == "weak":
            fits = _slots(WEAK_E)
            slots &= fits if ending == "e" else en - fits if ending == "en" else frozenset()
        else:
            fits = _slots(" ".join(MIXED.values()))
            slots &= en - fits if ending == "en" else _slots(MIXED.get(ending, ""))
    return slots


def test_german_determiners_adjectives_and_nouns_agree(everything: Rows) -> None:
    checked = 0
    for _, _, german in everything:
        words = german.split()
        for place, word in enumerate(words):
            if place and word.rstrip(",.?") in NOUN_SLOTS:
                slots = _agreeing(words, place)
                if slots is not None:
                    assert slots, (word, german)
                    checked += 1
    assert checked > 5000


def test_the_agreement_check_sees_errors() -> None:
    for wrong in (
        "Sie hört das Hund.",
        "Die alte Mann schläft.",
        "Ich helfe dem alte Mann.",
        "Ein alte Mann schläft.",
        "Er wohnt im Stadt.",
        "Sie sieht den Student.",
    ):
        words = wrong.split()
        places = [i for i, word in enumerate(words) if i and word.rstrip(".") in NOUN_SLOTS]
        assert any(_agreeing(words, place) == frozenset() for place in places), wrong


def _finite_forms() -> set[str]:
    every = [verb.german for frame in VERBS.values() for verb in frame]
    forms = {*BECOME, *HAVE_GERMAN.present, *HAVE_GERMAN.preterite}
    forms |= {"bin", "bist", "ist", "sind", "war", "warst", "waren"}
    for verb in every:
        forms |= _joined(verb)
    for modal in MODALS:
        past = modal.german_past
        forms |= {*modal.german, past, past + "st", past + "n"}
    return forms


def _joined(verb: German) -> set[str]:
    return {verb.prefix + form for form in (*verb.present, *verb.preterite)}


def test_german_subordinate_clauses_end_in_their_finite_verb(everything: Rows) -> None:
    finite, checked = _finite_forms(), 0
    for _, _, german in everything:
        match = re.search(r", (?:weil|obwohl|dass|bevor|während|als|wenn) ([^,]*)[.?]$", german)
        if match and " und " not in match.group(1):
            assert match.group(1).split()[-1] in finite, german
            checked += 1
    assert checked > 200


def test_german_main_clauses_have_the_verb_second(everything: Rows) -> None:
    """After a pronoun in first place, the finite verb follows at once."""
    checked, finite = 0, _finite_forms()
    for frame in VERBS.values():
        for verb in frame:
            finite |= {*verb.german.present, *verb.german.preterite}
    nominatives = {pronoun.nominative.capitalize() for pronoun in PRONOUNS}
    for _, _, german in everything:
        first, second, *_ = german.split()
        if first in nominatives:
            assert second.rstrip(".,") in finite, german
            checked += 1
    assert checked > 300


def test_german_spelling_and_commas(everything: Rows) -> None:
    for _, _, german in everything:
        assert re.fullmatch(r"[A-ZÄÖÜ][\w ,]*[.?]", german), german
        assert not re.search(r",,|, ?[.?]| ,|  ", german), german
        # Uncontracted only before a noun with a relative clause.
        assert not re.search(r"\b(in|an|von|zu) dem ", german) or "," in german, german
