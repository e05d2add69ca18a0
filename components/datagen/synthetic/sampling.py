"""Drawing whole sentences of the grammar at random."""

from __future__ import annotations

from components.datagen.synthetic import modifiers
from components.datagen.synthetic.clauses import NO_PROGRESSIVE, SIMPLE_FRAMES, Clauses
from components.datagen.synthetic.syntax import Clause, NounPhrase, Sentence
from components.datagen.synthetic.verbs import VERBS

# Conjunction: the tenses of the main and of the subordinate clause.
CONJUNCTIONS = {
    "because": (("present", "present"), ("past", "past"), ("future", "present")),
    "although": (("present", "present"), ("past", "past"), ("perfect", "present")),
    "if": (("present", "present"), ("future", "present")),
    "when": (("present", "present"), ("past", "past")),
    "while": (("present", "present"), ("past", "past")),
    "before": (("present", "present"), ("past", "past")),
}

# Verbs that do not ask for a place, so that one may open the sentence.
FREE_PLACE = ("none", "object", "exist")


class Sentences(Clauses):
    """Draws sentences."""

    def sentence(self) -> Sentence:
        """One sentence, with its word pairs."""
        self.pairs = []
        value = self._sentence()
        value.pairs = self.pairs
        return value

    def _sentence(self) -> Sentence:
        draw = self.rng.random()
        if draw < 0.07:
            return Sentence(self.clause(SIMPLE_FRAMES, detail=0.5), "yes_no")
        if draw < 0.13:
            return self._question()
        if draw < 0.19:
            first, second = self.clause(detail=0.4), self.clause(detail=0.2)
            return Sentence(first, second=(self.one(("and", "but")), second))
        if draw < 0.32:
            return self._complex()
        clause = self.clause()
        if self.chance(0.04):
            clause.opening = self.one(modifiers.OPENINGS)
        elif clause.time is not None and self.chance(0.5):
            clause.front = "time"
        elif clause.where is not None and clause.verb.frame in FREE_PLACE and self.chance(0.3):
            clause.front = "where"
        elif self.chance(0.06) and self._can_join(clause):
            self._join(clause)
        return Sentence(clause)

    def _question(self) -> Sentence:
        kind = self.one(("who", "whom", "what", "where", "when", "why"))
        if kind == "who":
            clause = self.clause(("none", "object", "two", "goal"), detail=0.4)
            clause.subject, clause.gap = NounPhrase(), "subject"
            return Sentence(clause, kind)
        if kind in ("whom", "what"):
            wanted = "person" if kind == "whom" else "food text clothes thing vehicle"
            fitting = [
                verb
                for verb in VERBS["object"]
                if set(wanted.split()).intersection(verb.objects)
                and not verb.german.preposition
                and not verb.english.preposition
                and (kind == "whom" or "person" not in verb.objects)
            ]
            clause = self.begin(self.one(fitting), detail=0.4)
            clause.gap = "object"
            return Sentence(clause, kind)
        if kind == "where":
            clause = self.clause(("rest", "goal", "put", "object"), detail=0.4)
            clause.where, clause.gap = None, "where"
            return Sentence(clause, kind)
        clause = self.clause(("none", "object", "goal", "two"), detail=0.4)
        if kind == "when":
            clause.time = clause.frequency = None
        return Sentence(clause, kind)

    def _complex(self) -> Sentence:
        conjunction = self.one(tuple(CONJUNCTIONS))
        main_tense, tense = self.one(CONJUNCTIONS[conjunction])
        main = self.clause(SIMPLE_FRAMES, tense=main_tense, detail=0.3)
        other = self.clause(SIMPLE_FRAMES, tense=tense, detail=0.3)
        other.time = main.frequency = None
        if conjunction == "when":  # "every day, when" would be wenn in the past too
            main.time = None
        if self.chance(0.5):
            return Sentence(main, before=(conjunction, other))
        main.reason = (conjunction, other)
        return Sentence(main)

    def _can_join(self, clause: Clause) -> bool:
        return (
            clause.verb.frame in ("none", "object", "goal")
            and clause.modal is None
            and "person" in clause.verb.subjects
            and clause.subject.person
            and clause.reason is None
        )

    def _join(self, clause: Clause) -> None:
        fitting = [
            verb
            for verb in (*VERBS["none"], *VERBS["object"])
            if "person" in verb.subjects and verb.english.base not in NO_PROGRESSIVE
        ]
        joined = Clause(self.one(fitting), clause.subject, clause.tense)
        self.complete(joined, detail=0.2)
        clause.joined = joined
