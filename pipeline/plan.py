"""What `dvc repro` would do, stage by stage and cell by cell, and why; imports nothing heavy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.datagen.schema import MANIFEST
from components.train.hparams import of_results
from pipeline import digests, identity, sources
from pipeline.cells import RUN, Cell
from pipeline.lock import Lock, Stage
from pipeline.params import Params

DONE, CACHED, TO_RUN = "up to date", "cached", "to run"
# What dvc.yaml declares in a cell's folder (a test compares the two).
OUTPUTS = {
    "train": ("checkpoint", "history.csv", "history.jsonl", "train.json"),
    "evaluate": ("inside", "metrics.json", "predictions.test.txt", "references.test.txt"),
}


@dataclass(frozen=True)
class Step:
    """One stage instance: `up to date`, `cached` (DVC restores it) or `to run`, and why."""

    state: str
    why: str = ""
    failed: bool = False


@dataclass(frozen=True)
class CellPlan:
    """What would happen to a cell; its seconds of training by the last run, if there was one."""

    cell: Cell
    train: Step
    evaluate: Step
    seconds: float | None


@dataclass(frozen=True)
class Plan:
    """The whole: data of each problem, then the cells in the grid's order."""

    data: Mapping[str, Step]
    cells: tuple[CellPlan, ...]


def make_plan(root: Path, params: Params) -> Plan:
    """Compares params and code with dvc.lock, the cache and the last results."""
    lock = Lock(root)
    data = {name: _data(root, lock, params, name) for name in params.problems}
    return Plan(data, tuple(_cell(root, lock, params, data, cell) for cell in params.cells))


def _data(root: Path, lock: Lock, params: Params, name: str) -> Step:
    problem = params.problems[name]
    failed = _failure(root, name)
    recorded = lock.stage(f"datagen@{name}")
    if recorded is None:
        return Step(TO_RUN, failed or "never made", bool(failed))
    if recorded.digest != identity.datagen_digest(problem):
        return Step(TO_RUN, failed or "its settings or code changed", bool(failed))
    files = sources.listing(root, problem.local)
    if _sources_changed(root, recorded, name, files):
        return Step(TO_RUN, failed or "its source files changed", bool(failed))
    if (root / "data" / name).is_dir():
        return Step(DONE)
    return Step(CACHED) if lock.at_hand(recorded) else Step(TO_RUN, "its data is gone")


def _sources_changed(root: Path, recorded: Stage, name: str, files: dict[str, Path]) -> bool:
    """By number and size of the files; by their bytes only where one is newer than the data."""
    dep = recorded.dep(f".sources/{name}")
    if (dep.get("nfiles"), dep.get("size")) != sources.folder_size(files):
        return True
    manifest = root / "data" / name / "manifest.json"
    if manifest.is_file():
        made = manifest.stat().st_mtime
        if all(file.stat().st_mtime < made for file in files.values()):
            return False
    return sources.folder_md5(files) != dep.get("md5")


def _cell(root: Path, lock: Lock, params: Params, data: Mapping[str, Step], cell: Cell) -> CellPlan:
    last = _load(root / cell.folder / "train.json")
    train, trained = _train(root, lock, params, data[cell.problem], cell, last)
    evaluate = _evaluate(root, lock, params, train, trained, cell)
    seconds = last.get("train_seconds") if last else None
    return CellPlan(cell, train, evaluate, seconds)


def _train(
    root: Path, lock: Lock, params: Params, data: Step, cell: Cell, last: dict[str, Any] | None
) -> tuple[Step, Stage | None]:
    """The step, and the record of the training that is there or that DVC restores."""
    failed = _failure(root, cell.dotted)
    if data.state == TO_RUN:
        return Step(TO_RUN, failed or "after its data", bool(failed)), None
    digest = identity.train_digest(params, cell)
    md5 = _data_md5(lock, cell)
    recorded = lock.stage(cell.stage("train"))
    if recorded and recorded.digest == digest and lock.at_hand(recorded):
        if recorded.dep(_manifest(cell)).get("md5") == md5:
            here = all((root / out).exists() for out in recorded.outs)
            return Step(DONE if here else CACHED), recorded
    if kept := _kept(lock, cell, "train", digest, {_manifest(cell): md5}):
        return Step(CACHED, "ran before with these settings"), kept
    if failed:
        return Step(TO_RUN, failed, True), None
    return Step(TO_RUN, _why(root, params, cell, last, recorded, md5)), None


