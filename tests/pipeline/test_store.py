"""The store of finished cells: whole results only, each of its own training."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import store


def trained(result: Path, record: str = "{}") -> None:
    (result / "checkpoint").mkdir(parents=True)
    (result / "checkpoint" / "best.safetensors").write_text("weights")
    for name in ("history.jsonl", "history.csv"):
        (result / name).write_text(name)
    (result / "train.json").write_text(record)
    store.finish(result, "train", "t1")


def evaluated(result: Path) -> None:
    for name in store.evaluated("test"):
        (result / name).write_text(name)
    store.finish(result, "evaluate", "e1")


def test_a_finished_training_is_moved_over_what_was_there(tmp_path: Path) -> None:
    kept, runs = store.folder(tmp_path, "c1"), tmp_path / "runs" / "cell"
    trained(kept)
    (runs / "checkpoint").mkdir(parents=True)
    (runs / "checkpoint" / "old.safetensors").write_text("old")
    assert store.place(kept, "train", "t1", store.TRAINED, runs)
    assert [path.name for path in (runs / "checkpoint").iterdir()] == ["best.safetensors"]
    assert {path.name for path in runs.iterdir()} == set(store.TRAINED)
    assert not store.place(kept, "train", "t1", store.TRAINED, runs)


def test_another_identity_is_not_taken(tmp_path: Path) -> None:
    kept = store.folder(tmp_path, "c1")
    trained(kept)
    assert store.holds(kept, "train", "t1")
    assert not store.holds(kept, "train", "t2")
    assert not store.place(kept, "train", "t2", store.TRAINED, tmp_path / "runs")
    assert (kept / "train.json").exists()


def test_a_training_that_is_begun_again_is_not_whole(tmp_path: Path) -> None:
    kept = store.folder(tmp_path, "c1")
    trained(kept)
    evaluated(kept)
    store.clear(kept)
    assert not store.holds(kept, "train", "t1")
    assert not kept.exists()


def test_an_interrupted_move_leaves_no_whole_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, runs = store.folder(tmp_path, "c1"), tmp_path / "runs"
    trained(kept)
    moved = []
    replace = os.replace

    def stop_at_the_third(source: Path, target: Path) -> None:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        store.place(kept, "train", "t1", store.TRAINED, runs)
    monkeypatch.undo()
    assert not store.place(kept, "train", "t1", store.TRAINED, runs)


def test_an_evaluation_belongs_to_one_training(tmp_path: Path) -> None:
    kept, runs = store.folder(tmp_path, "c1"), tmp_path / "runs"
    trained(kept, '{"train_seconds": 1}')
    evaluated(kept)
    assert store.place(kept, "train", "t1", store.TRAINED, runs)
    (runs / "train.json").write_text('{"train_seconds": 2}')  # trained again, as DVC does
    assert not store.place(kept, "evaluate", "e1", store.evaluated("test"), runs)
    (runs / "train.json").write_text('{"train_seconds": 1}')
    assert store.place(kept, "evaluate", "e1", store.evaluated("test"), runs)
    assert (runs / "metrics.json").exists()


def test_an_evaluation_borrows_the_training_that_is_in_place(tmp_path: Path) -> None:
    kept, runs = store.folder(tmp_path, "c1"), tmp_path / "runs" / "cell"
    trained(kept)
    store.place(kept, "train", "t1", store.TRAINED, runs)
    store.borrow(kept, runs)
    assert (kept / "checkpoint" / "best.safetensors").read_text() == "weights"
    evaluated(kept)
    assert store.place(kept, "evaluate", "e1", store.evaluated("test"), runs)
    assert not (runs / "checkpoint").is_symlink()
    # Borrowed again: links of an earlier time are replaced.
    store.borrow(kept, runs)
    assert (kept / "train.json").resolve() == (runs / "train.json").resolve()
