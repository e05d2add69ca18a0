"""Permutation language modelling: text with gaps in, the gaps' symbols in a random order out.

Yang et al. 2019 (arXiv 1906.08237), section 2.3, in the form that an encoder-decoder can learn: see
`components/train/transforms/permutation.py` for what differs. Raw rows: `text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from components.datagen.schema import Transform
from components.datagen.task import Option
from components.datagen.tasks import span_corruption
from components.datagen.tasks.span_corruption import GAPS
from components.datagen.windows import OPTIONS

if TYPE_CHECKING:
    from components.datagen.problem import Problem
    from components.datagen.vocabulary import Vocabulary


def transforms(problem: Problem, vocabularies: Mapping[str, Vocabulary]) -> tuple[Transform, ...]:
    """The gaps and their order."""
    sentinels = [vocabularies["inputs"].id_of(gap) for gap in GAPS]
    return (Transform("permutation", {"k": problem.option("k"), "sentinels": sentinels}),)


TASK = replace(
    span_corruption.TASK,
    transforms=transforms,
    transform_names=("permutation",),
    options={**OPTIONS, "k": Option("float", 6.0, "one of so many symbols is asked for", low=1)},
)
