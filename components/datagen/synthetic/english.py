"""The English side of the grammar: abstract syntax -> a constituency tree in Penn style.

Trees follow the bracketing guidelines of the Penn Treebank (Bies et al. 1995) without function tags
and empty elements: (TOP (S (NP (DT The) (NN dog)) (VP (VBZ sleeps)) (. .))).
"""

from __future__ import annotations

import re

from components.datagen.synthetic.conjugation import English
from components.datagen.synthetic.modifiers import PARTICLE_TAGS
from components.datagen.synthetic.syntax import Clause, NounPhrase, Phrase, Sentence
from components.datagen.synthetic.verbs import Verb

_LEAF = re.compile(r"\(([^\s()]+) ([^()]+)\)")
_BE_FORMS = {
    "present": ("am", "are", "is", "are", "are"),
    "past": ("was", "were", "was", "were", "were"),
}


def tree(value: Sentence) -> str:
    """The sentence's tree on one line, its first word with a capital."""
    clause = value.clause
    if value.kind == "statement":
        text = f"(S {_statement(clause, value)} (. .))"
    elif value.kind == "yes_no":
        text = f"(SQ {_inverted(clause)} (. ?))"
    elif value.kind == "who":
        text = f"(SBARQ (WHNP (WP who)) (SQ {_verb_phrase(clause)}) (. ?))"
    else:
        word = {"whom": "(WHNP (WP who))", "what": "(WHNP (WP what))"}.get(value.kind)
        word = word or f"(WHADVP (WRB {value.kind}))"
        text = f"(SBARQ {word} (SQ {_inverted(clause)}) (. ?))"
    first = _LEAF.search(text)
    assert first is not None
    start = first.start(2)
    return f"(TOP {text[:start]}{text[start].upper()}{text[start + 1 :]})"


def words(tree_text: str) -> list[str]:
    """The words of a tree."""
    return [match.group(2) for match in _LEAF.finditer(tree_text)]


def text(tree_text: str) -> str:
    """The sentence of a tree as it is written: "The man's dog sleeps."."""
    out: list[str] = []
    for word in words(tree_text):
        if word in (",", ".", "?", "'s"):
            out[-1] += word
        else:
            out.append(word)
    return " ".join(out).replace("can not", "cannot").replace("Can not", "Cannot")


def _statement(clause: Clause, value: Sentence) -> str:
    before = f"{_subordinate(*value.before)} (, ,) " if value.before is not None else ""
    body = before + _clause(clause, main=True)
    if value.second is None:
        return body
    conjunction, other = value.second
    comma = "(, ,) " if conjunction == "but" else ""
    return f"(S {body}) {comma}(CC {conjunction}) (S {_clause(other, main=True)})"


def _subordinate(conjunction: str, clause: Clause) -> str:
    body = f"(S {_clause(clause)})"
    if conjunction == "when":
        return f"(SBAR (WHADVP (WRB when)) {body})"
    return f"(SBAR (IN {conjunction}) {body})"


def _clause(clause: Clause, main: bool = False) -> str:
    """Subject and verb phrase, after what the clause puts in front."""
    front = ""
    if main and clause.opening is not None:
        front = clause.opening.english + " "
    elif main and clause.front == "time" and clause.time is not None:
        front = clause.time.english + " "
    elif main and clause.front == "where" and clause.where is not None:
        front = phrase(clause.where) + " "
    subject = "" if clause.gap == "subject" else _subject(clause) + " "
    adverb = _adverb_before(clause)
    return front + subject + adverb + _verb_phrase(clause)


def _subject(clause: Clause) -> str:
    if clause.verb.frame == "exist":
        return "(NP (EX there))"
    return noun_phrase(clause.subject, "subject")


def _adverb_before(clause: Clause) -> str:
    """A frequency adverb stands before a simple verb and after an auxiliary."""
    if clause.frequency is None or _has_auxiliary(clause):
        return ""
    return clause.frequency.english + " "


