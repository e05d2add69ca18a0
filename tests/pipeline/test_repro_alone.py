"""What `make repro` does around DVC: alone in its checkout, resolved before, failures named after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.catalog import UserError
from pipeline import repro
from pipeline.failures import FAILURES
from pipeline.params import load
from tests.pipeline.test_broken_params import GOOD


def test_the_second_repro_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(GOOD)
    with repro._alone(tmp_path):
        with pytest.raises(UserError, match=f"another repro runs .*process {os.getpid()}.*wait"):
            repro.repro(tmp_path, [], keep_going=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".work", "params.yaml"]
    with repro._alone(tmp_path):
        assert (tmp_path / ".work" / "repro.lock").read_text().startswith("process ")


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
