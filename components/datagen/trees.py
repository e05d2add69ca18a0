"""Bracketed constituency trees: read, write, linearise for a sequence model, and back again.

    (TOP (S (NP (PRP She)) (VP (VBZ sleeps)) (. .)))             bracketed, one line
    She sleeps .                                                 words
    (S (NP XX )NP (VP XX )VP XX )S                               linearised

Linearising follows "Grammar as a Foreign Language" (Vinyals et al. 2015, arXiv 1412.7449, section
2.2): typed closing brackets, every part-of-speech tag written XX, words dropped. As in scoring, the
root bracket that every tree has, empty elements and function tags are left out.

Standard library only: evaluation imports this file too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LEAF = "XX"
EMPTY_ELEMENT = "-NONE-"
ROOTS = ("", "TOP", "ROOT", "S1")

_PIECES = re.compile(r"[()]|[^\s()]+")
_BRACKETS = {"(": "-LRB-", ")": "-RRB-"}


class TreeError(ValueError):
    """Text that is no bracketed tree; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A constituent with `children`, or a leaf: a part-of-speech tag over a `word`."""

    label: str
    children: tuple[Tree, ...] = ()
    word: str | None = None


def parse(text: str) -> Tree:
    """The one tree that `text` holds, over one line or many.

    Raises TreeError if it is unbalanced, empty, followed by more text, or has a bracket with
    several words or with words beside constituents.
    """
    found = list(parse_all(text))
    if len(found) != 1:
        raise TreeError(f"expected one bracketed tree, found {len(found)} of them: {_shown(text)}")
    return found[0]


def parse_all(text: str) -> Iterator[Tree]:
    """All trees of `text`, one after the other. Raises TreeError as `parse` does."""
    stack: list[tuple[str, list[Tree], list[str], int]] = []
    pieces = _PIECES.finditer(text)
    label_may_follow = False
    for match in pieces:
        piece, place = match.group(), match.start()
        if piece == "(":
            stack.append(("", [], [], place))
        elif not stack:
            what = "closing bracket without an opening one" if piece == ")" else f"{piece!r}"
            raise TreeError(f"column {place + 1}: {what} outside any tree: {_shown(text, place)}")
        elif piece == ")":
            tree = _closed(*stack.pop(), text)
            if stack:
                stack[-1][1].append(tree)
            else:
                yield tree
        elif label_may_follow:
            _, children, words, start = stack[-1]
            stack[-1] = (piece, children, words, start)
        else:
            stack[-1][2].append(piece)
        label_may_follow = piece == "("
    if stack:
        label, place = stack[-1][0], stack[-1][3]
        raise TreeError(
            f"unbalanced: {len(stack)} bracket(s) never closed, the innermost is ({label} at "
            f"column {place + 1}: {_shown(text, place)}"
        )


def _closed(label: str, children: list[Tree], words: list[str], place: int, text: str) -> Tree:
    if not children and not words:
        raise TreeError(f"column {place + 1}: empty bracket ({label}): {_shown(text, place)}")
    if children and words:
        raise TreeError(
            f"column {place + 1}: ({label} has the bare word {words[0]!r} beside constituents; "
            f"expected a tag around it, such as (NN {words[0]}): {_shown(text, place)}"
        )
    if len(words) > 1:
        raise TreeError(
            f"column {place + 1}: ({label} has {len(words)} words, {' '.join(words)!r}; expected "
            f"one word a bracket: {_shown(text, place)}"
        )
    return Tree(label, tuple(children)) if children else Tree(label, word=words[0])


def _shown(text: str, place: int = 0) -> str:
    """The text around a place, short enough for a message."""
    start = max(0, place - 20)
    cut = " ".join(text[start : start + 60].split())
    return ("..." if start else "") + cut + ("..." if len(text) > start + 60 else "")


def write(tree: Tree) -> str:
    """The tree as bracketed text on one line; brackets inside words become -LRB- and -RRB-."""
    out: list[str] = []
    stack: list[Tree | None] = [tree]
    while stack:
        node = stack.pop()
        if node is None:
            out.append(")")
        elif node.word is not None:
            out.append(f" ({node.label} {_escaped(node.word)})")
        else:
            out.append(f" ({node.label}")
            stack.append(None)
            stack.extend(reversed(node.children))
    return "".join(out).strip()


def _escaped(word: str) -> str:
    if "(" not in word and ")" not in word:
        return word
    return "".join(_BRACKETS.get(letter, letter) for letter in word)


def clean(tree: Tree) -> Tree | None:
    """The tree as parsers are scored on it: no empty elements, function tags, indices or root.

    None if nothing but empty elements is left.
    """
    kept: list[list[Tree]] = [[]]
    stack: list[tuple[Tree, bool]] = [(tree, False)]
    while stack:  # postorder without recursion: treebanks and bad predictions can be very deep
        node, seen = stack.pop()
        if node.word is not None:
            if node.label != EMPTY_ELEMENT:
                kept[-1].append(Tree(category(node.label), word=node.word))
        elif seen:
            children = kept.pop()
            if children:
                kept[-1].append(Tree(category(node.label), tuple(children)))
        else:
            stack.append((node, True))
            kept.append([])
            stack.extend((child, False) for child in reversed(node.children))
    if not kept[0]:
        return None
    cleaned = kept[0][0]
    while cleaned.label in ROOTS and len(cleaned.children) == 1:
        cleaned = cleaned.children[0]
    return cleaned


def category(label: str) -> str:
    """The label without function tags and indices: NP-SBJ-1 and NP=2 are NP, -LRB- stays."""
    if label.startswith("-"):
        return label
    return label.split("-", 1)[0].split("=", 1)[0]


def leaves(tree: Tree) -> list[Tree]:
    """The leaves from left to right."""
    found: list[Tree] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if node.word is not None:
            found.append(node)
        else:
            stack.extend(reversed(node.children))
    return found


def linearise(text: str, *, tags: bool = False) -> tuple[list[str], list[str]]:
    """A bracketed tree -> (its words, the tokens of its linearised form), see module docstring.

    tags: leaves are written as their part-of-speech tags, not XX.
    Raises TreeError if the text is no tree or has no words.
    """
    tree = clean(parse(text))
    if tree is None:
        raise TreeError(f"a tree without words: {_shown(text)}")
    words: list[str] = []
    tokens: list[str] = []
    stack: list[Tree | str] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            tokens.append(node)
        elif node.word is not None:
            words.append(node.word)
            tokens.append(node.label if tags else LEAF)
        else:
            tokens.append(f"({node.label}")
            stack.append(f"){node.label}")
            stack.extend(reversed(node.children))
    return words, tokens


def rebuild(tokens: Sequence[str], words: Sequence[str]) -> tuple[Tree, int]:
    """Linearised tokens and the sentence's words -> (tree, repairs); never fails.

    Each of these is one repair: a closing bracket that nothing opened (dropped); a constituent
    closed because the one around it was, or because the tokens ended; an empty constituent
    (dropped); a token with a bracket inside it (dropped); a leaf beyond the last word (dropped);
    a word for which no leaf was left (hung under the root); no root or several roots (a TOP
    around them). Any other token counts as a leaf. The leaves of the tree are exactly
    `words`, tagged XX.
    """
    roots: list[Tree] = []
    stack: list[tuple[str, list[Tree]]] = []
    repairs = used = 0

    def close() -> int:
        label, children = stack.pop()
        if not children:
            return 1
        (stack[-1][1] if stack else roots).append(Tree(label, tuple(children)))
        return 0

    for token in tokens:
        bracket, label = token[:1], token[1:]
        if "(" in label or ")" in label:
            repairs += 1
        elif bracket == "(":
            stack.append((label, []))
        elif bracket == ")":
            if all(label != opened for opened, _ in stack):
                repairs += 1
                continue
            while stack[-1][0] != label:
                repairs += 1 + close()
            repairs += close()
        elif used < len(words):
            (stack[-1][1] if stack else roots).append(Tree(LEAF, word=words[used]))
            used += 1
        else:
            repairs += 1
    while stack:
        repairs += 1 + close()
    repairs += len(words) - used
    rest = tuple(Tree(LEAF, word=word) for word in words[used:])
    if len(roots) != 1:
        return Tree("TOP", (*roots, *rest)), repairs + 1
    if not rest:
        return roots[0], repairs
    if roots[0].word is not None:
        return Tree("TOP", (roots[0], *rest)), repairs
    return Tree(roots[0].label, (*roots[0].children, *rest)), repairs


def delinearise(tokens: Sequence[str], words: Sequence[str]) -> tuple[str, int, bool]:
    """Linearised tokens and the words -> (bracketed tree, repairs, whether none was needed).

    A prediction is well formed if its brackets balance under one root and it has as many leaves
    as the sentence has words; see `rebuild` for what is repaired, and how.
    """
    tree, repairs = rebuild(tokens, words)
    return write(tree), repairs, repairs == 0
