"""`run --jobs N`: several cells at once end where a serial `dvc repro` ends."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipeline.project import Project
from tests.pipeline.test_repro import hold, release, result, until

CELLS = 8


def recorded(project: Project) -> dict[str, Any]:
    return yaml.safe_load((project.root / "dvc.lock").read_text())["stages"]


def run(project: Project, jobs: int = 2) -> tuple[int, str]:
    done = project.pipeline("run", "--jobs", str(jobs))
    assert "Traceback" not in done.output
    return done.code, done.output


@pytest.mark.slow
def test_it_leaves_the_lock_of_a_serial_repro(fresh: Project, tmp_path: Path) -> None:
    serial = fresh.copy(tmp_path / "serial")
    assert serial.dvc("repro").code == 0
    code, said = run(fresh)
    assert code == 0, said
    assert f"{CELLS} cells, 2 at once" in said
    assert f"[{CELLS}/{CELLS}] " in said
    # DVC's own order of the entries is that of a set of names, another one in every process.
    assert recorded(fresh) == recorded(serial)
    assert "Data and pipelines are up to date" in fresh.dvc("status").output
    assert not list((fresh.root / ".work").glob("*/result"))
    code, again = run(fresh)
    assert code == 0 and "Running stage" not in again and "at once" not in again


def test_only_what_an_edit_reaches_is_computed(finished: Project) -> None:
    finished.edit("params.yaml", "beam_size: 2", "beam_size: 3")
    code, said = run(finished)
    assert code == 0 and f"{CELLS} cells" in said, said
    assert ": training" not in said
    trained = json.loads((finished.root / "runs/pairs/transformer/tiny/1/metrics.json").read_text())
    assert trained["bleu"] == pytest.approx(3.1)
    finished.edit("params.yaml", "dropout: 0.1", "dropout: 0.2")
    code, said = run(finished)
    assert code == 0 and "4 cells, 2 at once" in said, said
    assert "Data and pipelines are up to date" in finished.dvc("status").output


def test_dvc_begins_twice_only_where_data_is_to_be_made(finished: Project) -> None:
    finished.edit("params.yaml", "dropout: 0.1", "dropout: 0.2")
    finished.fail("transformer", "crash")
    assert run(finished)[0] == 1
    looked = "Stage 'datagen@image_digits' didn't change"
    code, said = run(finished)
    assert code == 1 and said.count(looked) == 1, said
    next((finished.root / "data" / "pairs").iterdir()).unlink()
    finished.unfail()
    code, said = run(finished)
    assert code == 0 and said.count(looked) == 2, said
    assert said.index("Stage 'datagen@pairs' is cached") < said.index("2 cells, 2 at once")


def test_one_cells_failure_is_its_own(fresh: Project) -> None:
    fresh.fail("lstm_attention", "crash")
    code, said = run(fresh)
    assert code == 1
    failed = re.findall(r"\] train@(\S*lstm_attention-\S+) failed: RuntimeError: told to", said)
    assert len(failed) == 4
    assert "to run it alone: dvc repro -s train@pairs-lstm_attention-tiny-1" in said
    for name in ("tiny", "small"):
        assert f"pairs/transformer/{name}/1: done" in said
        assert f"pairs/lstm_attention/{name}/1: failed" in said
    fresh.unfail()
    code, said = run(fresh)
    assert code == 0 and "4 cells, 2 at once" in said, said
    assert "Data and pipelines are up to date" in fresh.dvc("status").output


def test_an_evaluation_that_fails_keeps_its_reason(single: Project) -> None:
    """DVC moves the training into place first, which forgets what failed in an earlier repro."""
    single.fail("evaluation")
    code, said = run(single)
    assert code == 1
    stage = "evaluate@image_digits-transformer-tiny-1"
    assert "trained before, moved into place" in said
    assert f"\n{stage} failed: RuntimeError: told to crash\nto run it alone" in said, said
    assert "image_digits/transformer/tiny/1: failed RuntimeError: told to crash" in said


def test_interrupting_stops_every_cell_and_the_next_run_goes_on(fresh: Project) -> None:
    hold(fresh)
    process = fresh.start(sys.executable, "-m", "pipeline", "run", "--jobs", "2")
    until(fresh.root / ".fail" / "waiting")
    os.kill(process.pid, signal.SIGINT)
    stopped = result(process)
    assert stopped.code == 130, stopped.output
    assert "goes on from here" in stopped.output and "Traceback" not in stopped.output
    assert "Running stage 'train@" not in stopped.output
    release(fresh)
    code, said = run(fresh)
    assert code == 0 and f"{CELLS} cells" in said, said


def test_data_that_cannot_be_made_stops_its_own_cells_only(fresh: Project) -> None:
    fresh.fail("pairs")
    code, said = run(fresh)
    assert code == 1
    assert "no data for pairs: pairs: told to fail" in said
    assert "image_digits/transformer/tiny/1: done" in said


def test_one_job_is_a_serial_run(fresh: Project) -> None:
    fresh.edit("params.yaml", "[image_digits, pairs]", "[image_digits]")
    code, said = run(fresh, 1)
    assert code == 0 and "4 cells, 1 at once" in said, said


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_a_number_of_jobs(fresh: Project, jobs: str) -> None:
    done = fresh.pipeline("run", f"--jobs={jobs}")
    assert done.code == 2
    assert f"expected a number of cells above 0, got '{jobs}'" in done.output
