"""sentiment_trees: the Stanford Sentiment Treebank (Socher et al. 2013), a tree a line.

(3 (2 It) (4 (2 's) (3 lovely)))         every phrase has a label, 0 (worst) to 4 (best)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources.files import File, Input
from components.datagen.sources.gather import PLACE, batches, offered
from components.datagen.sources.source import Source
from components.datagen.sources.text import blocks

COLUMNS = ("text", "label", "polarity", "tree")
LABELS = "01234"
POLARITIES = "00-11"
"""Two classes of the five, as they are usually made; the middle one is in neither."""
# Blanks of ASCII only: some words hold a no-break space.
PIECES = re.compile(r"[()]|[^() \t\r\f\v]+")


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `string` columns: `text`, the words with blanks between; `label`, the root's,
    "0" to "4"; `polarity`, of that label: "0", "1" or, for 2, "-"; `tree`, the line as it is. Blank
    lines are left out.

    The iterator raises UserError if the task wants another column, and, with the line, at a
    tree that is not closed or goes on after its end, and at a phrase without a label, with another
    label than 0 to 4, without a word, or with words and phrases side by side.
    """
    names = offered(columns, source.columns, COLUMNS, "sentiment_trees")
    for file in (file for group in inputs for entry in group for file in entry.files()):
        rows = _rows(file, source.encoding)
        yield from batches(rows, names, columns, file=file.name)


def _rows(file: File, encoding: str) -> Iterator[dict[str, str | int]]:
    for number, tree, found in parsed(file, encoding):
        yield {**row(*found[-1]), "tree": tree, PLACE: number}


def parsed(
    file: File, encoding: str
) -> Iterator[tuple[int, str, list[tuple[str, tuple[str, ...]]]]]:
    """(line number, the tree as it is, its phrases) of every line that is not blank."""
    for first, block in blocks(file, encoding):
        for number, line in enumerate(block[:-1].decode().split("\n"), first):
            tree = line.strip(" \t\r\f\v")
            if tree:
                yield number, tree, _phrases(tree, f"{file.name}, line {number}")


def row(label: str, words: tuple[str, ...]) -> dict[str, str]:
    """What both formats say of a phrase."""
    return {"text": " ".join(words), "label": label, "polarity": POLARITIES[int(label)]}


def _phrases(tree: str, place: str) -> list[tuple[str, tuple[str, ...]]]:
    """(label, words) of every phrase in the order of their ends, the whole sentence last.

    Raises UserError at `place`.
    """
    words: list[str] = []
    found: list[tuple[str, tuple[str, ...]]] = []
    # Of each open phrase: its parts so far, "l" the label, "w" a word, "p" a phrase.
    open_phrases: list[str] = []
    # Of each with a label: that, and the place of its first word.
    labels: list[tuple[str, int]] = []
    for match in PIECES.finditer(tree):
        piece = match.group()
        if found and not open_phrases:
            raise UserError(f"{place}: {tree[match.start() :][:30]!r} follows the end of the tree")
        if piece == "(":
            if open_phrases:
                _must(open_phrases[-1] in ("l", "lp"), place, tree, match.start())
                open_phrases[-1] = "lp"
            open_phrases.append("")
        elif piece == ")":
            _must(bool(open_phrases) and open_phrases[-1] in ("lw", "lp"), place, tree, match.end())
            open_phrases.pop()
            label, first = labels.pop()
            found.append((label, tuple(words[first:])))
        elif open_phrases and not open_phrases[-1]:
            if piece not in LABELS or len(piece) > 1:
                raise UserError(f"{place}: label {piece!r}; expected one of {', '.join(LABELS)}")
            labels.append((piece, len(words)))
            open_phrases[-1] = "l"
        else:
            _must(bool(open_phrases) and open_phrases[-1] == "l", place, tree, match.start())
            open_phrases[-1] = "lw"
            words.append(piece)
    if open_phrases:
        raise UserError(f"{place}: {len(open_phrases)} brackets are not closed")
    return found


def _must(holds: bool, place: str, tree: str, at: int) -> None:
    if not holds:
        raise UserError(
            f"{place}: {tree[max(0, at - 15) : at + 15]!r}, at character {at + 1}; expected "
            "phrases such as (3 (2 It) (4 shines)): a label, then one word or phrases"
        )
