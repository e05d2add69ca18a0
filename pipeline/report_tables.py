"""The comparison as text for a terminal and as Markdown: the same columns, cut to what fits."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.datagen.schema import SPLITS
from pipeline import report_answers
from pipeline import report_numbers as numbers
from pipeline.report_cells import NOT_APPLICABLE
from pipeline.report_statistics import LEVEL, Joint, Row, Table

ALL = ""
"""The key of the picture that is of all problems; no problem can be called so."""
ANSWERS = "/answers"
"""Behind a problem's name, the key of the picture of what its best cell answers."""
OTHERS = 3
"""Metrics beside the headline that a terminal or a README has room for; the HTML has them all."""


@dataclass(frozen=True)
class Column:
    """A heading and its cells as text; `sort` holds the numbers behind them, for the HTML."""

    heading: str
    texts: tuple[str, ...]
    sort: tuple[float | str, ...]
    right: bool = True


def columns(table: Table, others: int | None = OTHERS) -> list[Column]:
    """The columns of a problem's table, one text a finished cell."""
    assert table.headline is not None
    rows, key = table.rows, table.headline.key
    digits = numbers.decimals(row.value for row in rows)
    arrow = "" if table.headline.higher_is_better else " (lower is better)"
    made = [
        _names("model", [row.result.cell.model for row in rows]),
        _names("hparams", [row.result.cell.hparams for row in rows]),
    ]
    if len({row.result.cell.seed for row in rows}) > 1:
        seeds = [row.result.cell.seed for row in rows]
        made.append(Column("seed", tuple(map(str, seeds)), tuple(float(seed) for seed in seeds)))
    made.append(_numbers(numbers.metric_name(key) + arrow, [row.value for row in rows], digits))
    made.append(
        Column("95 % interval", tuple(_interval(row, digits) for row in rows),
               tuple(row.value if row.low is None else row.low for row in rows))
    )  # fmt: skip
    if any(row.p is not None for row in rows):
        p_values = tuple("best" if row.best else numbers.p_value(row.p) for row in rows)
        order = tuple(2.0 if row.best else -1.0 if row.p is None else row.p for row in rows)
        made.append(Column("p", p_values, order))
    for other in table.columns[:others]:
        values = [row.others.get(other) for row in rows]
        made.append(_numbers(numbers.metric_name(other), values, None))
    for heading, cost, show in (
        ("params", "params", numbers.count),
        ("trained in", "train_seconds", numbers.duration),
        ("examples/s", "examples_per_second", numbers.count),
    ):
        costs = [row.costs[cost] for row in rows]
        made.append(Column(heading, tuple(show(value) for value in costs), tuple(costs)))
    return made


def text(tables: Sequence[Table]) -> str:
    """What `make repro` prints: the best cell of each problem is marked with `*`."""
    blocks = []
    for table in tables:
        lines = [table.problem, *([f"  {facts(table)}"] if table.manifest else [])]
        if table.rows:
            marks = ["*" if row.best else " " for row in table.rows]
            lines += _aligned(columns(table), marks)
        lines += [f"    {line}" for line in seed_lines(table)]
        for result in table.missing:
            cell = result.cell
            why = reason(result.state, result.reason)
            lines.append(f"  - {cell.model} {cell.hparams} {cell.seed}: {why}")
            if result.state != NOT_APPLICABLE:
                lines.append(f"      alone: {result.command}")
        blocks.append("\n".join(lines))
    if not blocks:
        return "the grid is empty\n"
    return "\n\n".join([*blocks, textwrap.fill(legend(tables), 100)]) + "\n"


def markdown(tables: Sequence[Table], pictures: dict[str, str], steps: Sequence[str]) -> str:
    """`reports/compare.md`; `pictures` are file names by problem, and under ALL the one of all."""
    lines = ["# Comparison", "", summary(tables), ""]
    if ALL in pictures:
        lines += [f"![Quality against training time]({pictures[ALL]})", ""]
    for table in tables:
        lines += [f"## {table.problem}", ""]
        if facts(table):
            lines += [facts(table), ""]
        if table.rows:
            lines += [*_pipes(table), ""]
        lines += [f"- {line}" for line in seed_lines(table)]
        if seed_lines(table):
            lines.append("")
        if table.missing:
            lines += _missing_pipes(table)
        if table.problem in pictures:
            lines += [f"![Learning curves of {table.problem}]({pictures[table.problem]})", ""]
        if answers := pictures.get(f"{table.problem}{ANSWERS}"):
            lines += [f"![{report_answers.title(table)}]({answers})", ""]
        if table.signature:
            lines += [f"Signature: `{table.signature}`", ""]
    lines += [legend(tables), "", "## Next", ""]
    lines += [f"- {step}" for step in steps]
    return "\n".join(lines) + "\n"


def summary(tables: Sequence[Table]) -> str:
    """`3 problems, 8 of 11 cells done, 1 failed, 2 not applicable.`"""
    states: dict[str, int] = {}
    for table in tables:
        for result in table.missing:
            states[result.state] = states.get(result.state, 0) + 1
    done = sum(len(table.rows) for table in tables)
    total = done + sum(states.values())
    parts = [numbers.plural(len(tables), "problem"),
             f"{done} of {numbers.plural(total, 'cell')} done"]  # fmt: skip
    return ", ".join(parts + [f"{many} {state}" for state, many in sorted(states.items())]) + "."


