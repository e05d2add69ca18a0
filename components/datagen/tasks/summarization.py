"""Summarization: a document in, its summary out. Raw rows: `document`, `summary`.

The first `document_words` words are read (See et al. 2017, arXiv 1704.04368, read 400).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.standard_rows import read_and_write
from components.datagen.task import Option, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`document`, `summary` -> standard rows."""
    import pyarrow as pa

    most = problem.option("document_words")
    documents = batch.column("document")
    if most:
        cut = [" ".join(text.split(" ")[:most]) for text in documents.to_pylist()]
        documents = pa.array(cut, pa.string())
    return read_and_write(documents, batch.column("summary"))


TASK = Task(
    columns=("document", "summary"),
    inputs="symbol",
    targets="symbol",
    vocabularies={"inputs": "sentencepiece", "targets": "sentencepiece"},
    metrics=("rouge", "perplexity"),
    dev_metric="rouge",
    rows=rows,
    options={
        "document_words": Option("int", 400, "words of a document that are read; 0: all", low=0)
    },
)