def _has_auxiliary(clause: Clause) -> bool:
    return (
        clause.negated
        or clause.verb.english.base == "be"
        or clause.tense in ("progressive", "perfect", "future")
        or (clause.modal is not None and not clause.modal.to)
    )


def _verb_phrase(clause: Clause) -> str:
    first, rest = _parts(clause, auxiliary=False)
    whole = f"(VP {first}{_spaced(rest)})"
    if clause.joined is None:
        return whole
    return f"(VP {whole} (CC and) {_verb_phrase(clause.joined)})"


def _inverted(clause: Clause) -> str:
    """Auxiliary, subject, rest: the body of a question."""
    first, rest = _parts(clause, auxiliary=True)
    return f"{first} {_subject(clause)}{_spaced(rest)}"


def _spaced(text: str) -> str:
    return f" {text}" if text else ""


def _parts(clause: Clause, auxiliary: bool) -> tuple[str, str]:
    """The finite verb's leaf and the rest of the verb phrase.

    auxiliary: a form of "do" is needed if there is no other auxiliary (questions, "not").
    """
    index = _index(clause)
    verb, tense, core = clause.verb.english, clause.tense, _core(clause)
    adverb = ""
    if clause.frequency is not None and (_has_auxiliary(clause) or auxiliary):
        adverb = clause.frequency.english + " "
    between = ("(RB not) " if clause.negated else "") + adverb
    if clause.modal is not None:
        modal = clause.modal
        inner = f"(VP (VB {verb.base}){_spaced(core)})"
        if modal.english == "must" and tense == "past":  # "must" has no past
            modal_verb = English("have", "has", "had", "had", "having")
            return _finite_or_do(modal_verb, tense, index, between, auxiliary, _to(inner))
        if modal.to:
            modal_verb = English("want", "wants", "wanted", "wanted", "wanting")
            return _finite_or_do(modal_verb, tense, index, between, auxiliary, _to(inner))
        form = modal.past if tense == "past" else modal.english
        return f"(MD {form})", between + inner
    if tense == "future":
        return "(MD will)", f"{between}(VP (VB {verb.base}){_spaced(core)})"
    if tense == "perfect":
        has = "(VBZ has)" if index == 2 else "(VBP have)"
        return has, f"{between}(VP (VBN {verb.participle}){_spaced(core)})"
    if tense == "progressive":
        form = _BE_FORMS["present"][index]
        tag = "VBZ" if index == 2 else "VBP"
        return f"({tag} {form})", f"{between}(VP (VBG {verb.ing}){_spaced(core)})"
    return _finite_or_do(verb, tense, index, between, auxiliary, core)


def _to(inner: str) -> str:
    return f"(S (VP (TO to) {inner}))"


def _finite_or_do(
    verb: English, tense: str, index: int, between: str, auxiliary: bool, core: str
) -> tuple[str, str]:
    present_tag = "VBZ" if index == 2 else "VBP"
    tag = "VBD" if tense == "past" else present_tag
    if verb.base == "be":
        return f"({tag} {_BE_FORMS[tense][index]})", between + core
    if auxiliary or between.startswith("(RB not)"):
        do = "did" if tense == "past" else ("does" if index == 2 else "do")
        return f"({tag} {do})", f"{between}(VP (VB {verb.base}){_spaced(core)})"
    if tense == "past":
        return f"(VBD {verb.past})", core
    return f"({tag} {verb.third if index == 2 else verb.base})", core


def _index(clause: Clause) -> int:
    if clause.verb.frame == "exist" and clause.object is not None:
        return 4 if clause.object.plural else 2
    return clause.subject.index


