"""`make repro` when things go wrong: failures, two at once, ^C, a kill, a bad params.yaml."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.pipeline.project import Project, Run

WAIT = 60


def until(file: Path) -> None:
    limit = time.monotonic() + WAIT
    while not file.exists():
        assert time.monotonic() < limit, f"{file} did not appear"
        time.sleep(0.02)


def hold(project: Project) -> None:
    """Makes the stand-in trainer wait until `release`."""
    project.fail("wait")


def release(project: Project) -> None:
    (project.root / ".fail" / "wait").unlink()


def result(process: subprocess.Popen[str]) -> Run:
    output, _ = process.communicate(timeout=WAIT)
    return Run(process.returncode, output, 0.0)


def test_a_failed_cell_names_itself_and_the_rest_runs(finished: Project) -> None:
    finished.edit("params.yaml", "d_model: 16", "d_model: 32")
    finished.fail("lstm_attention")
    run = finished.pipeline("repro")
    assert run.code == 1
    cell = "train@pairs-lstm_attention-tiny-1"
    assert f"{cell} failed: lstm_attention: told to fail" in run.output
    assert f"to run it alone: dvc repro -s {cell}" in run.output
    assert "Traceback" not in run.output
    assert "pairs/transformer/tiny/1: done" in run.output
    assert "pairs/lstm_attention/tiny/1: failed lstm_attention: told to fail" in run.output
    planned = finished.pipeline("plan").output
    assert "pairs/lstm_attention/tiny/1" in planned and "told to fail" in planned

    finished.unfail()
    assert finished.dvc("repro", "-s", cell).stages == [cell]
    again = finished.pipeline("repro")
    assert again.code == 0, again.output
    assert "pairs/lstm_attention/tiny/1: done" in again.output
    assert not list((finished.root / ".work" / "failures").iterdir())


def test_an_unexpected_error_leaves_its_traceback_in_a_log(single: Project) -> None:
    single.fail("transformer", "crash")
    run = single.dvc("repro")
    assert run.code != 0
    assert "failed: RuntimeError: told to crash" in run.output
    log = single.root / ".work/logs/image_digits.transformer.tiny.1.log"
    assert str(log.relative_to(single.root)) in run.output
    assert "Traceback" in log.read_text() and "told to crash" in log.read_text()


def test_data_that_cannot_be_made_stops_its_own_cells_only(fresh: Project) -> None:
    fresh.edit("params.yaml", "[transformer, lstm_attention]", "[transformer]")
    fresh.edit("params.yaml", "[tiny, small]", "[tiny]")
    fresh.fail("pairs")
    run = fresh.pipeline("repro")
    assert run.code == 1
    assert "datagen@pairs failed: pairs: told to fail" in run.output
    assert "image_digits/transformer/tiny/1: done" in run.output
    assert "train@pairs-transformer-tiny-1" not in run.stages


def test_the_comparison_is_made_once_and_printed_at_the_end(single: Project) -> None:
    run = single.pipeline("repro")
    stage, _, printed = run.output.rpartition("Running stage 'compare'")
    cell = "image_digits/transformer/tiny/1: done"
    assert run.code == 0 and cell in printed and cell not in stage, run.output
    # Of its own stage; where that does not run, it is made.
    (single.root / ".work" / "compare.txt").write_text("of another repro")
    again = single.pipeline("repro")
    assert cell in again.output and "of another repro" not in again.output


def test_a_second_repro_is_told_to_wait(single: Project) -> None:
    hold(single)
    first = single.start(sys.executable, "-m", "pipeline", "repro")
    until(single.root / ".fail" / "waiting")
    second = single.pipeline("repro")
    assert second.code == 1
    assert f"another repro runs in this folder (process {first.pid}, since" in second.output
    assert second.stages == [] and "Traceback" not in second.output
    release(single)
    assert result(first).code == 0
    assert single.pipeline("repro").stages == []


def test_a_repro_beside_plain_dvc_is_told_to_wait(single: Project) -> None:
    hold(single)
    first = single.start(sys.executable, "-m", "dvc", "repro")
    until(single.root / ".fail" / "waiting")
    second = single.pipeline("repro")
    assert second.code == 1
    assert f"DVC runs in this folder (process {first.pid}" in second.output
    release(single)
    assert result(first).code == 0


def test_interrupting_stops_the_whole_grid_and_the_next_repro_goes_on(fresh: Project) -> None:
    fresh.edit("params.yaml", "[image_digits, pairs]", "[image_digits]")
    fresh.edit("params.yaml", "[tiny, small]", "[tiny]")
    hold(fresh)
    run = fresh.start(sys.executable, "-m", "pipeline", "repro")
    until(fresh.root / ".fail" / "waiting")
    os.killpg(run.pid, signal.SIGINT)
    stopped = result(run)
    assert stopped.code == 130
    assert "interrupted; `make repro` goes on from here" in stopped.output
    # DVC may begin with the next stage, which then refuses to work.
    assert stopped.output.count(": training") == 1
    assert "Traceback" not in stopped.output
    release(fresh)
    again = fresh.pipeline("repro")
    assert again.code == 0, again.output
    assert not any(stage.startswith("datagen@") for stage in again.stages)


def test_a_killed_repro_leaves_nothing_in_the_way(single: Project) -> None:
    hold(single)
    run = single.start(sys.executable, "-m", "pipeline", "repro")
    until(single.root / ".fail" / "waiting")
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert not (single.root / "runs/image_digits/transformer/tiny/1/train.json").exists()
    release(single)
    again = single.pipeline("repro")
    assert again.code == 0, again.output
    assert "image_digits/transformer/tiny/1: done" in again.output
    assert "Data and pipelines are up to date" in single.dvc("status").output


def test_a_broken_params_yaml_stops_dvc_at_once(finished: Project) -> None:
    finished.edit("params.yaml", "dropout: 0.1", "dropuot: 0.1")
    before = {
        path: path.read_bytes()
        for folder in ("runs", "data", "reports")
        for path in (finished.root / folder).rglob("*")
        if path.is_file()
    }
    run = finished.dvc("repro")
    assert run.code != 0
    assert "hparams.tiny.dropuot: there is no such setting; did you mean 'dropout'?" in run.output
    assert "Traceback" not in run.output
    # Three seconds on an idle machine; tests share theirs.
    assert run.seconds < 15
    assert run.stages == ["resolve"]
    assert {path: path.read_bytes() for path in before} == before
    finished.edit("params.yaml", "dropuot: 0.1", "dropout: 0.1")
    assert set(finished.dvc("repro").stages) <= {"resolve"}


def test_what_dvc_cannot_read_is_explained_by_repro(finished: Project) -> None:
    finished.edit("params.yaml", "seed: [1]", "seed: [1")
    run = finished.pipeline("repro")
    assert run.code == 2 and run.stages == []
    assert "params.yaml:" in run.output and "not YAML" in run.output


def test_a_cell_that_makes_no_sense_says_why(single: Project) -> None:
    single.edit("params.yaml", "[image_digits]", "[image_digits, pairs]")
    single.edit("params.yaml", "[transformer]", "[transformer, transformer_encoder]")
    single.edit("params.yaml", "exclude: []", "exclude: [pairs/transformer]")
    run = single.pipeline("repro")
    assert run.code == 0, run.output
    folder = single.root / "runs/pairs/transformer_encoder/tiny/1"
    reason = (
        "transformer_encoder needs targets of kind class_label or aligned or span or real, "
        "has symbol"
    )
    assert json.loads((folder / "train.json").read_text())["reason"] == reason
    assert json.loads((folder / "metrics.json").read_text()) == {
        "status": "not applicable",
        "reason": reason,
    }
    assert f"not applicable: {reason}" in run.output
    excluded = single.root / "runs/pairs/transformer/tiny/1/metrics.json"
    assert json.loads(excluded.read_text())["reason"] == "grid.exclude: pairs/transformer"
