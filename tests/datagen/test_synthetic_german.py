"""German morphology and word order, in phrases that a reader can check."""

from __future__ import annotations

import pytest

from components.datagen.synthetic import english, german, verbs
from components.datagen.synthetic.modifiers import (
    ADJECTIVES,
    BARE,
    NUMBERS,
    POSSESSIVES,
    THE,
    TIMES,
    A,
    Adjective,
    Determiner,
)
from components.datagen.synthetic.nouns import NAMES, NOUNS, PRONOUNS, Noun
from components.datagen.synthetic.syntax import Clause, NounPhrase, Phrase, Sentence
from components.datagen.synthetic.verbs import VERBS, Verb


def noun(german_word: str) -> Noun:
    return next(one for one in NOUNS if one.german == german_word)


def adjective(german_word: str) -> Adjective:
    return next(one for one in ADJECTIVES if one.german == german_word)


def verb(with_zu: str, frame: str = "object") -> Verb:
    return next(one for one in VERBS[frame] if one.german.with_zu == with_zu)


def thing(word: str, determiner: Determiner = THE, *how: str, plural: bool = False) -> NounPhrase:
    return NounPhrase(noun(word), plural, determiner, tuple(adjective(one) for one in how))


HE, SHE, ME, YOU = (
    NounPhrase(pronoun=next(one for one in PRONOUNS if one.subject == word))
    for word in ("he", "she", "I", "you")
)


@pytest.mark.parametrize(
    ("phrase", "case", "expected"),
    [
        (thing("Hund", THE, "klein"), "nom", "der kleine Hund"),
        (thing("Hund", THE, "klein"), "acc", "den kleinen Hund"),
        (thing("Hund", A, "klein"), "nom", "ein kleiner Hund"),
        (thing("Auto", POSSESSIVES[0], "neu"), "nom", "mein neues Auto"),
        (thing("Auto", POSSESSIVES[4], "neu"), "dat", "unserem neuen Auto"),
        (thing("Wasser", BARE, "kalt"), "acc", "kaltes Wasser"),
        (thing("Frau", THE, "alt"), "gen", "der alten Frau"),
        (thing("Kind", THE), "gen", "des Kindes"),
        (thing("Lehrer", THE), "gen", "des Lehrers"),
        (thing("Geheimnis", THE), "gen", "des Geheimnisses"),
        (thing("Student", THE, "jung"), "acc", "den jungen Studenten"),
        (thing("Affe", A), "gen", "eines Affen"),
        (thing("Frau", NUMBERS[0], "alt", plural=True), "nom", "zwei alte Frauen"),
        (thing("Mann", BARE, "alt", plural=True), "dat", "alten Männern"),
        (thing("Auto", THE, plural=True), "dat", "den Autos"),
        (thing("Haus", A, "teuer"), "nom", "ein teures Haus"),
        (thing("Zimmer", THE, "dunkel"), "dat", "dem dunklen Zimmer"),
        (thing("Mann", THE, "müde"), "nom", "der müde Mann"),
    ],
)
def test_noun_phrases(phrase: NounPhrase, case: str, expected: str) -> None:
    assert " ".join(german.noun_phrase(phrase, case)) == expected


@pytest.mark.parametrize(
    ("preposition", "case", "word", "expected"),
    [
        ("in", "dat", "Haus", "im Haus"),
        ("in", "acc", "Stadt", "in die Stadt"),
        ("zu", "dat", "Schule", "zur Schule"),
        ("an", "acc", "See", "an den See"),
        ("auf", "acc", "Tisch", "auf den Tisch"),
        ("von", "dat", "Hund", "vom Hund"),
    ],
)
def test_prepositions(preposition: str, case: str, word: str, expected: str) -> None:
    assert " ".join(german.phrase(Phrase("", preposition, case, thing(word)))) == expected


READ, CALL, EAT = verb("zu lesen"), verb("anzurufen"), verb("zu essen")
YESTERDAY = next(one for one in TIMES if one.german == "gestern")


