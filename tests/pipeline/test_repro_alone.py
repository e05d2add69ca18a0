"""What `make repro` does around DVC: alone in its checkout, resolved before, failures named after."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.catalog import UserError
from pipeline import doctor, repro, resolve, run
from pipeline.failures import FAILURES
from pipeline.params import load
from tests.pipeline.test_broken_params import GOOD


def test_a_folder_outside_of_git_is_told_so_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(GOOD)
    for command in (
        lambda: repro.repro(tmp_path, [], keep_going=True),
        lambda: run.run(tmp_path, jobs=1),
    ):
        with pytest.raises(UserError, match="is not in a git repository.*`git init` here"):
            command()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".work", "params.yaml"]
    assert "DVC runs in a git repository only" in doctor._git(tmp_path).advice
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    repro._refuse_without_git(tmp_path)
    assert doctor._git(tmp_path).found == "no commit here"


def test_the_second_repro_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(GOOD)
    with repro._alone(tmp_path):
        with pytest.raises(UserError, match=f"another repro runs .*process {os.getpid()}.*wait"):
            repro.repro(tmp_path, [], keep_going=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".work", "params.yaml"]
    with repro._alone(tmp_path):
        assert (tmp_path / ".work" / "repro.lock").read_text().startswith("process ")


def test_one_stage_alone_finds_what_resolve_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC leaves `resolve` out there; a file that was removed for it would be missing."""
    (tmp_path / "params.yaml").write_text(GOOD)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    def dvc(root: Path, words: Sequence[str], _: object) -> int:
        assert resolve.is_current(root, load(root)) and "--dry" in words
        return 0

    monkeypatch.setattr(repro, "dvc_repro", dvc)
    assert repro.repro(tmp_path, ["-s", "train@a", "--dry"], keep_going=True) == 0


def test_a_failure_of_data_that_is_there_again_is_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "params.yaml").write_text(GOOD)
    params = load(tmp_path)
    name = next(iter(params.problems))
    record, data = tmp_path / FAILURES / f"{name}.json", tmp_path / "data" / name
    for folder in (record.parent, data):
        folder.mkdir(parents=True)
    record.write_text('{"reason": "a bad line"}')
    repro._list_failures(tmp_path, params)
    assert f"no data for {name}: a bad line" in capsys.readouterr().err
    (data / "manifest.json").touch()
    repro._list_failures(tmp_path, params)
    assert not record.exists() and not capsys.readouterr().err
