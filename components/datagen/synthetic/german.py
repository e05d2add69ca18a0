"""The German side of the grammar: abstract syntax -> German words in order.

Verb second in main clauses, first in questions, last in subordinate clauses; the rest of the verb
(prefix, participle, infinitive) closes the bracket. Between them stand, in this order: subject,
reflexive and other pronouns, time, frequency, recipient, object, nicht, manner, further phrases,
predicate (Duden 4, "Die Grammatik", on the order in the middle field).
"""

from __future__ import annotations

from components.datagen.synthetic.declension import (
    RELATIVE,
    adjective_form,
    contracted,
    determiner_form,
    noun_form,
)
from components.datagen.synthetic.modifiers import BARE, NO, A
from components.datagen.synthetic.syntax import Clause, NounPhrase, Phrase, Sentence
from components.datagen.synthetic.verbs import BE_GERMAN, BECOME, HAVE_GERMAN

REFLEXIVES = ("mich", "dich", "sich", "uns", "sich")
CONJUNCTIONS = {
    "because": "weil", "although": "obwohl", "if": "wenn", "while": "während", "before": "bevor",
    "when": "wenn",
}  # fmt: skip
QUESTIONS = {"where": "wo", "when": "wann", "why": "warum", "what": "was"}
Words = list[str]


def sentence(value: Sentence) -> str:
    """The sentence as text: capital at the start, commas and full stop in place."""
    if value.kind == "statement":
        words = _main(value.clause, before=value.before)
    elif value.kind == "yes_no":
        words = _clause(value.clause, "first")
    else:
        words = _question(value.clause, value.kind)
    if value.second is not None:
        conjunction, clause = value.second
        words += ["und"] if conjunction == "and" else [",", "aber"]
        words += _main(clause)
    return _punctuated(words, "." if value.kind == "statement" else "?")


def _punctuated(words: Words, end: str) -> str:
    out: Words = []
    for word in [*words, end]:
        if word in (",", ".", "?"):
            if out and not out[-1].endswith(","):
                out[-1] += word
            elif out and word != ",":
                out[-1] = out[-1][:-1] + word
        else:
            out.append(word)
    text = " ".join(out)
    return text[0].upper() + text[1:]


def _main(clause: Clause, before: tuple[str, Clause] | None = None) -> Words:
    """A verb-second clause; its first place is taken by one phrase only."""
    if before is not None:
        return [*_subordinate(*before), ",", *_clause(clause, "first")]
    if clause.opening is not None:
        return [*clause.opening.german.split(), *_clause(clause, "first")]
    if clause.front == "time" and clause.time is not None:
        return [*clause.time.german.split(), *_clause(clause, "first")]
    if clause.front == "where" and clause.where is not None:
        return [*phrase(clause.where), *_clause(clause, "first")]
    return _clause(clause, "second")


def _question(clause: Clause, word: str) -> Words:
    if word == "who":
        return ["wer", *_clause(clause, "first")]
    if word == "whom":
        return [_who(clause), *_clause(clause, "first")]
    if word == "where" and clause.verb.frame in ("goal", "put"):
        return ["wohin", *_clause(clause, "first")]
    return [QUESTIONS[word], *_clause(clause, "first")]


def _who(clause: Clause) -> str:
    return "wem" if clause.verb.german.case == "dat" else "wen"


def _subordinate(conjunction: str, clause: Clause) -> Words:
    # A single event in the past is "als", anything else "wenn".
    past = conjunction == "when" and clause.tense == "past"
    return ["als" if past else CONJUNCTIONS[conjunction], *_clause(clause, "last")]


def _clause(clause: Clause, order: str) -> Words:
    """order: where the finite verb stands, "second" (after the subject), "first" or "last"."""
    finite, end = _verbs(clause, order == "last")
    subject = [] if clause.gap == "subject" else _subject(clause)
    pronouns, middle = _middle(clause)
    # Away from the first place, pronouns come even before a subject that is none: "weil mir der
    # Mann hilft", "weil er mir hilft".
    if order != "second" and clause.subject.pronoun is None:
        subject, pronouns = [*pronouns, *subject], []
    middle = [*pronouns, *middle]
    if order == "second":
        words = [*subject, finite, *middle, *end]
    elif order == "first":
        words = [finite, *subject, *middle, *end]
    else:
        words = [*subject, *middle, *end, finite]
    if clause.joined is not None:
        finite, end = _verbs(clause.joined, order == "last")
        inner = sum(_middle(clause.joined), [])
        tail = [*inner, *end, finite] if order == "last" else [finite, *inner, *end]
        words += ["und", *tail]
    return words + _after(clause)


def _subject(clause: Clause) -> Words:
    return ["es"] if clause.verb.frame == "exist" else noun_phrase(clause.subject, "nom")


def _after(clause: Clause) -> Words:
    """What follows the closing verb: clauses, between commas."""
    words: Words = []
    if clause.that is not None:
        words += [",", "dass", *_clause(clause.that, "last"), ","]
    if clause.infinitive is not None:
        words += [",", *_infinitive(clause.infinitive), ","]
    if clause.reason is not None:
        words += [",", *_subordinate(*clause.reason), ","]
    return words


def _infinitive(clause: Clause) -> Words:
    return [*sum(_middle(clause), []), *clause.verb.german.with_zu.split()]


