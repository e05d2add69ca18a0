"""Conjugation: the forms of English and German verbs from their entries in the lexicon."""

from __future__ import annotations

from dataclasses import dataclass

from components.datagen.synthetic.nouns import english_plural

_DOUBLED = ("get", "put", "cut", "run", "sit", "swim", "win", "begin", "forget", "travel")


@dataclass(frozen=True, slots=True)
class English:
    """An English verb: five forms, a particle and the preposition of its object."""

    base: str
    third: str
    past: str
    participle: str
    ing: str
    particle: str = ""
    preposition: str = ""


@dataclass(frozen=True, slots=True)
class German:
    """A German verb. `present` and `preterite` have five forms: ich, du, er, wir, sie (plural)."""

    infinitive: str
    with_zu: str
    present: tuple[str, ...]
    preterite: tuple[str, ...]
    participle: str
    prefix: str = ""
    sein: bool = False
    reflexive: bool = False
    preposition: str = ""
    case: str = "acc"


def english_verb(text: str) -> English:
    """From "base past participle" (- - regular), then a particle, then "+preposition"."""
    base, past, participle, *more = text.split()
    ending = base if not base.endswith("e") else base[:-1]
    if base.endswith("y") and base[-2] not in "aeou":
        regular = base[:-1] + "ied"
    else:
        regular = ending + "ed"
    if base == "lie":
        ing = "lying"
    elif base.endswith("ee"):
        ing = base + "ing"
    else:
        ing = (base + base[-1] if base in _DOUBLED else ending) + "ing"
    particle = next((word for word in more if not word.startswith("+")), "")
    preposition = next((word[1:] for word in more if word.startswith("+")), "")
    past, participle = (regular if form == "-" else form for form in (past, participle))
    return English(base, english_plural(base), past, participle, ing, particle, preposition)


def german_verb(text: str) -> German:
    """From "prefix/infinitive third preterite participle" and what it governs (see verbs.py)."""
    infinitive, third, past, *more = text.split()
    sein = more[0] == "ist"
    participle, *more = more[1:] if sein else more
    reflexive = "sich" in more
    governed = next((word for word in more if ":" in word), "")
    preposition, _, case = governed.partition(":")
    prefix, _, base = infinitive.rpartition("/")
    return German(
        base,
        f"{prefix}zu{base}" if prefix else f"zu {base}",
        present_forms(base, third),
        preterite_forms(past),
        participle,
        prefix,
        sein,
        reflexive,
        preposition,
        case or ("dat" if "dat" in more else "acc"),
    )


def present_forms(infinitive: str, third: str) -> tuple[str, ...]:
    """ich, du, er, wir, sie; `third` shows the changed stem: laufen, läuft -> du läufst."""
    stem = infinitive[:-2] if infinitive.endswith("en") else infinitive[:-1]
    first = stem[:-2] + "le" if infinitive.endswith("eln") else stem + "e"
    second = third[:-1] + ("t" if third[-2] in "sßzx" else "st")
    return first, second, third, infinitive, infinitive


def preterite_forms(first: str) -> tuple[str, ...]:
    """ich, du, er, wir, sie of a weak (lachte) or strong (lief) preterite."""
    if first.endswith("e"):
        return first, first + "st", first, first + "n", first + "n"
    second = first + ("est" if first[-1] in "tdsßz" else "st")
    return first, second, first, first + "en", first + "en"
