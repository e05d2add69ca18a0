"""Runs in a real SQLite store: live, rebuilt, once; nothing is left running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import tracking, tracking_record, tracking_store
from pipeline.cells import NOT_APPLICABLE, Cell
from pipeline.compare import compare
from pipeline.tracking import TrackingSettings
from tests.pipeline import fake_grid

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = TrackingSettings(system_metrics=False, tags={"team": "blue"})
CELL = Cell("image_digits", "transformer", "tiny", 1)


def events(root: Path, cell: Cell) -> list[dict[str, Any]]:
    """What the trainer reported, from the history it wrote."""
    lines = (root / cell.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = {"train": "step", "dev": "dev"}
    return [{"event": kinds[line.pop("split")], **line} for line in map(json.loads, lines)]


def known_runs(root: Path, settings: TrackingSettings = SETTINGS) -> list[tracking_store.KnownRun]:
    file = root / "mlflow.db"
    experiment = tracking_store.local_experiment(file, settings.experiment)
    return tracking_store.local_runs(file, experiment) if experiment else []


def contents(root: Path, run_id: str) -> dict[str, Any]:
    """All that MLflow's page shows of a run, but for when and where it was written."""
    from pipeline import tracking_client

    client = tracking_client.connect(f"sqlite:///{root / 'mlflow.db'}")
    run = client.get_run(run_id)
    where = (tracking_record.HOST, tracking_record.PROCESS, "tensorgrid.pid")
    artifacts = Path(run.info.artifact_uri)
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "params": run.data.params,
        "tags": {key: value for key, value in run.data.tags.items() if key not in where},
        "points": {
            key: sorted((p.step, p.value) for p in client.get_metric_history(run_id, key))
            for key in run.data.metrics
        },
        "files": {
            str(file.relative_to(artifacts)): file.read_bytes()
            for file in artifacts.rglob("*")
            if file.is_file()
        },
        "data": [(d.dataset.name, d.dataset.profile) for d in run.inputs.dataset_inputs],
        "models": len(run.outputs.model_outputs),
    }


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one cell that was trained live, evaluated and completed by `sync`."""
    root = tmp_path_factory.mktemp("tracked")
    fake_grid.write_data(root, CELL.problem)
    record = fake_grid.train_record(CELL)
    with tracking.live(CELL, SETTINGS, root, record=record) as report:
        fake_grid.write_cell(root, CELL, error=0.05)
        report({"event": "start", "params": 10})
        for event in events(root, CELL):
            report(event)
    [run] = known_runs(root)
    assert run.status == "FINISHED"
    assert tracking.sync(root, [CELL], SETTINGS).completed == (CELL.name,)
    return root


def test_a_cell_in_the_store_is_completed_as_by_sync(tracked: Path, tmp_path: Path) -> None:
    from pipeline import tracking_client  # noqa: F401  (as in a fork of the warm process)

    fake_grid.write_data(tmp_path, CELL.problem)
    with tracking.live(CELL, SETTINGS, tmp_path, record=fake_grid.train_record(CELL)) as report:
        fake_grid.write_cell(tmp_path, CELL, error=0.05)
        for event in events(tmp_path, CELL):
            report(event)
    kept = tmp_path / ".work" / "hash" / "result"
    kept.parent.mkdir(parents=True)
    shutil.move(tmp_path / CELL.folder, kept)
    tracking.complete(tmp_path, CELL, kept, SETTINGS)
    shutil.move(kept, tmp_path / CELL.folder)
    assert tracking.sync(tmp_path, [CELL], SETTINGS) == tracking.Synced()
    [run], [other] = known_runs(tmp_path), known_runs(tracked)
    assert contents(tmp_path, run.run_id) == contents(tracked, other.run_id)


def test_a_run_holds_what_people_look_for(tracked: Path) -> None:
    [run] = known_runs(tracked)
    found = contents(tracked, run.run_id)
    assert found["name"] == "image_digits/transformer/tiny/1"
    assert found["params"]["hparams"] == "tiny"
    assert found["params"]["d_model"] == "128"
    assert found["params"]["train.steps"] == "2000"
    assert found["tags"]["dvc.stage"] == "train@image_digits-transformer-tiny-1"
    assert found["tags"]["team"] == "blue"
    assert found["tags"]["mlflow.source.git.commit"] == "1234567"
    assert found["data"] == [("image_digits", '{"dev": 500, "test": 120, "train": 20000}')]
    assert found["models"] == 1
    assert [step for step, _ in found["points"]["dev/accuracy"]] == list(range(100, 2001, 100))
    assert 0.9 < found["points"]["test/accuracy"][0][1] < 1
    assert found["points"]["cost/params"] == [(0, 1_200_000.0)]
    assert len(found["points"]) < tracking_record.MAX_KEYS
    assert set(found["files"]) == {
        "data/manifest.json",
        "data/targets.labels.txt",
        "history.csv",
        "history.jsonl",
        "inside/index.html",
        "metrics.json",
        "plots/learning_curve.png",
        "predictions/predictions.test.txt",
        "predictions/references.test.txt",
        "train.json",
    }


def test_the_model_is_the_checkpoint_that_was_evaluated(tracked: Path) -> None:
    [model] = (tracked / "mlartifacts" / "models").iterdir()
    files = {file.name for file in (model / "artifacts").iterdir()}
    assert files == {"best.safetensors", "train.json", "manifest.json", "targets.labels.txt"}


def test_a_second_sync_changes_nothing_and_does_not_import_mlflow(tracked: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline import tracking\n"
        "from tests.pipeline.test_tracking import CELL, SETTINGS\n"
        f"done = tracking.sync(Path({str(tracked)!r}), [CELL], SETTINGS)\n"
        "assert done == tracking.Synced(), done\n"
        "assert 'mlflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
    assert len(known_runs(tracked)) == 1


def test_a_run_rebuilt_from_files_equals_the_live_one(tracked: Path, tmp_path: Path) -> None:
    for folder in ("runs", "data"):
        shutil.copytree(tracked / folder, tmp_path / folder)
    assert tracking.sync(tmp_path, [CELL], SETTINGS).created == (CELL.name,)
    assert tracking.sync(tmp_path, [CELL], SETTINGS) == tracking.Synced()
    [live], [rebuilt] = known_runs(tracked), known_runs(tmp_path)
    assert contents(tmp_path, rebuilt.run_id) == contents(tracked, live.run_id)


def test_a_new_evaluation_is_added_to_the_same_run(tmp_path: Path) -> None:
    fake_grid.write_data(tmp_path, CELL.problem)
    fake_grid.write_cell(tmp_path, CELL, error=0.3)
    tracking.sync(tmp_path, [CELL], SETTINGS)
    fake_grid.write_evaluation(tmp_path, CELL, error=0.0)
    assert tracking.sync(tmp_path, [CELL], SETTINGS).completed == (CELL.name,)
    [run] = known_runs(tmp_path)
    points = contents(tmp_path, run.run_id)["points"]
    assert points["test/accuracy"][-1] == (0, 1.0)
    assert len(points["dev/loss"]) == 20


def test_only_finished_cells_get_a_run(tmp_path: Path) -> None:
    other = Cell("image_digits", "lstm_attention", "tiny", 1, NOT_APPLICABLE, "no symbols")
    fake_grid.write_not_applicable(tmp_path, other, "no symbols")
    absent = Cell("image_digits", "transformer", "big", 1)
    assert tracking.sync(tmp_path, [other, absent], SETTINGS) == tracking.Synced()
    assert not (tmp_path / "mlflow.db").exists()


def test_a_folder_whose_name_a_uri_reads_otherwise(tmp_path: Path) -> None:
    root = tmp_path / "ä%20b #1?"
    fake_grid.write_data(root, CELL.problem)
    fake_grid.write_cell(root, CELL, error=0.3)
    assert tracking.sync(root, [CELL], SETTINGS).created == (CELL.name,)
    assert tracking.sync(root, [CELL], SETTINGS) == tracking.Synced()
    assert {"mlflow.db", "mlartifacts"} <= {path.name for path in root.iterdir()}


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("mlruns", "maintenance mode"),
        ("posgresql://x", "unsupported URI"),
        ("sqlite:///mlflow.db", "file is not a database"),
        ("sqlite:///runs", "runs is a folder)"),
        ("sqlite:///mlflow.db/more/mlflow.db", "mlflow.db is no folder)"),
    ],
)
def test_a_store_that_cannot_be_used_costs_a_warning(
    uri: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_grid.write_cell(tmp_path, CELL, error=0.3)
    (tmp_path / "mlflow.db").write_bytes(b"no database " * 100)
    settings = TrackingSettings(uri=uri)
    assert tracking.sync(tmp_path, [CELL], settings).warning
    said = capsys.readouterr().err
    assert said.startswith(f"warning: the store {uri} cannot be used (") and reason in said
    assert "mlflow ui" in compare(tmp_path, [CELL], settings)


def test_a_failed_training_says_why_in_its_run(tmp_path: Path) -> None:
    record = fake_grid.train_record(CELL)
    with pytest.raises(ValueError, match="diverged"):
        with tracking.live(CELL, SETTINGS, tmp_path, record=record) as report:
            report({"event": "step", "step": 1, "loss": 2.5})
            raise ValueError("the training diverged")
    [run] = known_runs(tmp_path)
    assert run.status == "FAILED"
    assert run.tags[tracking_record.FAILURE] == "ValueError: the training diverged"


TRAINING = """
import os, sys, time
from pathlib import Path
from pipeline import tracking
from tests.pipeline import fake_grid
from tests.pipeline.test_tracking import CELL, SETTINGS
record = fake_grid.train_record(CELL)
with tracking.live(CELL, SETTINGS, Path(sys.argv[1]), record=record) as report:
    for step in range(1, int(sys.argv[2]) + 1):
        report({"event": "step", "step": step, "loss": 1 / step})
    print("training", flush=True)
    time.sleep(float(sys.argv[3]))