def _verbs(clause: Clause, last: bool) -> tuple[str, Words]:
    """The finite verb and what stands at the end of the clause."""
    verb, tense = clause.verb.german, clause.tense
    index = 2 if clause.verb.frame == "exist" else clause.subject.index
    if clause.modal is not None:
        modal = clause.modal
        # "must not" forbids, so it is not "nicht müssen".
        forms = _forbidden(clause) or modal.german
        if tense == "past":
            stem = modal.german_past
            forms = (stem, stem + "st", stem, stem + "n", stem + "n")
        return forms[index], [verb.prefix + verb.infinitive]
    if tense == "future":
        return BECOME[index], [verb.prefix + verb.infinitive]
    # Speech to "du" uses the perfect where English has its simple past.
    spoken = tense == "past" and index == 1 and verb not in (BE_GERMAN, HAVE_GERMAN)
    if tense == "perfect" or spoken:
        auxiliary = BE_GERMAN if verb.sein else HAVE_GERMAN
        return auxiliary.present[index], [verb.participle]
    finite = verb.preterite[index] if tense == "past" else verb.present[index]
    if last:
        return verb.prefix + finite, []
    return finite, [verb.prefix] if verb.prefix else []


def _forbidden(clause: Clause) -> tuple[str, ...] | None:
    if clause.modal is not None and clause.modal.english == "must" and clause.negated:
        return "darf", "darfst", "darf", "dürfen", "dürfen"
    return None


def _middle(clause: Clause) -> tuple[Words, Words]:
    """The middle field without the subject: pronouns, and everything else."""
    verb = clause.verb.german
    pronouns: Words = [REFLEXIVES[clause.subject.index]] if verb.reflexive else []
    words: Words = []
    later: Words = []
    if clause.object is not None and not verb.preposition:
        short = clause.object.pronoun is not None
        (pronouns if short else later).extend(_object(clause))
    if clause.recipient is not None:
        recipient = noun_phrase(clause.recipient, "dat")
        if clause.recipient.pronoun is not None:
            pronouns += recipient
        else:
            later[:0] = recipient
    if clause.time is not None and clause.front != "time":
        words += clause.time.german.split()
    if clause.tense == "progressive":
        words.append("gerade")
    if clause.frequency is not None:
        words.append(clause.frequency.german)
    words += later
    if clause.negated and not _negated_by_kein(clause):
        words.append("nicht")
    if clause.manner is not None:
        words.append(clause.manner.german)
    if clause.extra is not None:
        words += phrase(clause.extra)
    if clause.object is not None and verb.preposition:
        words += phrase(Phrase("", verb.preposition, verb.case, clause.object))
    if clause.where is not None and clause.front != "where":
        words += phrase(clause.where)
    if clause.adjective is not None:
        words += _predicate(clause)
    return pronouns, words


def _negated_by_kein(clause: Clause) -> bool:
    value = clause.object
    return (
        value is not None
        and value.determiner in (A, BARE)
        and value.owner is None
        and not clause.verb.german.preposition
    )


def _object(clause: Clause) -> Words:
    assert clause.object is not None
    case = clause.verb.german.case
    if clause.negated and _negated_by_kein(clause):
        return noun_phrase(clause.object, case, negative=True)
    return noun_phrase(clause.object, case)


def _predicate(clause: Clause) -> Words:
    assert clause.adjective is not None
    if clause.than is None:
        return [clause.adjective.german]
    return [clause.adjective.comparatives[1], "als", *noun_phrase(clause.than, "nom")]


def phrase(value: Phrase) -> Words:
    """A prepositional phrase; no contraction before a noun that a relative clause picks out."""
    words = [value.german, *noun_phrase(value.noun_phrase, value.case)]
    return words if value.noun_phrase.relative is not None else contracted(words)


def noun_phrase(value: NounPhrase, case: str, negative: bool = False) -> Words:
    """A noun phrase in a case; `negative` puts kein for an indefinite article or none."""
    if value.pronoun is not None:
        pronoun = value.pronoun
        forms = {"nom": pronoun.nominative, "acc": pronoun.accusative, "dat": pronoun.dative}
        return [forms[case]]
    if value.both:
        first, second = value.both
        return [*noun_phrase(first, case), "und", *noun_phrase(second, case)]
    if value.name is not None:
        return [value.name.german]
    assert value.noun is not None
    column = "p" if value.plural else value.gender
    words: Words = []
    declension = "none"
    if value.owner is not None and value.owner.name is not None:
        words.append(value.owner.name.german + "s")
    elif value.determiner is not None:
        determiner = NO if negative else value.determiner
        form = determiner_form(determiner, case, column)
        words += [form] if form else []
        declension = determiner.declension
    words += [adjective_form(one, declension, case, column) for one in value.adjectives]
    words.append(noun_form(value.noun, case, value.plural))
    if value.owner is not None and value.owner.name is None:
        words += noun_phrase(value.owner, "gen")
    if value.attribute is not None:
        words += phrase(value.attribute)
    if value.relative is not None:
        words += [",", *_relative(value.relative, value), ","]
    return words


def _relative(clause: Clause, head: NounPhrase) -> Words:
    column = "p" if head.plural else head.gender
    verb = clause.verb.german
    if clause.gap == "subject":
        words = [RELATIVE["nom", column]]
    elif clause.gap == "where":
        assert head.noun is not None
        words = [head.noun.rest[1], RELATIVE["dat", column]]
    else:
        words = [verb.preposition] if verb.preposition else []
        words.append(RELATIVE[verb.case, column])
    return [*words, *_clause(clause, "last")]
