"""The abstract syntax that English and German share: what a sentence says, not how.

`english.py` and `german.py` each turn these values into a sentence; together the three are a
synchronous grammar (in the manner of Ranta 2004, "Grammatical Framework").
"""

from __future__ import annotations

from dataclasses import dataclass, field

from components.datagen.synthetic.modifiers import Adjective, Adverb, Determiner
from components.datagen.synthetic.nouns import Name, Noun, Pronoun
from components.datagen.synthetic.verbs import Modal, Verb

TENSES = ("present", "progressive", "past", "perfect", "future")


@dataclass(slots=True)
class NounPhrase:
    """One of: a noun with what belongs to it, a name, a pronoun, or two phrases joined by "and".

    owner: the possessor, "Anna's dog" for a name and "the dog of the man" for a noun.
    relative: a clause with a gap that this noun phrase fills.
    """

    noun: Noun | None = None
    plural: bool = False
    determiner: Determiner | None = None
    adjectives: tuple[Adjective, ...] = ()
    owner: NounPhrase | None = None
    attribute: Phrase | None = None
    relative: Clause | None = None
    name: Name | None = None
    pronoun: Pronoun | None = None
    both: tuple[NounPhrase, ...] = ()

    @property
    def index(self) -> int:
        """The row of every verb's paradigm that agrees with it."""
        if self.pronoun is not None:
            return self.pronoun.index
        return 4 if self.plural or self.both else 2

    @property
    def gender(self) -> str:
        """m, f or n; names have their bearer's."""
        if self.noun is not None:
            return self.noun.gender
        return self.name.gender if self.name is not None else ""

    @property
    def person(self) -> bool:
        """Whether English says "who" and not "which"."""
        return self.noun is None or "person" in self.noun.classes


@dataclass(slots=True)
class Phrase:
    """A preposition and its noun phrase; `case` is what the German preposition takes here."""

    english: str
    german: str
    case: str
    noun_phrase: NounPhrase


@dataclass(slots=True)
class Clause:
    """A verb with its subject, objects and adverbials.

    gap: which of subject, object, where is missing because a relative pronoun or a question
        word stands for it.
    to_recipient: English says "gives the book to him" and not "gives him the book".
    front: what German and English put before the subject: "" | "time" | "where".
    joined: a second verb phrase of the same subject, after "and".
    reason: a final subordinate clause with its conjunction.
    """

    verb: Verb
    subject: NounPhrase
    tense: str
    modal: Modal | None = None
    negated: bool = False
    recipient: NounPhrase | None = None
    to_recipient: bool = False
    object: NounPhrase | None = None
    adjective: Adjective | None = None
    than: NounPhrase | None = None
    where: Phrase | None = None
    extra: Phrase | None = None
    time: Adverb | None = None
    frequency: Adverb | None = None
    manner: Adverb | None = None
    opening: Adverb | None = None
    front: str = ""
    gap: str = ""
    that: Clause | None = None
    infinitive: Clause | None = None
    joined: Clause | None = None
    reason: tuple[str, Clause] | None = None


@dataclass(slots=True)
class Sentence:
    """A statement, a question, or two statements.

    kind: "statement" | "yes_no" | a question word: who, whom, what, where, when, why
    before: a subordinate clause, with its conjunction, that opens the sentence.
    second: another main clause, with "and" or "but".
    pairs: the word pairs that decide which splits the sentence may be in.
    """

    clause: Clause
    kind: str = "statement"
    before: tuple[str, Clause] | None = None
    second: tuple[str, Clause] | None = None
    pairs: list[tuple[str, str, str]] = field(default_factory=list)
