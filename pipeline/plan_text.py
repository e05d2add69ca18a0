"""The plan as text: data, cells, and a last line with the sum."""

from __future__ import annotations

from collections import Counter

from pipeline.cells import EXCLUDED, NOT_APPLICABLE, RUN
from pipeline.plan import CACHED, DONE, TO_RUN, CellPlan, Plan
from pipeline.progress import duration


def text(plan: Plan, *, everything: bool = False) -> str:
    """One line a problem and a cell. Cells that are up to date are only counted unless asked for."""
    rows = [
        (f"data/{name}", step.state, step.why)
        for name, step in plan.data.items()
        if everything or step.state != DONE
    ]
    for cell in plan.cells:
        state, why = describe(cell)
        if everything or state not in (DONE, EXCLUDED):
            rows.append((cell.cell.name, state, why))
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    lines = [
        f"{name:{widths[0]}}  {state:{widths[1]}}  {why}".rstrip() for name, state, why in rows
    ]
    return "\n".join([*lines, _sum(plan)])


def describe(plan: CellPlan) -> tuple[str, str]:
    """A cell's state and its reason, training and evaluation together."""
    if plan.cell.status != RUN:
        return plan.cell.status, plan.cell.reason
    for step, what in ((plan.train, "train"), (plan.evaluate, "evaluate")):
        if step.failed:
            return "failed", step.why.removeprefix("failed last time: ")
        if step.state == TO_RUN:
            return what, step.why
    cached = CACHED in (plan.train.state, plan.evaluate.state)
    return (CACHED if cached else DONE), (plan.train.why or plan.evaluate.why) if cached else ""


def _sum(plan: Plan) -> str:
    states = Counter(describe(cell)[0] for cell in plan.cells)
    order = {
        DONE: "up to date",
        CACHED: "restored from the cache",
        "train": "to train",
        "evaluate": "to evaluate",
        "failed": "failed, to try again",
        NOT_APPLICABLE: "not applicable",
        EXCLUDED: "excluded",
    }
    parts = [f"{states[state]} {words}" for state, words in order.items() if states[state]]
    total = f"{len(plan.cells)} cell{'' if len(plan.cells) == 1 else 's'}: {', '.join(parts)}"
    made = [name for name, step in plan.data.items() if step.state == TO_RUN]
    if made:
        total += f"; data to make: {', '.join(made)}"
    known = [cell.seconds for cell in plan.cells if cell.train.state == TO_RUN and cell.seconds]
    if known:
        total += f"; {len(known)} of these trainings took {duration(sum(known))} last time"
    return total
