"""Masked language modelling: text with gaps in, what stood in the gaps out.

Devlin et al. 2019 (arXiv 1810.04805), section 3.1: 15 % of the symbols are asked for; of these 80 %
are masked, 10 % replaced at random, 10 % left. `static` fixes the gaps once (as there), else they are
drawn anew in every epoch (Liu et al. 2019, arXiv 1907.11692, section 4.1). Whole words and n-grams:
Cui et al. 2021 (arXiv 1906.08101, 2004.13922). Raw rows: `text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.datagen.schema import RESERVED_IDS, Transform
from components.datagen.task import Option, Task
from components.datagen.windows import OPTIONS, check, regroup

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem
    from components.datagen.vocabulary import Vocabulary

MASK = "<mask>"


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`text` -> standard rows; what is asked for is chosen as a batch is read."""
    import pyarrow as pa

    text = batch.column("text")
    names = ("inputs", "targets", "inputs_text", "targets_text")
    return pa.RecordBatch.from_pydict(dict.fromkeys(names, text))


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """Targets are made of the inputs."""
    return {"inputs": {"eos": not problem.option("window")}, "targets": {"made": True}}


def symbols(problem: Problem) -> tuple[str, ...]:
    """The gap is a symbol of the vocabulary."""
    return (MASK,)


def transforms(problem: Problem, vocabularies: Mapping[str, Vocabulary]) -> tuple[Transform, ...]:
    """The gaps."""
    settings = {
        "rate": problem.option("mask_rate"),
        "mask_id": vocabularies["inputs"].id_of(MASK),
        "random_low": RESERVED_IDS,
        "random_high": vocabularies["inputs"].size,
        "keep": 0.1,
        "random": 0.1,
        "whole_word": problem.option("whole_word"),
        "ngram": problem.option("ngram"),
    }
    return (Transform("masking", settings, dynamic=not problem.option("static")),)


TASK = Task(
    columns=("text",),
    inputs="symbol",
    targets="aligned",
    vocabularies={"inputs": "sentencepiece", "targets": "as inputs"},
    metrics=("masked_accuracy", "perplexity"),
    dev_metric="masked_accuracy",
    rows=rows,
    regroup=regroup,
    check=check,
    feature_options=feature_options,
    symbols=symbols,
    transforms=transforms,
    transform_names=("masking",),
    options={
        **OPTIONS,
        "mask_rate": Option(
            "float", 0.15, "share of the symbols that are asked for", low=0, high=1
        ),
        "static": Option("bool", False, "the same gaps in every epoch"),
        "whole_word": Option("bool", False, "all pieces of a word, or none"),
        "ngram": Option("int", 1, "most neighbouring words masked together", low=1),
    },
)
