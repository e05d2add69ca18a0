"""The small commands: list, new, doctor, and the ends of wrong ones."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from components import catalog
from pipeline import cli, doctor
from pipeline.resolve import resolve
from tests.pipeline.project import Project
from tests.pipeline.test_broken_params import GOOD

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)


@pytest.mark.parametrize("kind", ["problems", "tasks", "models", "metrics", "hparams", "settings"])
def test_every_name_is_listed_with_its_meaning(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["list", kind]) == 0
    rows = capsys.readouterr().out.splitlines()
    bare = [row for row in rows if row.startswith("  ") and len(row.split()) < 2]
    assert rows and not bare
    if kind in catalog.KINDS:
        listed = {row.split()[0] for row in rows if not row.startswith(" ")}
        assert listed == set(catalog.entries(kind))


def test_a_cell_that_the_grid_lacks(single: Project) -> None:
    assert single.pipeline("resolve").code == 0
    run = single.pipeline("train", "image_digits", "transformer", "tiny", "2")
    assert run.code == 1
    wanted = "image_digits/transformer/tiny/1"
    assert f"has no cell image_digits/transformer/tiny/2; did you mean '{wanted}'?" in run.output
    assert "Traceback" not in run.output


def test_a_stage_before_resolve(single: Project) -> None:
    run = single.pipeline("datagen", "image_digits")
    assert run.code == 1 and "resolved.json is missing; `python -m pipeline resolve`" in run.output


@pytest.mark.parametrize("kind", ["datagen", "train", "evaluate"])
def test_a_stage_by_hand_does_not_pass_over_an_edit(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "params.yaml").write_text(GOOD)
    [cell, *_] = resolve(tmp_path).cells
    (tmp_path / "params.yaml").write_text(f"{GOOD}\neval: {{beam_size: 7}}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipeline.stages." + kind, lambda *_, **__: 0)
    words = [kind, *cell.name.split("/")][: 2 if kind == "datagen" else None]
    assert cli.main(words) == 1
    assert "resolved.json is older than params.yaml" in capsys.readouterr().err
    monkeypatch.setenv("DVC_STAGE", "any")
    assert cli.main(words) == 0
    monkeypatch.delenv("DVC_STAGE")
    resolve(tmp_path)
    assert cli.main(words) == 0


@pytest.mark.parametrize("kind", ["model", "problem"])
def test_a_scaffold_can_be_named_in_params_at_once(kind: str, fresh: Project) -> None:
    run = fresh.pipeline("new", kind, "fancy")
    assert run.code == 0, run.output
    assert f"grid.{kind}" in run.output
    old = {"model": "[transformer, lstm_attention]", "problem": "[image_digits, pairs]"}[kind]
    fresh.edit("params.yaml", old, "[fancy]")
    assert fresh.pipeline("check").code == 0
    again = fresh.pipeline("new", kind, "fancy")
    assert again.code == 1 and f"there is a {kind} 'fancy' already" in again.output


@pytest.mark.slow
def test_scaffolds_keep_the_contracts_of_their_kinds(fresh: Project) -> None:
    """The contract tests run over every file found, the new ones too."""
    for name in ("components", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, fresh.root / name, ignore=ignored, dirs_exist_ok=True)
    fresh.pipeline("new", "model", "fancy")
    fresh.pipeline("new", "problem", "fancy")
    files = ["tests/train/test_models.py", "tests/datagen/test_problem_contract.py"]
    run = fresh.command(sys.executable, "-m", "pytest", "-q", *files, "-k", "fancy", timeout=500)
    assert run.code == 0, run.output
    passed = re.search(r"\b(\d+) passed", run.output)
    assert passed and int(passed[1]) >= 20 and "skipped" not in run.output, run.output
    made = [*fresh.root.glob("components/*/*/fancy.py")]
    assert len(made) == 2
    style = fresh.command(
        sys.executable, "-m", "ruff", "format", "--check", "--line-length", "100", *map(str, made)
    )
    assert style.code == 0, style.output


def test_a_scaffold_in_a_plugin(fresh: Project) -> None:
    (fresh.folder / "mine").mkdir()
    run = fresh.pipeline("new", "model", "fancy", "--plugin", "../mine")
    assert run.code == 0, run.output
    assert "plugins: [../mine]" in run.output
    assert (fresh.folder / "mine" / "models" / "fancy.py").is_file()


@pytest.mark.parametrize("name", ["Fancy", "two words", "3d", "class"])
def test_names_that_cannot_be(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["new", "model", name]) == 1
    assert name in capsys.readouterr().err


def test_the_doctor_finds_what_is_wrong(single: Project) -> None:
    well = single.pipeline("doctor")
    assert "ok  params.yaml" in well.output
    single.edit("params.yaml", "dropout: 0.1", "dropout: 7")
    ill = single.pipeline("doctor")
    assert ill.code == 1
    assert "!!  params.yaml" in ill.output and "from 0 to below 1, got 7" in ill.output


@pytest.mark.parametrize("there", [False, True])
def test_the_doctor_misses_an_engine_before_a_training_has_ended_for_it(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = SimpleNamespace(eval={"engine": "ctranslate2", "quantization": "int8"})
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: object() if there else None)
    (found,) = doctor._engine(params)  # type: ignore[arg-type]
    assert found.found == ("ctranslate2, int8" if there else "ctranslate2 is not installed")
    assert bool(found.advice) is not there
    keras = SimpleNamespace(eval={"engine": "keras", "quantization": "float32"})
    assert not list(doctor._engine(keras))  # type: ignore[arg-type]


def test_another_python_hands_over_or_says_what_to_do(single: Project) -> None:
    bare = f"{sys.base_prefix}/bin/python3"
    if not Path(bare).exists():
        pytest.skip("no Python outside the virtual environment")
    run = single.command(bare, "-I", "-c", "import keras")
    if run.code == 0:
        pytest.skip("the Python outside has the libraries, too")
    run = single.command(bare, "-m", "pipeline", "check")
    assert run.code == 1 and "`make repro` installs them" in run.output
    (single.root / ".venv" / "bin").mkdir(parents=True)
    own = single.root / ".venv" / "bin" / "python"
    own.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    own.chmod(0o755)
    run = single.command(bare, "-m", "pipeline", "check")
    assert run.code == 0, run.output
