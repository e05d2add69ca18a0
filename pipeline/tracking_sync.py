"""Makes MLflow's runs agree with what DVC tracks: rebuilds, completes, marks the dead."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import catalog
from pipeline import report_cells, report_members, tracking_record, tracking_store
from pipeline.cells import Cell
from pipeline.report_cells import Result
from pipeline.tracking import Synced, TrackingSettings, initialise
from pipeline.tracking_store import KnownRun

# Folder of a run's artifacts -> which files of a cell.
ARTIFACTS = {
    "": ("train.json", "metrics.json", "history.*"),
    "predictions": ("predictions.*.txt", "references.*.txt"),
    "inside": ("inside/*",),
    "plots": (),
}


@dataclass(frozen=True)
class Work:
    """What is to do: finished cells with the run they have (if any), and runs of dead processes."""

    complete: list[tuple[Result, KnownRun | None, str]]
    kill: list[KnownRun]


def sync(root: Path, cells: list[Cell], settings: TrackingSettings) -> Synced:
    """See `tracking.sync`, which makes a warning of whatever is raised here."""
    finished = [
        result
        for result in (report_cells.read(root, cell) for cell in cells)
        if result.train is not None and result.state != report_cells.NOT_APPLICABLE
    ]
    uri = tracking_store.absolute_uri(settings.uri, root)
    file = tracking_store.database(uri)
    if file is not None:
        experiment = tracking_store.local_experiment(file, settings.experiment)
        known = tracking_store.local_runs(file, experiment) if experiment else []
        work = _work(root, finished, known, settings)
        if not work.complete and not work.kill:
            return Synced()
    experiment_id = initialise(settings, root)
    if experiment_id is None:
        return Synced(warning="MLflow has no runs of the finished cells yet")
    from pipeline import tracking_client

    client = tracking_client.connect(uri)
    with tracking_store.lock(root):
        known = tracking_client.all_runs(client, experiment_id)
        work = _work(root, finished, known, settings)
        for run in work.kill:
            client.set_tag(run.run_id, tracking_record.FAILURE, "the training process died")
            client.set_terminated(run.run_id, "KILLED")
        for result, run_or_none, mark in work.complete:
            _complete(client, experiment_id, root, result, run_or_none, mark, settings)
    return Synced(
        created=tuple(result.name for result, run, _ in work.complete if run is None),
        completed=tuple(result.name for result, run, _ in work.complete if run is not None),
        killed=tuple(run.tags.get("mlflow.runName", run.run_id) for run in work.kill),
    )


def complete(root: Path, cell: Cell, folder: Path, settings: TrackingSettings) -> None:
    """See `tracking.complete`. What the store refuses is left to `sync`, which says why."""
    from pipeline import tracking_client

    uri = tracking_store.absolute_uri(settings.uri, root)
    file = tracking_store.database(uri)
    experiment = tracking_store.local_experiment(file, settings.experiment) if file else None
    if not (file and experiment):
        return
    known = tracking_store.local_runs(file, experiment)
    work = _work(root, [report_cells.read_from(root, folder, cell)], known, settings)
    client = tracking_client.connect(uri)
    with suppress(Exception):  # as `tracking.sync`
        for result, run, mark in work.complete:
            if run and run.status == "FINISHED":  # its training has been written to the end
                _complete(client, experiment, root, result, run, mark, settings)


def _work(
    root: Path, finished: list[Result], known: list[KnownRun], settings: TrackingSettings
) -> Work:
    # A finished run is preferred: it is the one that people have looked at.
    order = sorted(known, key=lambda run: run.status != "FINISHED")
    runs: dict[str, KnownRun] = {}
    for run in order:
        if tracking_record.CELL in run.tags:
            runs.setdefault(run.tags[tracking_record.CELL], run)
    complete = []
    for result in finished:
        assert result.train is not None
        has_data = report_cells.manifest(root, result.cell.problem) is not None
        extra = f"{settings.models} {sorted(settings.tags.items())} {has_data}"
        mark = tracking_record.fingerprint(result.folder, extra)
        found = runs.get(result.train["cell_hash"])
        if found and _being_written(found):
            continue
        done = found and found.status == "FINISHED"
        if not (done and found and found.tags.get(tracking_record.SYNCED) == mark):
            complete.append((result, found, mark))
    taken = {run.run_id for _, run, _ in complete if run}
    kill = [
        run
        for run in known
        if run.status == "RUNNING"
        and run.run_id not in taken
        and not tracking_record.process_lives(run.tags)
    ]
    return Work(complete, kill)


def _being_written(run: KnownRun) -> bool:
    """By another process: what this one wrote live, it has closed."""
    return (
        run.status == "RUNNING"
        and tracking_record.PROCESS in run.tags
        and tracking_record.process_lives(run.tags)
        and run.tags[tracking_record.PROCESS]
        != tracking_record.process_tags()[tracking_record.PROCESS]
    )


def _complete(
    client: Any,
    experiment_id: str,
    root: Path,
    result: Result,
    known: KnownRun | None,
    mark: str,
    settings: TrackingSettings,
) -> None:
    from pipeline import tracking_client

    train = result.train
    assert train is not None
    end = int((result.folder / "train.json").stat().st_mtime * 1000)
    start = end - int(float(train["train_seconds"]) * 1000)
    tags = tracking_record.tags(result.cell, train, settings.tags)
    if known is None:
        run_id = client.create_run(
            experiment_id,
            start_time=start,
            run_name=result.name,
            tags={tracking_record.CELL: train["cell_hash"]},
        ).info.run_id
    else:
        run_id = known.run_id
    params = tracking_record.parameters(result.cell, train)
    tracking_client.describe(client, run_id, params, tags)
    already = tracking_client.written(client, run_id)
    last = max(int(train["steps"]), 1)
    tracking_client.log_points(
        client,
        run_id,
        [
            (key, value, step, start + (end - start) * step // last)
            for step, values in result.history()
            for key, value in values.items()
            if (key, step) not in already
        ],
    )
    now = int(time.time() * 1000)
    final = tracking_record.final_metrics(train, result.metrics, _headlines(root, result))
    tracking_client.log_points(client, run_id, [(k, v, 0, now) for k, v in final.items()])
    _artifacts(client, experiment_id, root, result, run_id, settings.models)
    # Last: a sync that was interrupted anywhere above starts this run again, and doubles nothing.
    client.set_tag(run_id, tracking_record.SYNCED, mark)
    client.set_terminated(run_id, "FINISHED", end_time=None if known else end)


def _headlines(root: Path, result: Result) -> list[str]:
    """The keys in metrics.json of the headline of each of a mixture's members."""
    keys = []
    for one in report_members.with_members(root, [result]):
        if isinstance(one, report_members.MemberResult):
            manifest = report_members.manifest_of(root, one.member, [one])
            if manifest is not None:
                main = catalog.load_module("metrics", manifest.metrics[0]).MAIN
                keys.append(f"{one.member}/{main}")
    return keys


