"""Span corruption: text with numbered gaps in, the numbers and what stood there out.

Raffel et al. 2020 (arXiv 1910.10683), section 3.1.4: spans of 3 symbols on average, 15 % of the text.
Raw rows: `text`. Gaps are drawn anew in every epoch.

    in   Thank you <gap_0> me to your party <gap_1> week .
    out  <gap_0> for inviting <gap_1> last
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.datagen.schema import Transform
from components.datagen.task import Option, Task
from components.datagen.tasks.masked_lm import rows
from components.datagen.windows import OPTIONS, check, regroup

if TYPE_CHECKING:
    from components.datagen.problem import Problem
    from components.datagen.vocabulary import Vocabulary

GAPS = tuple(f"<gap_{number}>" for number in range(32))


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """Targets are made of the inputs."""
    return {"targets": {"made": True}}


def symbols(problem: Problem) -> tuple[str, ...]:
    """The gaps are symbols of the vocabulary."""
    return GAPS


def transforms(problem: Problem, vocabularies: Mapping[str, Vocabulary]) -> tuple[Transform, ...]:
    """The gaps."""
    settings = {
        "rate": problem.option("corruption_rate"),
        "mean_span": problem.option("mean_span"),
        "sentinels": [vocabularies["inputs"].id_of(gap) for gap in GAPS],
    }
    return (Transform("span_corruption", settings),)


TASK = Task(
    columns=("text",),
    inputs="symbol",
    targets="symbol",
    vocabularies={"inputs": "sentencepiece", "targets": "as inputs"},
    metrics=("masked_accuracy", "perplexity"),
    dev_metric="perplexity",
    rows=rows,
    regroup=regroup,
    check=check,
    feature_options=feature_options,
    symbols=symbols,
    transforms=transforms,
    transform_names=("span_corruption",),
    options={
        **OPTIONS,
        "corruption_rate": Option(
            "float", 0.15, "share of the symbols that are asked for", low=0, high=1
        ),
        "mean_span": Option("float", 3.0, "symbols of a gap on average", low=1),
    },
)
