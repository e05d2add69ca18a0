"""`inside/index.html` of a run: what was looked at, or why nothing was (standard library only)."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PAGE = "index.html"
TEMPLATE = Path(__file__).with_name("inside_page.html")
HEADS = ("layer", "shape", "mean", "std", "least", "greatest")


@dataclass(frozen=True)
class Picture:
    """A PNG: its file's name, its caption, its bytes; the example that it is of, counted from 1, or 0."""

    file: str
    caption: str
    content: bytes
    example: int = 0


@dataclass(frozen=True)
class Shown:
    """What a problem's part of the page holds.

    outputs: rows of the table under HEADS. tokens: (example, side, symbols, steps pondered at each or
    none). notes: what could not be done, and why.
    """

    pictures: list[Picture] = field(default_factory=list)
    outputs: list[tuple[str, ...]] = field(default_factory=list)
    tokens: list[tuple[int, str, list[str], list[int]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def files(shown: Mapping[str, Shown]) -> dict[str, bytes]:
    """The files of `inside/`, by name. shown: by member, "" where a cell is of one problem."""
    found = {PAGE: page(shown).encode()}
    for member, own in shown.items():
        for picture in own.pictures:
            found[_file(member, picture)] = picture.content
    return found


def page(shown: Mapping[str, Shown]) -> str:
    """The page of these parts."""
    body = "\n".join(_part(member, own) for member, own in shown.items())
    return TEMPLATE.read_text(encoding="utf-8").replace("<!-- body -->", body)


def without(reason: str) -> dict[str, bytes]:
    """The files where nothing was looked at: the page says why."""
    return files({"": Shown(notes=[reason])})


def _part(member: str, shown: Shown) -> str:
    parts = [f"<h2>{html.escape(member)}</h2>"] if member else []
    parts += [f"<p class=note>{html.escape(note)}</p>" for note in shown.notes]
    examples = list(dict.fromkeys(example for example, *_ in shown.tokens))
    for example in examples:
        parts.append(f"<h3>Example {example}</h3>")
        for number, side, symbols, steps in shown.tokens:
            if number == example:
                parts.append(_tokens(side, symbols, steps))
        parts += [_figure(member, one) for one in shown.pictures if one.example == example]
    parts += [_figure(member, one) for one in shown.pictures if one.example not in examples]
    if shown.outputs:
        parts.append(_table(shown.outputs))
    if examples and not shown.pictures:
        parts.append("<p class=note>No layer of this model shows attention or experts.</p>")
    return "\n".join(parts)


def _tokens(side: str, symbols: Sequence[str], steps: Sequence[int]) -> str:
    """The symbols with their places, which stand in pictures for scripts that no font here has, or
    with the number of steps that the model took over each."""
    marks = steps if len(steps) == len(symbols) else range(1, len(symbols) + 1)
    kind = "steps" if len(steps) == len(symbols) else "places"
    most = max(steps, default=1)
    words = []
    for place, (symbol, mark) in enumerate(zip(symbols, marks, strict=True)):
        shade = f' style="--share:{steps[place] / most:.2f}"' if kind == "steps" else ""
        words.append(f"<span{shade}>{html.escape(symbol)}<sup>{mark}</sup></span>")
    pondered = ", with the steps pondered" if kind == "steps" else ""
    return f"<p class=quiet>{html.escape(side)}{pondered}</p><p class={kind}>{' '.join(words)}</p>"


def _figure(member: str, picture: Picture) -> str:
    name = html.escape(_file(member, picture))
    caption = html.escape(picture.caption)
    return f'<a href="{name}"><img alt="{caption}" src="{name}" loading=lazy></a>'


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th scope=col>{name}</th>" for name in HEADS)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return (
        "<h3>Outputs of the layers that eval.watch names</h3><div class=wide><table><thead><tr>"
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _file(member: str, picture: Picture) -> str:
    return f"{member}.{picture.file}" if member else picture.file
