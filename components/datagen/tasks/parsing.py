"""Parsing: a sentence in, its constituency tree out, as one sequence of brackets.

Reference: Vinyals et al. 2015, "Grammar as a Foreign Language", https://arxiv.org/abs/1412.7449:
typed closing brackets, part-of-speech tags written XX, words left to the input. `leaves: tags` writes
the tags, as Tensor2Tensor does: with few trees they teach where to look. Raw rows: `tree`.

    in   She sleeps .
    out  (S (NP XX )NP (VP XX )VP XX )S
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen import trees
from components.datagen.task import Option, RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`tree` [strings] -> standard rows. The reference is the tree without empty elements, function
    tags and root, on one line. Raises RowError on text that is no tree."""
    import pyarrow as pa

    sentences, linear, references = [], [], []
    for number, text in enumerate(batch.column("tree").to_pylist()):
        try:
            words, tokens = trees.linearise(text, tags=problem.option("leaves") == "tags")
            tree = trees.clean(trees.parse(text))
        except trees.TreeError as error:
            raise RowError(number, str(error)) from error
        sentences.append(" ".join(words))
        linear.append(" ".join(tokens))
        references.append(trees.write(tree) if tree else "")
    inputs = pa.array(sentences, pa.string())
    return pa.RecordBatch.from_pydict(
        {
            "inputs": inputs,
            "targets": pa.array(linear, pa.string()),
            "inputs_text": inputs,
            "targets_text": pa.array(references, pa.string()),
        }
    )


TASK = Task(
    columns=("tree",),
    inputs="symbol",
    targets="symbol",
    vocabularies={"inputs": "sentencepiece", "targets": "tokens"},
    metrics=("bracket_f1", "perplexity"),
    dev_metric="bracket_f1",
    options={
        "leaves": Option(
            "str", "XX", "what is written for a word: XX or its tag", choices=("XX", "tags")
        )
    },
    rows=rows,
)
