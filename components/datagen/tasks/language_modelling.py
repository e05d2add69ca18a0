"""Language modelling: nothing in, text out; scored by how probable the text is.

Raw rows: `text`, a line each. An example is a line that ends with EOS, or with the option `window` a
stretch of running text without an end ("packing": nothing is padded). Characters, bytes, words and
subwords are told apart by `targets_vocabulary` alone. Windows do not overlap and each begins with no
context, which makes the numbers a little worse than those of a sliding window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.datagen.task import Task
from components.datagen.windows import OPTIONS, check, regroup

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`text` -> standard rows without inputs."""
    import pyarrow as pa

    text = batch.column("text")
    return pa.RecordBatch.from_pydict({"inputs": text, "targets": text, "targets_text": text})


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """A window is no text that ends."""
    return {"targets": {"eos": not problem.option("window")}}


TASK = Task(
    columns=("text",),
    inputs="nothing",
    targets="symbol",
    vocabularies={"targets": "sentencepiece"},
    metrics=("perplexity", "word_perplexity", "bits_per_character"),
    dev_metric="perplexity",
    rows=rows,
    regroup=regroup,
    check=check,
    feature_options=feature_options,
    options=OPTIONS,
)