@pytest.mark.parametrize(
    ("sentence", "expected_english", "expected_german"),
    [
        (
            Sentence(Clause(READ, HE, "past", object=thing("Buch"), time=YESTERDAY, front="time")),
            "Yesterday he read the book.",
            "Gestern las er das Buch.",
        ),
        (
            Sentence(Clause(CALL, SHE, "present", object=thing("Arzt", A))),
            "She calls a doctor.",
            "Sie ruft einen Arzt an.",
        ),
        (
            Sentence(Clause(CALL, SHE, "perfect", object=thing("Arzt"))),
            "She has called the doctor.",
            "Sie hat den Arzt angerufen.",
        ),
        (
            Sentence(Clause(EAT, ME, "present", verbs.CAN, True, object=thing("Apfel", A))),
            "I cannot eat an apple.",
            "Ich kann keinen Apfel essen.",
        ),
        (
            Sentence(Clause(READ, HE, "present", verbs.MUST, True, object=thing("Buch"))),
            "He must not read the book.",
            "Er darf das Buch nicht lesen.",
        ),
        (
            Sentence(Clause(READ, HE, "past", verbs.MUST, object=thing("Buch"))),
            "He had to read the book.",
            "Er musste das Buch lesen.",
        ),
        (
            Sentence(Clause(READ, YOU, "past", object=thing("Buch")), "yes_no"),
            "Did you read the book?",
            "Hast du das Buch gelesen?",
        ),
        (
            Sentence(
                Clause(verb("zu schlafen", "none"), HE, "present"),
                before=("when", Clause(CALL, SHE, "past", object=thing("Arzt"))),
            ),
            "When she called the doctor, he sleeps.",
            "Als sie den Arzt anrief, schläft er.",
        ),
        (
            Sentence(
                Clause(
                    verb("zu versuchen", "to"), SHE, "present",
                    infinitive=Clause(CALL, SHE, "present", object=thing("Arzt")),
                )
            ),
            "She tries to call the doctor.",
            "Sie versucht, den Arzt anzurufen.",
        ),
        (
            Sentence(
                Clause(
                    verb("zu geben", "two"), thing("Mann"), "present",
                    recipient=SHE, to_recipient=True, object=thing("Ring"),
                    reason=("because", Clause(verb("zu helfen"), thing("Frau"), "present",
                                              object=HE)),
                )
            ),
            "The man gives the ring to her because the woman helps him.",
            "Der Mann gibt ihr den Ring, weil ihm die Frau hilft.",
        ),
        (
            Sentence(
                Clause(
                    verb("zu kennen"), ME, "present",
                    object=NounPhrase(
                        noun("Mädchen"), False, THE,
                        relative=Clause(verb("zu erinnern"), HE, "present", gap="object"),
                    ),
                )
            ),
            "I know the girl who he remembers.",
            "Ich kenne das Mädchen, an das er sich erinnert.",
        ),
        (
            Sentence(
                Clause(
                    verb("zu sehen"), HE, "progressive", negated=True,
                    object=NounPhrase(noun("Hund"), owner=NounPhrase(name=NAMES[0])),
                )
            ),
            "He is not seeing Anna's dog.",
            "Er sieht gerade Annas Hund nicht.",
        ),
        (
            Sentence(
                Clause(verb("zu gehen", "goal"), thing("Kind"), "present", gap="where"), "where"
            ),
            "Where does the child go?",
            "Wohin geht das Kind?",
        ),
        (
            Sentence(
                Clause(verbs.EXIST, thing("Hund", A), "present", object=thing("Hund", A),
                       where=Phrase("in", "in", "dat", thing("Garten")))
            ),
            "There is a dog in the garden.",
            "Es gibt einen Hund im Garten.",
        ),
    ],
)  # fmt: skip
def test_sentences(sentence: Sentence, expected_english: str, expected_german: str) -> None:
    assert english.text(english.tree(sentence)) == expected_english
    assert german.sentence(sentence) == expected_german


def test_attachment_shows_in_the_tree() -> None:
    hat = Phrase("with", "mit", "dat", thing("Hut"))
    hammer = Phrase("with", "mit", "dat", thing("Hammer"))
    man = NounPhrase(noun("Mann"), False, THE, attribute=hat)
    to_noun = english.tree(Sentence(Clause(verb("zu sehen"), HE, "present", object=man)))
    to_verb = english.tree(
        Sentence(Clause(verb("zu öffnen"), HE, "present", object=thing("Kiste"), extra=hammer))
    )
    assert "(NP (NP (DT the) (NN man)) (PP (IN with)" in to_noun
    assert "(VP (VBZ opens) (NP (DT the) (NN box)) (PP (IN with)" in to_verb


def test_words_that_context_translates() -> None:
    def ambiguous(base: str) -> set[str]:
        every = [one for frame in VERBS.values() for one in frame if one.english.base == base]
        return {one.german.prefix + one.german.infinitive for one in every}

    assert {"essen", "fressen"} <= ambiguous("eat")
    assert {"kennen", "wissen"} <= ambiguous("know")
    assert {"legen", "stellen", "anziehen"} <= ambiguous("put")
    assert {one.german for one in NOUNS if one.english == "plant"} == {"Pflanze", "Fabrik"}
