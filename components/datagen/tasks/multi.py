"""Several problems at once: one model, one run, batches of one problem each.

Kaiser et al. 2017, "One Model To Learn Them All", https://arxiv.org/abs/1706.05137. A problem of this
task has no rows of its own; `tasks` names other problems, of any task, from params.yaml or the
catalog. Each member keeps its modalities, metrics and command token, a learned vector that decoding
starts with; the body is shared, and so is one SentencePiece vocabulary for all that is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.catalog import UserError, closest
from components.datagen.mixing import SAMPLINGS
from components.datagen.task import Option, RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """A mixture reads no rows: its members do."""
    raise RowError(0, "a problem of task multi has no rows of its own")


def check(where: str, problem: Problem) -> None:
    """Raises UserError on a mixture of nothing, and on schedules that name others than its members."""
    names, points = problem.option("tasks"), problem.option("schedule")
    if not names:
        raise UserError(f"{where}.tasks: expected the names of problems, e.g. [parse_synth]")
    if (problem.option("sampling") == "schedule") != bool(points):
        raise UserError(f"{where}.schedule: goes with `sampling: schedule`, and that with it")
    for step, weights in points:
        for name in weights:
            if name not in names:
                raise UserError(
                    f"{where}.schedule: at step {step}, {name!r} is not one of the tasks; "
                    f"{closest(name, names)}"
                )
    if problem.option("temperature") <= 0:
        raise UserError(f"{where}.temperature: expected a number above 0")


TASK = Task(
    columns=(),
    inputs="multi",
    targets="multi",
    metrics=(),
    dev_metric="",
    rows=rows,
    options={
        "tasks": Option(
            "weights", {}, "problems by name, each with its weight; or a list of names"
        ),
        "sampling": Option(
            "str", "weights", "how often each of them has its turn", choices=SAMPLINGS
        ),
        "temperature": Option("float", 2.0, "of sampling temperature: p ~ examples^(1/T)"),
        "schedule": Option("schedule", (), "of sampling schedule: [[step, {name: weight}], ...]"),
    },
    check=check,
)