def _artifacts(
    client: Any, experiment_id: str, root: Path, result: Result, run_id: str, models: bool
) -> None:
    from pipeline import report_plots, tracking_client

    train = result.train
    assert train is not None
    problem = result.cell.problem
    manifest = report_cells.manifest(root, problem)
    data = root / "data" / problem
    about_data: list[Path] = []
    if manifest is not None:
        vocabularies = {f.vocabulary for f in manifest.features.values() if f.vocabulary}
        about_data = [data / "manifest.json", *(data / name for name in sorted(vocabularies))]
        profile = {name: split.examples for name, split in manifest.splits.items()}
        tracking_client.log_data(client, run_id, problem, str(train["data_hash"]), profile)
    files = {"data": about_data, **{to: _found(result, *globs) for to, globs in ARTIFACTS.items()}}
    with tempfile.TemporaryDirectory() as folder:
        # One call for all of them: each call asks the store where the run's artifacts are.
        for to, paths in files.items():
            (Path(folder) / to).mkdir(exist_ok=True)
            for path in paths:
                (Path(folder) / to / path.name).symlink_to(path.resolve())
        curve = report_plots.learning_curves(problem, [result])
        (Path(folder) / "plots" / "learning_curve.png").write_bytes(curve)
        client.log_artifacts(run_id, folder)
    if models:
        with _model_folder(result, about_data) as model:
            name = result.cell.name.replace("/", "-")
            step = int(train["steps"])
            tracking_client.log_model(client, experiment_id, run_id, name, step, model)


def _found(result: Result, *patterns: str) -> list[Path]:
    return [file for pattern in patterns for file in sorted(result.folder.glob(pattern))]


@contextmanager
def _model_folder(result: Result, about_data: list[Path]) -> Iterator[Path]:
    """The checkpoint that was evaluated, with the settings and vocabularies it needs to be used."""
    chosen = str((result.metrics or {}).get("checkpoint", "best"))
    with tempfile.TemporaryDirectory() as folder:
        for file in (
            result.folder / "checkpoint" / f"{chosen}.safetensors",
            result.folder / "train.json",
            *about_data,
        ):
            shutil.copy2(file, folder)
        yield Path(folder)
