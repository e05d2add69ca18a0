"""`python -m pipeline run`: the grid with several cells at once, recorded as by `dvc repro`.

DVC runs one stage at a time and rewrites its records after each. So the data is made by DVC; then
the cells are computed into the store, beside each other, without it; then a serial `dvc repro` finds
each cell there, moves it into place and records it.
"""

from __future__ import annotations

from pathlib import Path

from components.train.runtime import available_cores
from pipeline import plan, record, resolve, store, warm
from pipeline.cells import RUN
from pipeline.executor import Executor, Job
from pipeline.failures import FAILED_IN_RUN
from pipeline.lock import Lock
from pipeline.params import Params
from pipeline.plan import DONE, TO_RUN, Plan
from pipeline.repro import INTERRUPTED, dvc_repro, repro
from pipeline.resolved import Resolved, read
from pipeline.slots import gpus, slots
from pipeline.tracking import warn


def run(root: Path, jobs: int) -> int:
    """Exit code 1 if something failed, 130 after ^C. jobs: cells at once; 0: as there is room."""
    return repro(root, [], keep_going=True, first=lambda params: _compute(root, params, jobs))


def _compute(root: Path, params: Params, jobs: int) -> dict[str, str] | None:
    """What DVC's environment is to hold afterwards; None after ^C."""
    planned = plan.make_plan(root, params)
    settings = {"runtime": params.runtime, "tracking": params.tracking}
    if any(TO_RUN in (one.train.state, one.evaluate.state) for one in planned.cells):
        # The libraries are imported while DVC makes the data.
        warm.prepare(settings)
    if not (resolve.is_current(root, params) and _all_made(root, planned)):
        if dvc_repro(root, ["--keep-going", "resolve", "datagen"]) == INTERRUPTED:
            return None
        planned = plan.make_plan(root, params)
    resolved = read(root)
    todo = to_compute(root, planned, resolved)
    if not todo:
        return {}
    shares = slots(jobs, resolved.settings["runtime"], gpus(), available_cores())
    if shares.warning and jobs != 1:
        warn(shares.warning)
    print(f"{len(todo)} cells, {shares.text}", flush=True)
    executor = Executor(root, resolved.settings)
    executor.compute(todo, shares.environments)
    # DVC comes to them once more, and is told at once that they have failed.
    return None if executor.interrupted else {FAILED_IN_RUN: " ".join(executor.failed)}


def _all_made(root: Path, planned: Plan) -> bool:
    """Whether the data of every problem is in its place, as DVC has recorded it but for the bytes."""
    lock = Lock(root)
    for name, step in planned.data.items():
        recorded, folder = lock.stage(f"datagen@{name}"), Path("data", name)
        if step.state != DONE or recorded is None:
            return False
        out = recorded.out(folder.as_posix())
        sizes = [file.stat().st_size for file in (root / folder).rglob("*") if file.is_file()]
        if (len(sizes), sum(sizes)) != (out.get("nfiles"), out.get("size")):
            return False
    return True


def to_compute(root: Path, planned: Plan, resolved: Resolved) -> list[Job]:
    """What `dvc repro` would run of the cells, less what is in the store already."""
    jobs = []
    for one in planned.cells:
        cell = one.cell
        if cell.status != RUN or planned.data[cell.problem].state == TO_RUN:
            continue
        digest, data = record.train_digest(resolved, cell), record.data_hash(root, cell.problem)
        kept = store.folder(root, record.cell_hash(digest, data))
        if one.train.state == TO_RUN:
            kinds = ["evaluate"] if store.holds(kept, "train", digest) else ["train", "evaluate"]
        elif one.train.state == DONE and one.evaluate.state == TO_RUN:
            kinds = ["evaluate"]
        else:
            continue  # up to date, or DVC restores it
        trained = None if one.train.state == TO_RUN else root / cell.folder / "train.json"
        wanted = record.evaluate_digest(resolved, cell)
        if kinds == ["evaluate"] and store.holds(kept, "evaluate", wanted, trained):
            continue
        jobs.append(Job(cell, tuple(kinds)))
    return jobs
