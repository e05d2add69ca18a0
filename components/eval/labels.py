"""What is written beside the rows and columns of a picture: symbols as readable text.

A font that has a text's script is used where it is installed; without one the places' numbers stand
in the picture, and the page that shows it has the symbols.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from components.datagen.schema import EOS, PAD, Feature
from components.datagen.vocabulary import Vocabulary

FIRST = "DejaVu Sans"
SCRIPTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Microsoft YaHei"),
    *("SimHei", "PingFang SC", "Hiragino Sans GB", "Arial Unicode MS", "Noto Sans"),
)
"""Fonts for what DejaVu lacks, Chinese above all; of those that are installed, in this order."""
END, EMPTY, START = "</s>", "\u2423", "\u25b8"
LONGEST = 14
"""Characters of a label; longer ones are cut."""


def symbols(ids: Sequence[int], feature: Feature, vocabulary: Vocabulary | None) -> list[str]:
    """One label a position, without padding; numbers from 1 on where there are no symbols."""
    if feature.modality not in ("symbol", "class_label", "aligned") or vocabulary is None:
        return numbers(len(ids))
    if feature.modality == "class_label":
        return [cut(vocabulary.decode([int(index)])) for index in ids]
    found = []
    for index in map(int, ids):
        text = END if index == EOS else "" if index == PAD else vocabulary.decode([index])
        found.append(cut(text) or EMPTY)
    return found


def numbers(count: int) -> list[str]:
    return [str(place) for place in range(1, count + 1)]


def cut(text: str) -> str:
    """On one line, without blanks at the ends, not longer than a label may be."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "\u2026"


def families(texts: Iterable[str]) -> list[str] | None:
    """Fonts that have every character of the texts together; None if none of those installed do."""
    wanted = {ord(character) for text in texts for character in text if character != " "}
    chosen: list[str] = []
    for name in (FIRST, *SCRIPTS):
        has = _characters(name)
        if not chosen or wanted & has:
            chosen.append(name)
            wanted -= has
        if not wanted:
            return chosen
    return None


def readable(labels: Sequence[str], texts: Iterable[str]) -> list[str]:
    """The labels, or their numbers if `texts`, all of a picture, cannot be drawn."""
    return list(labels) if families(texts) else numbers(len(labels))


@cache
def _characters(family: str) -> frozenset[int]:
    """The characters that an installed font has; none if it is not installed."""
    from matplotlib import font_manager, ft2font

    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    if family not in installed:
        return frozenset()
    path = font_manager.findfont(family, fallback_to_default=False)
    return frozenset(ft2font.FT2Font(path).get_charmap())


def as_rows(ids: np.ndarray, real: np.ndarray) -> list[int]:
    """The real ids of one row."""
    return [int(index) for index, is_real in zip(ids, real, strict=False) if is_real]
