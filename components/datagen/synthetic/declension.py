"""German declension: nouns, adjectives, articles, relative pronouns.

Tables are written as grammars print them: a row a case (nom acc dat gen), columns m f n plural.
"""

from __future__ import annotations

import re

from components.datagen.synthetic.modifiers import Adjective, Determiner
from components.datagen.synthetic.nouns import Noun

CASES = ("nom", "acc", "dat", "gen")
COLUMNS = ("m", "f", "n", "p")
Table = dict[tuple[str, str], str]


def _table(text: str) -> Table:
    rows = [line.split() for line in text.strip().splitlines()]
    return {
        (case, column): "" if ending == "-" else ending
        for case, row in zip(CASES, rows, strict=True)
        for column, ending in zip(COLUMNS, row, strict=True)
    }


ARTICLE = _table("""
der die das die
den die das die
dem der dem den
des der des der
""")
RELATIVE = _table("""
der die das die
den die das die
dem der dem denen
dessen deren dessen deren
""")
DIES = _table("""
er e es e
en e es e
em er em en
es er es er
""")
EIN = _table("""
- e - e
en e - e
em er em en
es er es er
""")
WEAK = _table("""
e e e en
en e e en
en en en en
en en en en
""")
MIXED = _table("""
er e es en
en e es en
en en en en
en en en en
""")
STRONG = _table("""
er e es e
en e es e
em er em en
en er en er
""")
ADJECTIVE_ENDINGS = {"der": WEAK, "dies": WEAK, "ein": MIXED, "viel": STRONG, "none": STRONG}
CONTRACTIONS = {
    ("in", "dem"): "im", ("in", "das"): "ins", ("an", "dem"): "am", ("an", "das"): "ans",
    ("zu", "dem"): "zum", ("zu", "der"): "zur", ("von", "dem"): "vom",
}  # fmt: skip
_SYLLABLE = re.compile("[aeiouyäöü]+")


def determiner_form(determiner: Determiner, case: str, column: str) -> str:
    """The article, possessive or number in front of the noun; "" if there is none."""
    if determiner.declension == "der":
        return ARTICLE[case, column]
    if determiner.declension == "none":
        return determiner.german
    endings = EIN if determiner.declension == "ein" else DIES
    return determiner.german + endings[case, column]


def adjective_form(adjective: Adjective, declension: str, case: str, column: str) -> str:
    """The attributive form; `declension` is that of the determiner before it."""
    stem = adjective.stem
    ending = ADJECTIVE_ENDINGS[declension][case, column]
    return stem + ending[stem.endswith("e") :]  # müde, müder


def noun_form(noun: Noun, case: str, plural: bool) -> str:
    """The noun in a case and number. Raises ValueError for the plural of a noun without one."""
    if plural:
        if noun.german_plural is None:
            raise ValueError(f"{noun.german} has no plural")
        form = noun.german_plural
        return form + "n" if case == "dat" and form[-1] not in "ns" else form
    if noun.weak:  # der Junge, den Jungen: the oblique cases look like the plural
        return noun.german if case == "nom" else noun.german_plural or noun.german
    if case == "gen" and noun.gender != "f":
        return noun.german + _genitive_ending(noun.german)
    return noun.german


def _genitive_ending(word: str) -> str:
    if word.endswith("nis"):
        return "ses"
    if word.endswith("us"):  # des Busses
        return "ses"
    if word.endswith(("s", "ß", "z")):
        return "es"
    # Mannes, Kindes, but Lehrers, Sees, Autos, Königs
    if len(_SYLLABLE.findall(word.lower())) == 1 and word[-1] not in "aeiouy":
        return "es"
    return "s"


def contracted(words: list[str]) -> list[str]:
    """A prepositional phrase with its article contracted where German does: in dem -> im."""
    short = CONTRACTIONS.get((words[0], words[1])) if len(words) > 1 else None
    return [short, *words[2:]] if short else words
