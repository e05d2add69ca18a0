"""Projects for the tests of the pipeline: a fresh one, and one whose grid has run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.project import Project


@pytest.fixture(scope="session")
def _fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.create(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="session")
def _finished(_fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = _fresh.copy(tmp_path_factory.mktemp("finished"))
    run = project.dvc("repro")
    assert run.code == 0, run.output
    project.commit("ran")
    return project


@pytest.fixture
def fresh(_fresh: Project, tmp_path: Path) -> Project:
    """A project that has never run."""
    return _fresh.copy(tmp_path)


@pytest.fixture
def finished(_finished: Project, tmp_path: Path) -> Project:
    """A project whose grid (2 problems x 2 models x 2 sets) has run, committed to git."""
    return _finished.copy(tmp_path)


@pytest.fixture
def single(fresh: Project) -> Project:
    """A project with one cell that has never run."""
    fresh.edit("params.yaml", "[image_digits, pairs]", "[image_digits]")
    fresh.edit("params.yaml", "[transformer, lstm_attention]", "[transformer]")
    fresh.edit("params.yaml", "[tiny, small]", "[tiny]")
    return fresh
