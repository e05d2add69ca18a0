"""Thirty broken params.yaml files: each is refused with file, line, key and what was expected."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import cli

REPOSITORY = Path(__file__).resolve().parents[2]
GOOD = """\
grid:
  problem: [image_digits]
  model: [transformer]
  hparams: [mine]
  seed: [1]
hparams:
  mine: {d_model: 16, num_heads: 2}
train: {steps: 10}
"""


def change(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


# name: (text, parts of the message)
BROKEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing": ("", ("params.yaml",)),
    "comments_only": ("# soon\n", ("params.yaml",)),
    "not_yaml": ("grid: [\n", ("params.yaml:",)),
    "a_tab": ("grid:\n\tproblem: [image_digits]\n", ("params.yaml:2", "tab")),
    "a_list": ("- grid\n", ("params.yaml",)),
    "no_grid": ("train: {steps: 5}\n", ("params.yaml", "grid")),
    "duplicate_key": (GOOD + "train: {steps: 20}\n", ("params.yaml:8", "train", "line 9")),
    "unknown_section": (GOOD + "trian: {}\n", ("params.yaml:9", "trian", "train")),
    "unknown_grid_key": (change("seed:", "seeds:"), ("params.yaml:5", "seeds", "seed")),
    "unknown_problem": (change("image_digits", "image_digit"), ("params.yaml:2", "image_digits")),
    "unknown_model": (change("[transformer]", "[transfomer]"), ("params.yaml:3", "transformer")),
    "unknown_set": (change("[mine]", "[mien]"), ("params.yaml:4", "mien", "mine")),
    "empty_list": (change("[transformer]", "[]"), ("params.yaml:3", "model")),
    "not_a_list": (change("[transformer]", "transformer"), ("params.yaml:3", "model", "list")),
    "twice_the_same": (change("[1]", "[1, 1]"), ("params.yaml:5", "seed")),
    "seed_is_text": (change("[1]", "[one]"), ("params.yaml:5", "seed", "one")),
    "seed_is_negative": (change("[1]", "[-1]"), ("params.yaml:5", "seed")),
    "unknown_hparam": (change("num_heads", "num_head"), ("params.yaml:7", "num_head", "num_heads")),
    "heads_do_not_divide": (
        change("num_heads: 2", "num_heads: 3"),
        ("params.yaml:7", "d_model", "num_heads"),
    ),
    "dropout_is_one": (
        change("num_heads: 2", "num_heads: 2, dropout: 1.0"),
        ("params.yaml:7", "dropout", "1"),
    ),
    "width_is_text": (change("d_model: 16", "d_model: wide"), ("params.yaml:7", "d_model", "wide")),
    "width_is_zero": (change("d_model: 16", "d_model: 0"), ("params.yaml:7", "d_model")),
    "not_a_number": (
        change("num_heads: 2", "num_heads: 2, learning_rate: .nan"),
        ("params.yaml:7", "learning_rate"),
    ),
    "unknown_optimizer": (
        change("num_heads: 2", "num_heads: 2, optimizer: adma"),
        ("params.yaml:7", "optimizer", "adam"),
    ),
    "unknown_base": (
        change("{d_model: 16", "{base: tinny, d_model: 16"),
        ("params.yaml:7", "tinny"),
    ),
    "base_of_itself": (
        change("{d_model: 16", "{base: mine, d_model: 16"),
        ("params.yaml:7", "mine"),
    ),
    "negative_steps": (change("steps: 10", "steps: -1"), ("params.yaml:8", "steps")),
    "unknown_train_key": (change("steps: 10", "step: 10"), ("params.yaml:8", "step", "steps")),
    "unknown_split": (GOOD + "eval: {split: train}\n", ("params.yaml:9", "split", "test")),
    "unknown_checkpoint": (GOOD + "eval: {checkpoint: bset}\n", ("params.yaml:9", "best")),
    "unknown_backend": (GOOD + "runtime: {backend: jaxx}\n", ("params.yaml:9", "backend", "jax")),
    "bad_devices": (GOOD + "runtime: {devices: gpus}\n", ("params.yaml", "devices", "gpu")),
    "unknown_precision": (GOOD + "runtime: {precision: bf16}\n", ("params.yaml:9", "precision")),
    "problem_without_task": (
        change("[image_digits]", "[pairs]") + "problems:\n  pairs: {train: a.tsv}\n",
        ("params.yaml:10", "pairs", "task"),
    ),
    "unknown_task": (
        GOOD + "problems:\n  pairs: {task: translate, train: a.tsv}\n",
        ("params.yaml:10", "translate", "translation"),
    ),
    "missing_data": (
        change("[image_digits]", "[pairs]")
        + "problems:\n  pairs: {task: translation, train: a.tsv, dev: a.tsv, test: a.tsv}\n",
        ("params.yaml", "pairs", "a.tsv"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_it_is_refused_with_a_message_that_helps(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text, parts = BROKEN[name]
    (tmp_path / "params.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["resolve"]) == 2
    said = capsys.readouterr()
    for part in parts:
        assert part in said.err, said.err
    assert "Traceback" not in said.err and said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_the_text_that_all_are_made_from_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check"]) == 0


def test_dvc_repro_ends_with_the_same_message_and_no_traceback(tmp_path: Path) -> None:
    for name in ("components", "pipeline"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=ignored)
    for name in ("dvc.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "params.yaml").write_text(change("num_heads: 2", "num_heads: 3"))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".dvc").mkdir()
    shutil.copy(REPOSITORY / ".dvc" / "config", tmp_path / ".dvc" / "config")
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
    )
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "params.yaml:7" in said and "num_heads" in said and "Traceback" not in said
    assert not (tmp_path / "resolved.yaml").exists() and not (tmp_path / "data").exists()
