"""Drawing noun phrases and prepositional phrases at random, by what goes with what.

Every choice of a word for another (an adjective for a noun, a noun for a verb) is noted as a pair,
so that pairs can be kept out of the training split.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from components.datagen.synthetic import modifiers
from components.datagen.synthetic.modifiers import ADJECTIVES, Adjective, Determiner
from components.datagen.synthetic.nouns import CITIES, NAMES, NOUNS, PRONOUNS, Noun
from components.datagen.synthetic.syntax import NounPhrase, Phrase
from components.datagen.synthetic.verbs import Verb

Pair = tuple[str, str, str]
T = TypeVar("T")
FEW = 5
SECOND = ("old", "young", "black", "white", "brown", "red", "blue", "green")
_SINGULAR = (
    *[modifiers.THE] * 12, *[modifiers.A] * 7, *modifiers.POSSESSIVES[:5], modifiers.OTHERS[0],
    modifiers.OTHERS[2],
)  # fmt: skip
_PLURAL = (
    *[modifiers.THE] * 12, *[modifiers.BARE] * 5, *modifiers.POSSESSIVES, *modifiers.NUMBERS[:4],
    *(one for one in modifiers.OTHERS if "p" in one.numbers),
)  # fmt: skip
_MASS = (*[modifiers.THE] * 6, *[modifiers.BARE] * 4, *modifiers.POSSESSIVES[:3])
_NEW_SINGULAR = (modifiers.A, modifiers.A, modifiers.A, modifiers.NO)
_NEW_PLURAL = (modifiers.BARE, modifiers.NO, *modifiers.NUMBERS, *modifiers.OTHERS[4:])
_OWNED = frozenset("animal clothes thing dish vehicle furniture device kin home text".split())


@cache
def of_classes(classes: tuple[str, ...]) -> tuple[Noun, ...]:
    """The nouns that have one of the classes."""
    return tuple(noun for noun in NOUNS if noun.classes.intersection(classes))


@cache
def adjectives_of(noun: Noun) -> tuple[Adjective, ...]:
    """The adjectives that go with a noun."""
    return tuple(one for one in ADJECTIVES if one.classes & noun.classes)


class Phrases:
    """Draws phrases; `pairs` collects the word pairs of the sentence under way."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.pairs: list[Pair] = []

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def one(self, values: Sequence[T]) -> T:
        return values[int(self.rng.random() * len(values))]

    def noun(self, classes: tuple[str, ...], role: str = "", verb: Verb | None = None) -> Noun:
        """A noun of the classes; noted as subject (s) or object (o) of the verb."""
        fitting = of_classes(classes)
        noun = self.one(fitting)
        # With few nouns to choose from, holding one out could leave the verb untaught.
        if verb is not None and len(fitting) >= FEW:
            self.pairs.append((role, verb.key, noun.key))
        return noun

    def adjectives(self, noun: Noun, probability: float) -> tuple[Adjective, ...]:
        fitting = adjectives_of(noun)
        if not fitting or not self.chance(probability):
            return ()
        found = [self.one(fitting)]
        # "the lazy old farmer", "the big red car", and nothing like "the sad happy son"
        second = [one for one in fitting if one.english in SECOND]
        if second and found[0].english not in (*SECOND, "new") and self.chance(0.15):
            found.append(self.one(second))
        self.pairs += [("a", one.key, noun.key) for one in found]
        return tuple(found)

    def determined(self, noun: Noun, *, detail: float = 0.3, new: bool = False) -> NounPhrase:
        """A noun with determiner and perhaps adjectives; `new` as after "there is"."""
        plural = noun.plural is not None and self.chance(0.3)
        choices: Sequence[Determiner]
        if noun.plural is None:
            choices = (modifiers.BARE, modifiers.NO) if new else _MASS
        elif plural:
            choices = _NEW_PLURAL if new else _PLURAL
        else:
            choices = _NEW_SINGULAR if new else _SINGULAR
        return NounPhrase(noun, plural, self.one(choices), self.adjectives(noun, detail))

    def name(self) -> NounPhrase:
        return NounPhrase(name=self.one(NAMES))

    def pronoun(self, other: NounPhrase | None = None) -> NounPhrase:
        """A pronoun; as the object of `other` not one that would have to be reflexive."""
        while True:
            pronoun = self.one(PRONOUNS)
            clash = (0, 3) if pronoun.index in (0, 3) else (pronoun.index,)
            if other is None or other.index not in clash:
                return NounPhrase(pronoun=pronoun)

    def simple(
        self, classes: tuple[str, ...], role: str = "", verb: Verb | None = None
    ) -> NounPhrase:
        """A noun phrase with at most adjectives; people may have a name."""
        if "person" in classes and self.chance(0.15):
            return self.name()
        return self.determined(self.noun(classes, role, verb), detail=0.2)

    def owned(self, value: NounPhrase) -> NounPhrase:
        """Perhaps adds an owner: "Anna's dog", "the dog of the old man"."""
        noun = value.noun
        if noun is None or not noun.classes & _OWNED or not self.chance(0.08):
            return value
        if self.chance(0.5):
            value.owner, value.determiner = self.name(), None
        else:
            value.owner = NounPhrase(
                self.one(of_classes(("person",))),
                self.chance(0.2),
                self.one((modifiers.THE, modifiers.THE, *modifiers.POSSESSIVES[:3])),
            )
            value.determiner = modifiers.THE
        return value

    def attributed(self, value: NounPhrase) -> NounPhrase:
        """Perhaps adds what a person wears or where he or she is: "the man with the hat"."""
        noun = value.noun
        if noun is None or value.owner is not None or not self.chance(0.08):
            return value
        if "person" in noun.classes and self.chance(0.6):
            worn = self.noun(("attribute",))
            thing = NounPhrase(
                worn, False, self.one((modifiers.THE, modifiers.A)), self.adjectives(worn, 0.4)
            )
            value.attribute = Phrase("with", "mit", "dat", thing)
        elif noun.classes & {"person", "animal"}:
            value.attribute = self.at(("place",))
        return value

    def at(self, classes: tuple[str, ...], verb: Verb | None = None) -> Phrase:
        """Where something is: a place, a surface, or a city."""
        if "city" in classes and self.chance(0.5 if len(classes) > 1 else 1.0):
            return Phrase("in", "in", "dat", NounPhrase(name=self.one(CITIES)))
        noun = self.noun(tuple(one for one in classes if one != "city"), "w", verb)
        thing = NounPhrase(noun, False, self._place_determiner(), self.adjectives(noun, 0.15))
        english, german = noun.rest or ("on", "auf")
        return Phrase(english, german, "dat", thing)

    def to(self, classes: tuple[str, ...], verb: Verb) -> Phrase:
        """Where a motion ends."""
        if "city" in classes and self.chance(0.5 if len(classes) > 1 else 1.0):
            return Phrase("to", "nach", "dat", NounPhrase(name=self.one(CITIES)))
        noun = self.noun(tuple(one for one in classes if one != "city"), "w", verb)
        thing = NounPhrase(noun, False, self._place_determiner(), self.adjectives(noun, 0.15))
        return Phrase("to", noun.goal, "dat" if noun.goal == "zu" else "acc", thing)

    def onto(self, verb: Verb) -> Phrase:
        """The surface that a thing is put on."""
        noun = self.noun(("top",), "w", verb)
        thing = NounPhrase(noun, False, self._place_determiner(), self.adjectives(noun, 0.15))
        return Phrase("on", "auf", "acc", thing)

    def _place_determiner(self) -> Determiner:
        if self.chance(0.75):
            return modifiers.THE
        return self.one((modifiers.A, *modifiers.POSSESSIVES[:3], modifiers.OTHERS[0]))