def facts(table: Table) -> str:
    """The sizes of the splits and what the data generation counted that a reader must know."""
    if table.manifest is None:
        return ""
    splits = table.manifest.splits
    sizes = [f"{name} {splits[name].examples:,}" for name in SPLITS if name in splits]
    parts = [f"examples: {', '.join(sizes)}"]
    if leaks := table.manifest.report.get("leakage"):
        parts.append(leakage(leaks))
    return "; ".join(parts)


def leakage(found: Mapping[str, Mapping[str, int]]) -> str:
    """`{"test_in_train": {"rows": 3, "inputs": 9, "of": 100}}`: 3 of 100 rows of test are in train.

    Equal inputs with another target are counted beside: they are no copy, but they are a hint.
    """
    hits = [
        f"{counts['rows']:,} of {counts['of']:,} {pair.replace('_', ' ')}"
        + (f" ({counts['inputs']:,} by input alone)" if counts["inputs"] > counts["rows"] else "")
        for pair, counts in found.items()
        if counts["inputs"]
    ]
    return "repeated across splits: " + ("; ".join(hits) if hits else "none")


def seed_lines(table: Table) -> list[str]:
    """Several seeds of one set, and what a mixture did to the problem."""
    digits = numbers.decimals(row.value for row in table.rows)
    pairs: dict[tuple[str, str], list[Joint]] = {}
    for pair in table.joint:
        pairs.setdefault((pair.joint, pair.alone), []).append(pair)
    joint = [_joint_line(of, digits) for of in pairs.values()]
    seeds = [
        f"{group.model} {group.hparams}: {group.mean:.{digits}f} ± {group.std:.{digits}f} "
        f"over {group.count} seeds"
        for group in table.seeds
    ]
    return [*joint, *seeds]


def _joint_line(pairs: Sequence[Joint], digits: int) -> str:
    """`mine in mixture: -1.30 against mine alone (p 0.03)`, or the mean over the seeds."""
    differences = [pair.difference for pair in pairs]
    line = f"{pairs[0].joint}: {statistics.fmean(differences):+.{digits}f}"
    p_values = [numbers.p_value(pair.p) for pair in pairs if pair.p is not None]
    if len(pairs) > 1:
        line += f" ± {statistics.stdev(differences):.{digits}f}"
    line += f" against {pairs[0].alone} alone"
    if len(pairs) > 1:
        line += f", over {len(pairs)} seeds"
    return line + (f" (p {', '.join(p_values)})" if p_values else "")


def reason(state: str, why: str) -> str:
    return f"{state}: {why}" if why else state


def legend(tables: Sequence[Table]) -> str:
    """What the marks mean, as far as they are used."""
    if not any(row.p is not None for table in tables for row in table.rows):
        return "The best of each problem is marked."
    return (
        "The best of each problem is marked; p: paired bootstrap against the best, "
        f"{LEVEL} or more means that the test set does not tell the two apart."
    )


def _names(heading: str, names: Sequence[str]) -> Column:
    return Column(heading, tuple(names), tuple(names), right=False)


def _numbers(heading: str, values: Sequence[float | None], digits: int | None) -> Column:
    known = [value for value in values if value is not None]
    places = numbers.decimals(known) if digits is None else digits
    return Column(
        heading,
        tuple("" if value is None else f"{value:.{places}f}" for value in values),
        tuple(float("-inf") if value is None else value for value in values),
    )


def _interval(row: Row, digits: int) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{row.low:.{digits}f}–{row.high:.{digits}f}"


def _aligned(made: Sequence[Column], marks: Sequence[str]) -> list[str]:
    widths = [max(len(c.heading), *(len(text) for text in c.texts)) for c in made]

    def line(mark: str, texts: Sequence[str]) -> str:
        cells = (
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(texts, widths, made, strict=True)
        )
        return f"  {mark} {'  '.join(cells)}".rstrip()

    heading = line(" ", [column.heading for column in made])
    body = [line(mark, [c.texts[index] for c in made]) for index, mark in enumerate(marks)]
    return [heading, *body]


def _pipes(table: Table) -> list[str]:
    made = columns(table)
    head = "| " + " | ".join(column.heading for column in made) + " |"
    rule = "|" + "|".join("---:" if column.right else ":---" for column in made) + "|"
    body = []
    for index, row in enumerate(table.rows):
        texts = [column.texts[index] for column in made]
        if row.best:
            texts = [f"**{text}**" if text else "" for text in texts]
        body.append("| " + " | ".join(texts) + " |")
    return [head, rule, *body]


def _missing_pipes(table: Table) -> list[str]:
    lines = ["| not in the table | why | alone |", "|:---|:---|:---|"]
    for result in table.missing:
        command = "" if result.state == NOT_APPLICABLE else f"`{result.command}`"
        why = reason(result.state, result.reason).replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {result.name} | {why} | {command} |")
    return [*lines, ""]
