"""Whether Git tracks a path: the answers of DVC's Git, of an index that is read once."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline import dvc_index


def test_the_same_answers_and_one_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scmrepo.git import Git
    from scmrepo.git.backend.dulwich import DulwichBackend

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    for name in ("data.dvc", "data/one/a.txt", "data/two.txt", "database/b.txt", "runs/new.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    asked = ["data", "data/one", "data/one/a.txt", "data/o", "dat", "database", "data.dvc", "runs"]
    repo, by_dvc = Git(str(tmp_path)), DulwichBackend.is_tracked
    monkeypatch.setattr(DulwichBackend, "is_tracked", by_dvc)  # put back afterwards
    dvc_index.install()
    backend = repo.dulwich
    readings: list[Any] = []
    opened = backend.repo.open_index
    monkeypatch.setattr(backend.repo, "open_index", lambda: readings.append(0) or opened())

    def answers() -> tuple[list[bool], list[bool], int]:
        before = len(readings)
        ours = [repo.is_tracked(str(tmp_path / name)) for name in asked]
        count = len(readings) - before
        return ours, [by_dvc(backend, str(tmp_path / name)) for name in asked], count

    nothing = [False] * len(asked)
    assert answers()[:2] == (nothing, nothing)
    git("add", "data.dvc", "data", "database")
    ours, theirs, count = answers()
    assert ours == theirs == [True, True, True, False, False, True, True, False]
    assert count == 1
    git("rm", "-r", "--cached", "data/one")
    ours, theirs, count = answers()
    assert ours == theirs == [True, False, False, False, False, True, True, False]
    assert count == 1
