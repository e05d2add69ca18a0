"""Sentence order: two halves of a text in, whether they stand as they were written out.

Lan et al. 2020 (arXiv 1909.11942), section 3.1. Raw rows: `text`; a row is cut at the word in its
middle, and half of the rows are swapped, by a hash of the text. Rows of one word say nothing and are
refused.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from components.datagen.standard_rows import SEPARATOR, read_and_write
from components.datagen.task import RowError, Task
from components.datagen.windows import OPTIONS, check, regroup

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

LABELS = ("ordered", "swapped")


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`text` -> standard rows. Raises RowError on a text of less than two words."""
    import pyarrow as pa

    inputs, targets = [], []
    for row, text in enumerate(batch.column("text").to_pylist()):
        words = text.split()
        if len(words) < 2:
            raise RowError(row, f"{text[:40]!r} has no two words to be put in order")
        halves = [words[: len(words) // 2], words[len(words) // 2 :]]
        swapped = hashlib.sha256(text.encode()).digest()[0] % 2
        if swapped:
            halves.reverse()
        inputs.append(" ".join([*halves[0], SEPARATOR, *halves[1]]))
        targets.append(LABELS[swapped])
    return read_and_write(pa.array(inputs, pa.string()), pa.array(targets, pa.string()))


def symbols(problem: Problem) -> tuple[str, ...]:
    """What stands between the halves."""
    return (SEPARATOR,)


TASK = Task(
    columns=("text",),
    inputs="symbol",
    targets="class_label",
    vocabularies={"inputs": "sentencepiece", "targets": "label"},
    metrics=("accuracy",),
    dev_metric="accuracy",
    rows=rows,
    regroup=regroup,
    check=check,
    symbols=symbols,
    options=OPTIONS,
)
