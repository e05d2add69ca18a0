"""Tagging: words in, one tag for each out (parts of speech, names of persons and places).

Raw rows: `words`, `tags`, both with blanks between; a no-break space belongs to its word.

    in   Mr. Vinken is chairman .
    out  NNP NNP VBZ NN .
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.datagen.standard_rows import read_and_write
from components.datagen.task import RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`words`, `tags` -> standard rows. Raises RowError where their numbers differ."""
    from components.datagen.vocabulary import tokens_of

    words, tags = batch.column("words"), batch.column("tags")
    pairs = zip(words.to_pylist(), tags.to_pylist(), strict=True)
    for row, (some, others) in enumerate(pairs):
        here, there = len(tokens_of(some)), len(tokens_of(others))
        if here != there:
            raise RowError(row, f"{here} words but {there} tags: {some[:60]!r}")
    return read_and_write(words, tags)


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """A position a word, none for an end."""
    return {"inputs": {"eos": False}}


TASK = Task(
    columns=("words", "tags"),
    inputs="symbol",
    targets="aligned",
    vocabularies={"inputs": "tokens", "targets": "tokens"},
    fixed=("inputs", "targets"),
    metrics=("tag_accuracy",),
    dev_metric="tag_accuracy",
    rows=rows,
    feature_options=feature_options,
)
