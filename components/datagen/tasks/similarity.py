"""Similarity: two texts in, a number out (STS-B, SICK's relatedness).

Raw rows: `first`, `second`, `score` [a number as text].
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from components.catalog import UserError
from components.datagen.standard_rows import SEPARATOR, joined, read_and_write
from components.datagen.task import Option, RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

# As Arrow reads them, which makes the numbers that are stored; Python's float takes 1_0 and more.
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`first`, `second`, `score` -> standard rows. Raises RowError on a score that is no number
    between `low` and `high`."""
    import pyarrow.compute as pc

    low, high = problem.option("low"), problem.option("high")
    scores = pc.utf8_trim_whitespace(batch.column("score").cast("string"))
    for row, text in enumerate(scores.to_pylist()):
        if not NUMBER.fullmatch(text) or not low <= float(text) <= high:
            raise RowError(row, f"score {text!r}: expected a number from {low:g} to {high:g}")
    return read_and_write(joined(batch.column("first"), batch.column("second")), scores)


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """The range of the scores."""
    return {"targets": {"low": problem.option("low"), "high": problem.option("high")}}


def symbols(problem: Problem) -> tuple[str, ...]:
    """What stands between the two."""
    return (SEPARATOR,)


def check(where: str, problem: Problem) -> None:
    """Raises UserError if no score can lie between low and high."""
    low, high = problem.option("low"), problem.option("high")
    if low >= high:
        raise UserError(f"{where}.high: expected more than low, {low}, found {high}")


TASK = Task(
    columns=("first", "second", "score"),
    inputs="symbol",
    targets="real",
    vocabularies={"inputs": "sentencepiece"},
    metrics=("pearson",),
    dev_metric="pearson",
    rows=rows,
    feature_options=feature_options,
    symbols=symbols,
    options={
        "low": Option("float", 0.0, "the least score there can be"),
        "high": Option("float", 5.0, "the greatest"),
    },
    check=check,
)
