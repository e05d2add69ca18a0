"""Translation: a sentence in, the same sentence in another language out.

Raw rows: `inputs`, `targets`. Both are symbols of one shared SentencePiece vocabulary unless the
problem says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.task import Option, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`inputs`, `targets` [strings] -> standard rows; the other way round with `reverse`."""
    import pyarrow as pa

    inputs, targets = batch.column("inputs"), batch.column("targets")
    if problem.option("reverse"):
        inputs, targets = targets, inputs
    return pa.RecordBatch.from_pydict(
        {"inputs": inputs, "targets": targets, "inputs_text": inputs, "targets_text": targets}
    )


TASK = Task(
    columns=("inputs", "targets"),
    inputs="symbol",
    targets="symbol",
    vocabularies={"inputs": "sentencepiece", "targets": "sentencepiece"},
    metrics=("bleu", "chrf", "ter", "perplexity"),
    dev_metric="bleu",
    max_ratio=4.0,
    rows=rows,
    options={"reverse": Option("bool", False, "translate from targets to inputs")},
)
