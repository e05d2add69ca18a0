"""dvc.lock by exchanging one entry: DVC's own bytes, and DVC's own way for what it did not write."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline import dvc_lock
from tests.pipeline.project import Project

ENTRY = "  train@b:\n    cmd: train b\n    deps:\n    - path: data\n      md5: 1.dir\n"
LOCK = (
    dvc_lock.HEAD
    + "  train@a:\n    cmd: train a\n"
    + ENTRY
    + "  train@bb:\n    cmd: train bb\n    outs:\n    - path: train@b\n"
)


def test_one_entry_is_exchanged() -> None:
    new = ENTRY.replace("1.dir", "2.dir")
    assert dvc_lock.exchange(LOCK, "train@b", new) == LOCK.replace("1.dir", "2.dir")
    last = "  train@bb:\n    cmd: other\n"
    changed = dvc_lock.exchange(LOCK, "train@bb", last)
    assert changed == LOCK[: LOCK.index("  train@bb:")] + last


def test_a_new_entry_is_added_at_the_end() -> None:
    new = ENTRY.replace("train@b:", "train@c:")
    assert dvc_lock.exchange(LOCK, "train@c", new) == LOCK + new
    assert dvc_lock.exchange("", "train@c", new) == dvc_lock.HEAD + new


def test_an_entry_is_read_alone() -> None:
    whole = yaml.safe_load(LOCK)["stages"]
    for name, entry in whole.items():
        assert dvc_lock.recorded(LOCK, name) == entry
    assert dvc_lock.recorded(LOCK, "train@c") is None


@pytest.mark.parametrize(
    "text",
    [
        LOCK.replace("stages:\n", "stages:\n# by hand\n"),
        "stages:\n  train@a:\n    cmd: train a\nschema: '2.0'\n",
        LOCK + "<<<<<<< HEAD\n",
        LOCK + "\n",
        LOCK.rstrip("\n"),
    ],
)
def test_what_dvc_did_not_write_is_left_to_dvc(text: str) -> None:
    assert dvc_lock.exchange(text, "train@b", ENTRY) is None


@pytest.mark.slow
def test_the_file_is_byte_for_byte_dvcs(
    fresh: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # DVC takes the stages in the order of a set of names.
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    fresh.edit("params.yaml", "[transformer, lstm_attention]", "[transformer]")
    other = fresh.copy(tmp_path / "other")
    for old, new in (("dropout: 0.1", "dropout: 0.1"), ("dropout: 0.1", "dropout: 0.3")):
        for project in (fresh, other):
            project.edit("params.yaml", old, new)
        by_dvc = fresh.dvc("repro")
        by_us = other.command(sys.executable, "-m", "pipeline", "dvc", "repro")
        assert by_dvc.code == by_us.code == 0, by_us.output
        assert by_us.stages == by_dvc.stages
        assert (other.root / "dvc.lock").read_bytes() == (fresh.root / "dvc.lock").read_bytes()
    assert "up to date" in other.dvc("status").output


@pytest.fixture
def installed() -> Iterator[None]:
    """Installed in this process, and taken out again."""
    from dvc import dvcfile
    from dvc.utils import strictyaml

    before = dvcfile.Lockfile.dump_stages, strictyaml.parse_yaml
    dvc_lock.install()
    yield
    dvcfile.Lockfile.dump_stages, strictyaml.parse_yaml = before


@pytest.mark.usefixtures("installed")
def test_dvcs_slow_parser_never_reads_what_dvc_wrote(
    finished: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time grows with the file, for every stage of the grid."""
    from dvc.repo import Repo
    from dvc.utils.serialize import _yaml

    parsed: list[str] = []
    by_dvc = _yaml.parse_yaml

    def parse(text: str, path: str, *words: str) -> object:
        parsed.append(Path(path).name)
        return by_dvc(text, path, *words)

    monkeypatch.setattr(_yaml, "parse_yaml", parse)
    monkeypatch.setattr(_yaml, "parse_yaml_for_update", parse)
    with Repo(str(finished.root)) as repo:
        stages = repo.index.stages
        assert len(stages) == 2 + 2 + 2 * 8
        stage = next(stage for stage in stages if stage.name.startswith("train@"))
        stage.dump(update_pipeline=False)
    assert "dvc.lock" not in parsed


def test_a_bar_that_cannot_end_is_no_news_but_other_faults_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tqdm import tqdm

    class Broken:
        def __del__(self) -> None:
            raise ValueError("worth telling")

    hook, sys.unraisablehook = sys.unraisablehook, dvc_lock._quiet_about_bars
    try:
        bar = tqdm.__new__(tqdm)  # never begun, as when ^C comes in the middle
        bar.disable = False
        del bar
        Broken()
    finally:
        sys.unraisablehook = hook
    told = capsys.readouterr().err
    assert "worth telling" in told and "tqdm" not in told