def _evaluate(
    root: Path, lock: Lock, params: Params, train: Step, trained: Stage | None, cell: Cell
) -> Step:
    if trained is None:
        return Step(TO_RUN, "after its training")
    digest = identity.evaluate_digest(params, cell)
    recorded = lock.stage(cell.stage("evaluate"))
    deps = {_manifest(cell): _data_md5(lock, cell)}
    for name in ("checkpoint", "train.json"):
        path = (cell.folder / name).as_posix()
        deps[path] = trained.out(path).get("md5")
    same = recorded and all(recorded.dep(path).get("md5") == md5 for path, md5 in deps.items())
    if recorded and same and recorded.digest == digest and lock.at_hand(recorded):
        here = train.state == DONE and all((root / out).exists() for out in recorded.outs)
        return Step(DONE if here else CACHED)
    if _kept(lock, cell, "evaluate", digest, deps):
        return Step(CACHED, "ran before with these settings")
    failed = _failure(root, cell.dotted)
    if failed:
        return Step(TO_RUN, failed, True)
    why = "never evaluated" if recorded is None else "eval settings, code or weights changed"
    return Step(TO_RUN, why)


def _kept(
    lock: Lock, cell: Cell, kind: str, digest: str, deps: Mapping[str, str | None]
) -> Stage | None:
    """This run in the run-cache, if it holds it: DVC then restores it instead of running it."""
    if not all(deps.values()):
        return None
    words = f"{cell.problem} {cell.model} {cell.hparams} {cell.seed}"
    return lock.kept_run(
        f"python -m pipeline {kind} {words}",
        {path: str(md5) for path, md5 in deps.items()},
        {digests.file(cell): {kind: digest}},
        [(cell.folder / name).as_posix() for name in OUTPUTS[kind]],
    )


def _why(
    root: Path,
    params: Params,
    cell: Cell,
    last: dict[str, Any] | None,
    recorded: Stage | None,
    data_md5: str | None,
) -> str:
    """What changed since the last training, in words."""
    if cell.status != RUN:
        return "writes down why"
    if not last or last.get("status") != "ok":
        return "never trained" if recorded is None else "its results are gone"
    hparams, settings = params.sets[cell.hparams][cell.model]
    changes = [
        *_differences(last.get("hparams", {}), hparams, ""),
        *_differences(last.get("settings", {}), settings, "train."),
        *_differences(last.get("runtime", {}), of_results(params.runtime), "runtime."),
        *_changed_code(last.get("code", {}), identity.train_code(params, cell)),
    ]
    if recorded and recorded.dep(_manifest(cell)).get("md5") not in (None, data_md5):
        changes.append("data")
    return ", ".join(changes) or "its results are not recorded"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> list[str]:
    return [
        f"{prefix}{name} {_short(old[name])} -> {_short(value)}"
        if name in old
        else f"{prefix}{name} {_short(value)} (new)"
        for name, value in new.items()
        if old.get(name) != value
    ]


def _changed_code(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return sorted(file for file in {*old, *new} if old.get(file) != new.get(file))


def _short(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _data_md5(lock: Lock, cell: Cell) -> str | None:
    return lock.file_md5(f"data/{cell.problem}", MANIFEST)


def _manifest(cell: Cell) -> str:
    """What stands for a problem's data in the stages of its cells."""
    return f"data/{cell.problem}/{MANIFEST}"


def _failure(root: Path, dotted: str) -> str:
    record = _load(root / ".work" / "failures" / f"{dotted}.json")
    return f"failed last time: {record['reason']}" if record else ""


def _load(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
