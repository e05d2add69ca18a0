"""Stages begun in DVC's own process: what needs no work starts no process, the rest is left to DVC."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dvc.stage import run as dvc_run
from dvc.stage.exceptions import StageCmdFailedError

from pipeline import dvc_stages, failures, warm
from tests.pipeline.project import Project

NAMES = ["image_digits", "transformer", "tiny", "1"]
TRAIN = " ".join(["python -m pipeline train", *NAMES])


@pytest.fixture
def left(single: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The commands that were left to DVC; in a project with data, without a warm process."""
    assert single.pipeline("resolve").code == 0
    assert single.pipeline("datagen", "image_digits").code == 0
    monkeypatch.chdir(single.root)
    monkeypatch.setenv(warm.SECONDS, "0")
    commands: list[str] = []
    monkeypatch.setattr(dvc_run, "_run", lambda _, command, **__: commands.append(command))
    dvc_stages.install(["here"])
    yield commands


def begin(command: str, folder: str = ".") -> None:
    dvc_run._run("/bin/sh", command, cwd=folder, env={"A": "b"})


def test_a_cell_in_the_store_is_moved_without_a_process(
    left: list[str], single: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert single.pipeline("train", *NAMES, "--to-store").code == 0
    begin(TRAIN)
    assert left == []
    assert "trained before, moved into place" in capsys.readouterr().out
    assert Path("runs", *NAMES, "train.json").is_file()
    begin(TRAIN)  # the store is empty now
    assert left == [TRAIN]


def test_what_no_fork_can_do_is_left_to_dvc(left: list[str], tmp_path: Path) -> None:
    others = ["python -m pipeline resolve", "python -m pipeline compare", "echo train", TRAIN]
    for command in others:
        begin(command)
    begin(TRAIN, str(tmp_path))
    assert left == [*others, TRAIN]


def test_a_fork_gets_the_environment_that_dvc_gives(
    left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def fork(words: Any, settings: Any, *others: Any) -> int:
        asked.append((words, *others))
        return len(asked) - 1

    monkeypatch.setattr(warm, "run_for_dvc", fork)
    begin(TRAIN)
    assert asked == [(["train", *NAMES], {"A": "b"}, ["here"])] and left == []
    with pytest.raises(StageCmdFailedError):
        begin(TRAIN)


def test_an_interrupted_fork_ends_dvc(left: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC would name it and what comes after it as failures."""
    monkeypatch.setattr(warm, "run_for_dvc", lambda *_: 130)
    with pytest.raises(KeyboardInterrupt):
        begin(TRAIN)


def test_a_stage_that_cannot_be_fails_in_our_words(
    left: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StageCmdFailedError):
        begin(TRAIN.replace("transformer", "transformers"))
    assert "no cell image_digits/transformers/tiny/1" in capsys.readouterr().err
    record = failures.FAILURES / "image_digits.transformer.tiny.1.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text('{"reason": "told to"}')
    monkeypatch.setenv(failures.FAILED_IN_RUN, "train@image_digits-transformer-tiny-1")
    with pytest.raises(StageCmdFailedError):
        begin(TRAIN)
    assert "failed: told to" in capsys.readouterr().err and left == []
    record.unlink()
    with pytest.raises(StageCmdFailedError):
        begin(TRAIN)
    assert "failed: see above" in capsys.readouterr().err


def test_an_interrupt_that_is_repeated_reaches_a_fork_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """`repro` tells DVC again and again; a second one would break off the saving of the state."""
    sent: list[int] = []

    class Saving:
        def send_signal(self, number: int) -> None:
            sent.append(number)

        def wait(self) -> int:
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)
            return 130

    monkeypatch.setattr(warm, "start", lambda *_, **__: Saving())
    assert warm.run_for_dvc(["train"], {}, {}, []) == 130
    assert sent == [signal.SIGINT]