"""


def start_training(root: Path, steps: int, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(root), str(steps), str(seconds)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for_status(root: Path, status: str) -> tracking_store.KnownRun:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        runs = known_runs(root)
        if runs and runs[0].status == status:
            return runs[0]
        time.sleep(0.05)
    raise AssertionError(f"no {status} run within a minute: {known_runs(root)}")


def test_the_run_of_a_killed_training_is_marked_and_then_continued(tmp_path: Path) -> None:
    tracking.initialise(SETTINGS, tmp_path)
    process = start_training(tmp_path, steps=3, seconds=600)
    running = wait_for_status(tmp_path, "RUNNING")
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = wait_for_status(tmp_path, "KILLED")
    assert killed.run_id == running.run_id

    again = start_training(tmp_path, steps=5, seconds=0)
    again.wait()
    [run] = known_runs(tmp_path)
    assert (run.run_id, run.status) == (killed.run_id, "FINISHED")
    from pipeline import tracking_client

    client = tracking_client.connect(f"sqlite:///{tmp_path / 'mlflow.db'}")
    points = client.get_metric_history(run.run_id, "train/loss")
    assert sorted(point.step for point in points) == [1, 2, 3, 4, 5]


def test_sync_marks_a_run_whose_writer_died_with_its_training(tmp_path: Path) -> None:
    from pipeline import tracking_client

    experiment = tracking.initialise(SETTINGS, tmp_path)
    assert experiment
    client = tracking_client.connect(f"sqlite:///{tmp_path / 'mlflow.db'}")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = tracking_record.process_tags()
    dead = mine | {tracking_record.PROCESS: f"{ended.pid}:1.00"}
    elsewhere = dead | {tracking_record.HOST: "another-machine"}
    for name, tags in (("dead", dead), ("alive", mine), ("elsewhere", elsewhere)):
        client.create_run(experiment, run_name=name, tags=tags)
    assert tracking.sync(tmp_path, [], SETTINGS).killed == ("dead",)
    statuses = sorted(run.status for run in known_runs(tmp_path))
    assert statuses == ["KILLED", "RUNNING", "RUNNING"]


@pytest.mark.slow
def test_six_processes_start_at_once_on_a_store_that_is_not_there(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline import tracking\n"
        "from pipeline.cells import Cell\n"
        "from tests.pipeline import fake_grid\n"
        "from tests.pipeline.test_tracking import SETTINGS\n"
        "root, cell = Path(sys.argv[1]), Cell('image_digits', 'transformer', 'tiny', sys.argv[2])\n"
        "record = fake_grid.train_record(cell)\n"
        "with tracking.live(cell, SETTINGS, root, record=record) as report:\n"
        "    for step in range(1, 251):\n"
        "        report({'event': 'step', 'step': step, 'loss': 1 / step})\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(seed)], cwd=REPOSITORY)
        for seed in range(6)
    ]
    assert [process.wait() for process in processes] == [0] * 6
    runs = known_runs(tmp_path)
    assert [run.status for run in runs] == ["FINISHED"] * 6
    assert len({run.tags[tracking_record.CELL] for run in runs}) == 6
    rows = tracking_store._query(
        tmp_path / "mlflow.db", "SELECT run_uuid, count(*) FROM metrics GROUP BY run_uuid"
    )
    assert [count for _, count in rows] == [250] * 6


def test_tracking_can_be_switched_off(tmp_path: Path) -> None:
    off = TrackingSettings(enabled=False)
    with tracking.live(CELL, off, tmp_path, record=fake_grid.train_record(CELL)) as report:
        report({"event": "step", "step": 1, "loss": 1.0})
    assert tracking.initialise(off, tmp_path) is None
    assert tracking.sync(tmp_path, [CELL], off) == tracking.Synced()
    assert os.listdir(tmp_path) == []
