"""`plan` against what DVC then does; why a cell would run; how fast it is."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from components import declaration
from components.catalog import UserError
from pipeline import identity
from pipeline.cells import RUN
from pipeline.lock import Lock
from pipeline.params import load
from tests.pipeline.project import Project


def lines(project: Project, *words: str) -> dict[str, str]:
    """First word of each line -> the rest."""
    run = project.pipeline("plan", *words)
    assert run.code == 0, run.output
    split = [line.split(maxsplit=1) for line in run.output.splitlines()]
    return {words[0]: " ".join(words[1].split()) for words in split}


def test_a_grid_that_never_ran(fresh: Project) -> None:
    found = lines(fresh)
    assert found["data/pairs"] == "to run never made"
    assert found["pairs/transformer/tiny/1"] == "train after its data"
    assert found["8"] == "cells: 8 to train; data to make: image_digits, pairs"


def test_a_finished_grid(finished: Project) -> None:
    assert lines(finished) == {"8": "cells: 8 up to date"}
    assert lines(finished, "--all")["pairs/transformer/tiny/1"] == "up to date"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("stages:\n<<<<<<< HEAD\n  a: {}\n=======\n", "dvc.lock:3: not YAML (a merge conflict?)"),
        ("- stages\n", "dvc.lock: expected a section `stages:`"),
    ],
)
def test_a_lock_that_cannot_be_read(text: str, part: str, tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text(text)
    with pytest.raises(UserError) as raised:
        Lock(tmp_path)
    assert part in str(raised.value) and "git checkout" in str(raised.value)


def test_what_changed_is_said(finished: Project) -> None:
    finished.edit("params.yaml", "dropout: 0.1", "dropout: 0.2\n    steps: 20")
    finished.edit("params.yaml", "beam_size: 2", "beam_size: 3")
    with (finished.root / "components/train/models/lstm_attention.py").open("a") as stream:
        stream.write("# edited\n")
    found = lines(finished)
    code = "components/train/models/lstm_attention.py"
    changed = "train dropout 0.1 -> 0.2, train.steps 10 -> 20"
    assert found["pairs/transformer/tiny/1"] == changed
    assert found["pairs/lstm_attention/tiny/1"] == f"{changed}, {code}"
    assert found["pairs/lstm_attention/small/1"] == f"train {code}"
    assert found["pairs/transformer/small/1"] == "evaluate eval settings, code or weights changed"
    assert found["8"].endswith("6 of these trainings took 6 min last time")


def test_what_dvc_would_restore_is_not_run(finished: Project) -> None:
    shutil.rmtree(finished.root / "runs/pairs/transformer")
    found = lines(finished)
    assert found["pairs/transformer/tiny/1"] == "cached"
    assert found["8"] == "cells: 6 up to date, 2 restored from the cache"
    assert not finished.dvc("repro").stages


def test_settings_that_ran_before_are_in_the_run_cache(single: Project) -> None:
    assert single.dvc("repro").code == 0
    single.edit("params.yaml", "dropout: 0.1", "dropout: 0.2")
    assert single.dvc("repro").code == 0
    single.edit("params.yaml", "dropout: 0.2", "dropout: 0.1")
    found = lines(single)
    cell = "image_digits/transformer/tiny/1"
    assert found[cell] == "cached ran before with these settings"
    assert not any("train@" in stage for stage in single.dvc("repro").stages)


def test_a_cell_that_was_left_out_for_a_while_is_restored_whole(finished: Project) -> None:
    cell = "pairs/transformer/tiny/1"
    finished.edit("params.yaml", "exclude: []", f"exclude: [{cell}]")
    assert finished.dvc("repro").code == 0
    finished.edit("params.yaml", f"exclude: [{cell}]", "exclude: []")
    assert lines(finished)[cell] == "cached ran before with these settings"
    assert not any(cell.replace("/", "-") in stage for stage in finished.dvc("repro").stages)


def test_an_edited_data_file(finished: Project) -> None:
    with (finished.folder / "outside" / "train.tsv").open("a") as stream:
        stream.write("x\ty\n")
    found = lines(finished)
    assert found["data/pairs"] == "to run its source files changed"
    assert found["pairs/transformer/tiny/1"] == "train after its data"
    assert "image_digits/transformer/tiny/1" not in found


def test_three_hundred_cells_in_about_a_second(finished: Project) -> None:
    seeds = ", ".join(str(seed) for seed in range(1, 76))
    finished.edit("params.yaml", "[tiny, small]", "[tiny]")
    finished.edit("params.yaml", "[1]", f"[{seeds}]")
    started = time.monotonic()
    found = lines(finished)
    assert found["300"] == "cells: 4 up to date, 296 to train"
    # 0.4 s on an idle machine; tests share theirs.
    assert time.monotonic() - started < 4


def test_a_models_file_is_read_once_whatever_the_number_of_its_cells(
    finished: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished.edit("params.yaml", "[1]", "[1, 2, 3, 4, 5, 6]")
    monkeypatch.chdir(finished.root)
    params = load(finished.root)
    read: list[Path] = []
    original = declaration.read
    monkeypatch.setattr(
        identity.declaration, "read", lambda path, *more: read.append(path) or original(path, *more)
    )
    identity._own_modalities.cache_clear()
    ready = [cell for cell in params.cells if cell.status == RUN]
    digests = {identity.train_digest(params, cell) for cell in ready}
    assert len(digests) == len(ready) > 20
    assert len([path for path in read if path.parent.name == "models"]) == 2