def _core(clause: Clause) -> str:
    """What follows the verb itself inside its phrase."""
    parts = [_particle(clause.verb)]
    value = None if clause.object is None else noun_phrase(clause.object, "object")
    recipient = None if clause.recipient is None else noun_phrase(clause.recipient, "object")
    preposition = clause.verb.english.preposition
    if preposition:
        parts.append(f"(PP ({_tag(preposition)} {preposition}){_spaced(value or '')})")
    elif recipient is not None and not clause.to_recipient:
        parts += [recipient, value or ""]
    else:
        parts.append(value or "")
        if recipient is not None:
            parts.append(f"(PP (TO to) {recipient})")
    if clause.adjective is not None:
        parts.append(_predicate(clause))
    if clause.where is not None and clause.front != "where":
        parts.append(phrase(clause.where))
    if clause.extra is not None:
        parts.append(phrase(clause.extra))
    if clause.manner is not None:
        parts.append(clause.manner.english)
    if clause.time is not None and clause.front != "time":
        parts.append(clause.time.english)
    if clause.that is not None:
        parts.append(f"(SBAR (IN that) (S {_clause(clause.that)}))")
    if clause.infinitive is not None:
        inner = clause.infinitive
        parts.append(_to(f"(VP (VB {inner.verb.english.base}){_spaced(_core(inner))})"))
    if clause.reason is not None:
        parts.append(_subordinate(*clause.reason))
    return " ".join(part for part in parts if part)


def _particle(verb: Verb) -> str:
    particle = verb.english.particle
    if not particle:
        return ""
    return PARTICLE_TAGS.get(particle, f"(PRT (RP {particle}))")


def _predicate(clause: Clause) -> str:
    assert clause.adjective is not None
    if clause.than is None:
        return f"(ADJP (JJ {clause.adjective.english}))"
    than = f"(PP (IN than) {noun_phrase(clause.than, 'subject')})"
    more, _, comparative = clause.adjective.comparatives[0].rpartition(":")
    if more:
        return f"(ADJP (RBR {more}) (JJ {comparative}) {than})"
    return f"(ADJP (JJR {comparative}) {than})"


def _tag(preposition: str) -> str:
    return "TO" if preposition == "to" else "IN"


def phrase(value: Phrase) -> str:
    """A prepositional phrase."""
    inner = noun_phrase(value.noun_phrase, "object")
    return f"(PP ({_tag(value.english)} {value.english}) {inner})"


def noun_phrase(value: NounPhrase, role: str) -> str:
    """A noun phrase; `role` is subject or object and matters to pronouns only."""
    if value.pronoun is not None:
        form = value.pronoun.subject if role == "subject" else value.pronoun.object
        return f"(NP (PRP {form}))"
    if value.both:
        first, second = (noun_phrase(one, role) for one in value.both)
        return f"(NP {first} (CC and) {second})"
    if value.name is not None:
        return f"(NP (NNP {value.name.english}))"
    inner = f"(NP {_flat(value)})"
    if value.owner is not None and value.owner.name is None:
        inner = f"(NP {inner} (PP (IN of) {noun_phrase(value.owner, 'object')}))"
    if value.attribute is not None:
        inner = f"(NP {inner} {phrase(value.attribute)})"
    if value.relative is not None:
        inner = f"(NP {inner} {_relative(value.relative, value)})"
    return inner


def _flat(value: NounPhrase) -> str:
    """Determiner, adjectives and noun."""
    assert value.noun is not None
    parts: list[str] = []
    if value.owner is not None and value.owner.name is not None:
        parts.append(f"(NP (NNP {value.owner.name.english}) (POS 's))")
    elif value.determiner is not None and value.determiner.english:
        parts.append(f"({value.determiner.tag} {value.determiner.english})")
    parts += [f"(JJ {one.english})" for one in value.adjectives]
    if value.plural:
        parts.append(f"(NNS {value.noun.plural})")
    else:
        parts.append(f"(NN {value.noun.english})")
    after = value.adjectives[0].english if value.adjectives else value.noun.english
    if parts[0] == "(DT a)" and after[0] in "aeiou":
        parts[0] = "(DT an)"
    return " ".join(parts)


def _relative(clause: Clause, head: NounPhrase) -> str:
    if clause.gap == "where":
        return f"(SBAR (WHADVP (WRB where)) (S {_clause(clause)}))"
    word = "(WP who)" if head.person else "(WDT that)"
    return f"(SBAR (WHNP {word}) (S {_clause(clause)}))"
