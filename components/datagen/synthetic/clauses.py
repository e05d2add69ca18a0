"""Drawing clauses at random: a verb, what it asks for, and what else there is to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from components.datagen.synthetic import modifiers, verbs
from components.datagen.synthetic.modifiers import Adjective
from components.datagen.synthetic.nouns import Noun
from components.datagen.synthetic.phrases import Phrases, adjectives_of, of_classes
from components.datagen.synthetic.syntax import Clause, NounPhrase, Phrase
from components.datagen.synthetic.verbs import VERBS, Modal, Verb

# How often each frame is used, in percent of the clauses.
FRAMES = (
    *["none"] * 16, *["object"] * 41, *["two"] * 9, *["goal"] * 8, *["rest"] * 6, *["put"] * 3,
    *["that"] * 4, *["to"] * 4, *["be"] * 7, *["exist"] * 2,
)  # fmt: skip
SIMPLE_FRAMES = tuple(frame for frame in FRAMES if frame not in ("that", "to", "exist"))
TENSES = (
    *["present"] * 38, *["past"] * 28, *["perfect"] * 13, *["future"] * 11, *["progressive"] * 10,
)  # fmt: skip
NO_PROGRESSIVE = frozenset(
    "be have know love need understand forget remember believe see hear say think decide promise "
    "win find lose arrive disappear".split()
)
WITH_TOOL = {"open": "tool", "repair": "tool", "cut": "tool", "break": "tool", "see": "watch"}
FOR_SOMEBODY = frozenset("buy bake paint build write draw sing".split())
PERSON = ("person",)
BE_CLASSES = (
    "person", "animal", "vehicle", "place", "clothes", "food", "text", "thing", "topic",
    "furniture", "dish", "drink",
)  # fmt: skip


@cache
def _verbs_with_subject(noun: Noun) -> tuple[Verb, ...]:
    frames = (*VERBS["none"], *VERBS["object"])
    return tuple(verb for verb in frames if noun.classes.intersection(verb.subjects))


@cache
def _verbs_with_object(noun: Noun) -> tuple[Verb, ...]:
    return tuple(verb for verb in VERBS["object"] if noun.classes.intersection(verb.objects))


@cache
def _comparable(noun: Noun) -> tuple[Adjective, ...]:
    return tuple(one for one in adjectives_of(noun) if one.comparatives)


def _negatable(subject: NounPhrase) -> bool:
    """ "Every man does not sleep" has two meanings, "no man does not sleep" is hard to read."""
    return subject.determiner not in (modifiers.NO, modifiers.EVERY, modifiers.ALL)


class Clauses(Phrases):
    """Draws clauses."""

    def clause(
        self, frames: Sequence[str] = FRAMES, *, tense: str = "", detail: float = 1.0
    ) -> Clause:
        """A clause; `detail` scales how much is said beyond what the verb asks for."""
        frame = self.one(frames)
        if frame == "be":
            return self._be(tense, detail)
        if frame == "exist":
            return self._exist(tense)
        clause = self.begin(self.one(VERBS[frame]), tense, detail)
        self.complete(clause, detail)
        self._adverbials(clause, detail)
        return clause

    def begin(self, verb: Verb, tense: str = "", detail: float = 1.0) -> Clause:
        """Subject, tense, modal and negation."""
        tense = tense or self.one(TENSES)
        if tense == "progressive" and verb.english.base in NO_PROGRESSIVE:
            tense = "present"
        clause = Clause(verb, self._subject(verb, detail), tense)
        if tense in ("present", "past") and verb.frame != "that" and self.chance(0.16):
            clause.modal = self._modal(tense)
        clause.negated = self.chance(0.12) and _negatable(clause.subject)
        return clause

    def _modal(self, tense: str) -> Modal:
        if tense == "past":
            return self.one((verbs.CAN, verbs.MUST, verbs.WANT))
        return self.one(verbs.MODALS)

    def _subject(self, verb: Verb, detail: float) -> NounPhrase:
        if "person" in verb.subjects:
            draw = self.rng.random()
            if draw < 0.27:
                return self.pronoun()
            if draw < 0.37:
                return self.name()
            if draw < 0.40:
                return NounPhrase(both=(self.simple(PERSON), self.simple(PERSON)))
        value = self.determined(self.noun(verb.subjects, "s", verb))
        if self.chance(0.02):
            value.determiner = modifiers.NO
        return self._extended(value, detail)

    def _extended(self, value: NounPhrase, detail: float) -> NounPhrase:
        """Perhaps an owner, an attribute or a relative clause; not after "no"."""
        if value.determiner is modifiers.NO or not self.chance(detail):
            return value
        value = self.attributed(self.owned(value))
        if value.owner is None and value.attribute is None and self.chance(0.08):
            value.relative = self._relative(value)
        return value

    def _relative(self, head: NounPhrase) -> Clause | None:
        noun = head.noun
        assert noun is not None
        tense = self.one(("present", "present", "past", "past", "perfect"))
        plain = replace(head, adjectives=(), relative=None)
        if noun.rest:
            verb = self.one([one for one in VERBS["rest"] if one.english.base != "stand"])
            return Clause(verb, self.simple(PERSON), tense, gap="where")
        subject_verbs, object_verbs = _verbs_with_subject(noun), _verbs_with_object(noun)
        if subject_verbs and (not object_verbs or self.chance(0.5)):
            clause = Clause(self.one(subject_verbs), plain, tense, gap="subject")
            self.pairs.append(("s", clause.verb.key, noun.key))
            self.complete(clause, detail=0.0)
            return clause
        if not object_verbs:
            return None
        verb = self.one(object_verbs)
        self.pairs.append(("o", verb.key, noun.key))
        people = "person" in verb.subjects
        subject = self.pronoun() if people and self.chance(0.5) else self.simple(verb.subjects)
        return Clause(verb, subject, tense, gap="object")

    def complete(self, clause: Clause, detail: float) -> None:
        """What the verb's frame asks for."""
        verb = clause.verb
        if verb.frame in ("object", "two", "put"):
            clause.object = self._object(clause, detail)
        if verb.frame == "two":
            person = self.chance(0.4)
            clause.recipient = (
                self.pronoun(clause.subject) if person else self.simple(PERSON, "r", verb)
            )
            clause.to_recipient = self.chance(0.4)
        if verb.frame == "goal":
            clause.where = self.to(verb.objects, verb)
        elif verb.frame == "rest":
            clause.where = self.at(verb.objects, verb)
        elif verb.frame == "put":
            clause.where = self.onto(verb)
        elif verb.frame == "that":
            clause.that = self.clause(SIMPLE_FRAMES, detail=0.2)
        elif verb.frame == "to":
            self._infinitive(clause)

    def _object(self, clause: Clause, detail: float) -> NounPhrase:
        verb = clause.verb
        if "person" in verb.objects and "person" in verb.subjects:
            draw = self.rng.random()
            if draw < 0.2:
                return self.pronoun(clause.subject)
            if draw < 0.3:
                return self.name()
        value = self.determined(self.noun(verb.objects, "o", verb))
        return self.owned(value) if clause.negated else self._object_extended(value, detail)

    def _object_extended(self, value: NounPhrase, detail: float) -> NounPhrase:
        value = self.owned(value) if self.chance(detail) else value
        if value.owner is None and value.noun is not None and self.chance(0.07 * detail):
            value.relative = self._relative(value)
        return value

    def _infinitive(self, clause: Clause) -> None:
        fitting = [
            verb
            for frame in ("none", "object", "object", "two", "goal")
            for verb in VERBS[frame]
            if "person" in verb.subjects and verb.english.base not in NO_PROGRESSIVE
        ]
        inner = Clause(self.one(fitting), clause.subject, "present")
        self.complete(inner, detail=0.2)
        clause.infinitive = inner

    def _adverbials(self, clause: Clause, detail: float) -> None:
        """Time, frequency, manner, place, tool: at most two of them."""
        verb, base = clause.verb, clause.verb.english.base
        if not self.chance(0.3 + 0.7 * detail) or verb.frame in ("that", "to"):
            return
        draw = self.rng.random()
        if draw < 0.24:
            times = [one for one in modifiers.TIMES if clause.tense in one.tenses]
            clause.time = self.one(times) if times else None
        elif draw < 0.36:
            plain = clause.modal is None and not clause.negated
            if plain and clause.tense in ("present", "past"):
                clause.frequency = self.one(modifiers.FREQUENCIES)
        elif draw < 0.44:
            active = base not in NO_PROGRESSIVE and verb.frame in ("none", "object", "goal")
            active = active and not clause.negated
            clause.manner = self.one(modifiers.MANNERS) if active else None
        if verb.frame in ("none", "object") and self.chance(0.1) and clause.manner is None:
            self._surroundings(clause)

    def _surroundings(self, clause: Clause) -> None:
        base = clause.verb.english.base
        if base in WITH_TOOL and self.chance(0.7):
            noun = self.noun((WITH_TOOL[base],), "t", clause.verb)
            choices = (modifiers.THE, modifiers.A, *modifiers.POSSESSIVES[:3])
            tool = NounPhrase(noun, False, self.one(choices), self.adjectives(noun, 0.2))
            clause.extra = Phrase("with", "mit", "dat", tool)
        elif base in FOR_SOMEBODY and self.chance(0.7):
            clause.extra = Phrase("for", "für", "acc", self.simple(PERSON))
        elif clause.verb.subjects[0] == "person" and not clause.verb.german.preposition:
            clause.where = self.at(("place",))

    def _be(self, tense: str, detail: float) -> Clause:
        """ "The dog is old", "is older than the cat", "is in the garden"."""
        tense = tense if tense in ("present", "past") else self.one(("present", "present", "past"))
        noun = self.one([one for one in of_classes(BE_CLASSES) if adjectives_of(one)])
        subject = self._extended(self.determined(noun, detail=0.1), 0.5 * detail)
        clause = Clause(verbs.BE, subject, tense)
        clause.negated = self.chance(0.15) and _negatable(subject)
        if self.chance(0.2) and noun.classes & {"person", "animal"}:
            clause.where = self.at(("place", "city"))
        elif self.chance(0.25) and _comparable(noun):
            clause.adjective = self.one(_comparable(noun))
            others = [one for one in of_classes(tuple(noun.classes)) if one is not noun]
            clause.than = self.determined(self.one(others), detail=0.0)
        else:
            clause.adjective = self.one(adjectives_of(noun))
        if clause.adjective is not None:
            self.pairs.append(("a", clause.adjective.key, noun.key))
        return clause

    def _exist(self, tense: str) -> Clause:
        """ "There is a dog in the garden"."""
        tense = tense if tense in ("present", "past") else self.one(("present", "past"))
        noun = self.noun(("person", "animal", "vehicle", "plant", "furniture"), "e", verbs.EXIST)
        thing = self.determined(noun, new=True)
        return Clause(verbs.EXIST, thing, tense, object=thing, where=self.at(("place",)))
