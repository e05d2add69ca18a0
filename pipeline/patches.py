"""Whether a model can cut a problem's images into the problem's patches, before any are made.

Models that take an image as it is (`pixels`) read no patch; the others name, or take, one of `CUTTING`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from components import catalog
from components.datagen.problem import Problem
from pipeline.cells import Cell, runnable
from pipeline.located import Located
from pipeline.problems import ProblemInUse

# Files under components/train/modalities/ whose patch must divide both sides of an image, each with
# the patches that it can make; None: any. They import Keras and cannot be asked here.
CUTTING: dict[str, tuple[int, ...] | None] = {
    "image": None,
    "patches": None,
    "xception_entry": (1, 2, 4, 8, 16),
}
MOST = 32  # the largest patch that is proposed


def check_patches(
    located: Located,
    own: Mapping[str, Any],
    problems: Mapping[str, ProblemInUse],
    needs: Mapping[str, Mapping[str, Any]],
    cells: Iterable[Cell],
) -> None:
    """Notes patches that a model of the grid would refuse when its training starts.

    own: the problems of params.yaml by name. needs: what each model declares.
    """
    for problem, model in dict.fromkeys((cell.problem, cell.model) for cell in runnable(cells)):
        chosen = needs[model].get("modalities", {}).get("inputs", {})
        value = problems[problem].problem
        for name, one in (value.members or {problem: value}).items():
            wrong = _wrong(one, chosen.get("image", "image"))
            key = ("problems", name, "patch")
            if not wrong or located.has_fault(key):
                continue
            if name in own:
                located.fault(key, f"{wrong} ({model})")
            else:
                said = f"{name}: {wrong} ({model}); exclude {problem}/{model}"
                located.fault(("grid", "problem"), said)


def _wrong(problem: Problem, modality: str) -> str:
    """What is wrong with the patch for a model with that modality for images; empty: nothing."""
    task = catalog.load("tasks", problem.task)
    if task.inputs != "image" or "patch" not in task.options or modality not in CUTTING:
        return ""
    height, width, _ = problem.option("image_shape")
    patch, common, made = problem.option("patch"), math.gcd(height, width), CUTTING[modality]
    if common % patch == 0 and (made is None or patch in made):
        return ""
    fit = [n for n in made or range(1, MOST + 1) if common % n == 0]
    return (
        f"expected a patch that divides both sides of an image of {height} x {width} pixels, such "
        f"as {', '.join(map(str, fit))}, found {patch}"
    )
