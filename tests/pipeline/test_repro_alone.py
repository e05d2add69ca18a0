"""Two `make repro` in one checkout: the second says who runs, and touches nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.catalog import UserError
from pipeline import repro
from tests.pipeline.test_broken_params import GOOD


def test_the_second_repro_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(GOOD)
    with repro._alone(tmp_path):
        with pytest.raises(UserError, match=f"another repro runs .*process {os.getpid()}.*wait"):
            repro.repro(tmp_path, [], keep_going=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".work", "params.yaml"]
    with repro._alone(tmp_path):
        assert (tmp_path / ".work" / "repro.lock").read_text().startswith("process ")
