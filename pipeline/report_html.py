"""`reports/compare.html`: one file that needs nothing else, for light and dark pages."""

from __future__ import annotations

import base64
import difflib
import html
from collections.abc import Sequence
from pathlib import Path

from pipeline import report_answers, report_tables
from pipeline import report_numbers as numbers
from pipeline.report_cells import NOT_APPLICABLE
from pipeline.report_statistics import Table
from pipeline.report_tables import ALL, ANSWERS

EXAMPLES = 6
PAGE = Path(__file__).with_name("report_page.html")


def page(
    tables: Sequence[Table], pictures: dict[str, tuple[bytes, bytes]], steps: Sequence[str]
) -> str:
    """`pictures`: PNGs for light and for dark pages, by problem, and under ALL the one of all."""
    body = [f"<p class=lead>{html.escape(report_tables.summary(tables))}</p>"]
    if len(tables) > 1:
        links = (
            f'<a href="#{html.escape(t.problem)}">{html.escape(t.problem)}</a>' for t in tables
        )
        body.append(f"<nav>{''.join(links)}</nav>")
    if ALL in pictures:
        body.append(_picture(pictures[ALL], "Quality against training time"))
    for table in tables:
        body.append(_section(table, pictures))
    body.append(f"<p class=quiet>{html.escape(report_tables.legend(tables))}</p>")
    items = "".join(f"<li>{_code(step)}</li>" for step in steps)
    body.append(f"<section><h2>Next</h2><ul>{items}</ul></section>")
    return PAGE.read_text(encoding="utf-8").replace("<!-- report -->", "\n".join(body))


def _section(table: Table, pictures: dict[str, tuple[bytes, bytes]]) -> str:
    name = html.escape(table.problem)
    parts = [f'<section id="{name}"><h2>{name}</h2>']
    if report_tables.facts(table):
        parts.append(f"<p class=quiet>{html.escape(report_tables.facts(table))}</p>")
    if table.rows:
        parts.append(_table(table))
    if seeds := report_tables.seed_lines(table):
        parts.append("<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in seeds) + "</ul>")
    if inside := _inside(table):
        parts.append(inside)
    if table.missing:
        parts.append(_missing(table))
    if table.problem in pictures:
        parts.append(_picture(pictures[table.problem], f"Learning curves of {table.problem}"))
    if answers := pictures.get(f"{table.problem}{ANSWERS}"):
        parts.append(_picture(answers, report_answers.title(table)))
    if examples := _examples(table):
        parts.append(examples)
    if table.signature:
        parts.append(f"<p class=quiet>Signature: <code>{html.escape(table.signature)}</code></p>")
    return "\n".join([*parts, "</section>"])


def _table(table: Table) -> str:
    made = report_tables.columns(table, others=None)
    head = "".join(
        f"<th scope=col{' class=right' if column.right else ''}>"
        f"<button type=button>{html.escape(column.heading)}</button></th>"
        for column in made
    )
    body = []
    for index, row in enumerate(table.rows):
        cells = "".join(
            f'<td data-sort="{html.escape(str(column.sort[index]))}"'
            f"{' class=right' if column.right else ''}>{html.escape(column.texts[index])}</td>"
            for column in made
        )
        kind = " class=best" if row.best else " class=good" if row.as_good else ""
        body.append(f"<tr{kind}>{cells}</tr>")
    return (
        f"<div class=wide><table class=sortable><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _inside(table: Table) -> str:
    """Links to what is inside the models: from reports/ to runs/ beside it."""
    links = []
    for row in table.rows:
        page = row.result.folder / "inside" / "index.html"
        if page.is_file():
            cell = row.result.cell
            to = html.escape("/".join(("..", *page.parts[-7:])))
            label = html.escape(f"{cell.model} {cell.hparams} {cell.seed}")
            links.append(f'<a href="{to}">{label}</a>')
    return f"<p class=quiet>Inside the models: {', '.join(links)}</p>" if links else ""


def _missing(table: Table) -> str:
    items = []
    for result in table.missing:
        why = html.escape(report_tables.reason(result.state, result.reason))
        line = f"<b>{html.escape(result.name)}</b> {why}"
        if result.state != NOT_APPLICABLE:
            line += f"<br>alone: <code>{html.escape(result.command)}</code>"
        items.append(f"<li class={result.state.split()[0]}>{line}</li>")
    return f"<ul class=missing>{''.join(items)}</ul>"


def _examples(table: Table) -> str:
    """The same lines of the test set for every cell, so that the answers can be compared."""
    kept = [result.lines("references", table.split) for result in (r.result for r in table.rows)]
    references = next((own for own in kept if own is not None), None)
    if references is None or report_answers.kind(table) == "images":
        return ""
    lines = [
        (row, own)
        for row in table.rows
        if (own := row.result.lines("predictions", table.split)) and len(own) == len(references)
    ]
    chosen, caption = _choose(references, [own for _, own in lines])
    blocks = []
    for index in chosen:
        reference = references[index]
        entries = [f"<dt>reference</dt><dd class=reference>{html.escape(reference)}</dd>"]
        for row, own in lines:
            cell = row.result.cell
            label = html.escape(f"{cell.model} {cell.hparams} {cell.seed}")
            entries.append(f"<dt>{label}</dt><dd>{_marked(reference, own[index])}</dd>")
        blocks.append(f"<dl><p class=quiet>line {index + 1}</p>{''.join(entries)}</dl>")
    return (
        f"<details><summary>Predictions beside references: {caption}</summary>"
        f"{''.join(blocks)}</details>"
    )


def _choose(references: Sequence[str], answers: Sequence[Sequence[str]]) -> tuple[list[int], str]:
    """Sentences evenly over the test set; of labels, mostly right, the first wrong ones."""
    if any(" " in reference for reference in references):
        size = min(EXAMPLES, len(references))
        spread = [index * len(references) // size for index in range(size)]
        return spread, f"{size} evenly over the {len(references):,} of the test set"
    wrong = [
        index
        for index, reference in enumerate(references)
        if any(own[index] != reference for own in answers)
    ]
    caption = f"the first of {numbers.plural(len(wrong), 'line')} that a cell got wrong"
    return wrong[:EXAMPLES], f"{caption}, of {len(references):,}"


def _marked(reference: str, prediction: str) -> str:
    """The prediction with the words that the reference does not have at that place marked."""
    ours, theirs = prediction.split(), reference.split()
    pieces = []
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    for kind, _, _, start, end in matcher.get_opcodes():
        words = html.escape(" ".join(ours[start:end]))
        if words:
            pieces.append(words if kind == "equal" else f"<mark>{words}</mark>")
    return " ".join(pieces) or "<span class=quiet>(nothing)</span>"


def _picture(pair: tuple[bytes, bytes], caption: str) -> str:
    light, dark = (f"data:image/png;base64,{base64.b64encode(png).decode()}" for png in pair)
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img alt="{html.escape(caption)}" src="{light}"></picture>'
    )


def _code(step: str) -> str:
    """Markdown's backticks as HTML's code."""
    parts = html.escape(step).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
