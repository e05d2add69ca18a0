"""Whether a model can cut a problem's images into the problem's patches, before any are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components import catalog
from components.datagen.problem import Problem
from components.train.patches import refused
from pipeline.cells import Cell, runnable
from pipeline.located import Located
from pipeline.problems import ProblemInUse


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
    if task.inputs != "image" or "patch" not in task.options:
        return ""
    height, width, _ = problem.option("image_shape")
    return refused(modality, problem.option("patch"), height, width)
