"""The product as a user meets it: a fresh copy, `repro`, real data, training, decoding, tracking."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
COPIED = ("components", "pipeline", ".dvc/config", ".dvcignore", ".gitignore", "dvc.yaml")
GRID = """\
grid:
  problem: [image_digits, pairs]
  model: [transformer, transformer_encoder]
  hparams: [mini]
  seed: [1]
  exclude: [image_digits/transformer_encoder]
"""
ONE_CELL = "grid: {problem: [pairs], model: [transformer], hparams: [mini], seed: [1]}\n"
SETTINGS = """\
problems:
  pairs: {task: translation, train: train.tsv, dev: dev.tsv, test: test.tsv, vocabulary_size: 40}
hparams:
  mini: {d_model: 8, num_layers: 1, num_heads: 2, d_ff: 8, batch_tokens: 512, warmup_steps: 2}
train: {steps: 4, eval_steps: 2, log_steps: 1, dev_examples: 4}
eval: {bootstrap_samples: 20, extra_length: 2, beam_size: 2}
"""
WORDS = ("red", "green", "blue", "house", "tree", "river", "sings", "falls")
TIMINGS = (
    *("train_seconds", "examples_per_second", "tokens_per_second"),
    *("decode_seconds", "evaluate_seconds"),
)


def make_project(folder: Path, grid: str) -> Path:
    """A repository of the user's, as after `git clone` and an edit of params.yaml."""
    for name in COPIED:
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (folder / "params.yaml").write_text(grid + SETTINGS)
    pairs = [f"{a} {b} {c}\t{c} {b} {a}\n" for a in WORDS for b in WORDS for c in WORDS]
    for split, rows in (("train", pairs[:400]), ("dev", pairs[400:420]), ("test", pairs[420:440])):
        (folder / f"{split}.tsv").write_text("".join(rows))
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "-q"], cwd=folder, check=True)
    subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-qm", "start"], cwd=folder, check=True)
    return folder


def repro(folder: Path, *, warm: bool = True) -> str:
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "repro"],
        cwd=folder,
        # Gone soon after: tests are many, and each in a folder of its own.
        env={**os.environ, "PATH": paths, "TENSORGRID_WARM": "10" if warm else "0"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def files(folder: Path, pattern: str) -> dict[str, str]:
    """The sha256 of what a pattern finds."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
    }


def scores(folder: Path) -> dict[str, dict[str, object]]:
    found = {}
    for path in sorted(folder.glob("runs/**/metrics.json")):
        values = json.loads(path.read_text())
        found[str(path.relative_to(folder))] = {
            name: value for name, value in values.items() if name not in TIMINGS
        }
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_clones_end_with_the_same_bytes_and_a_second_repro_runs_nothing(tmp_path: Path) -> None:
    first = make_project(tmp_path / "one", GRID)
    said = repro(first)
    assert "Running stage 'train@image_digits-transformer-mini-1'" in said

    again = repro(first)
    assert "Running stage" not in again

    cell = first / "runs/image_digits/transformer/mini/1"
    assert json.loads((cell / "train.json").read_text())["steps"] == 4
    assert 0 <= json.loads((cell / "metrics.json").read_text())["accuracy"] <= 1
    refused = json.loads((first / "runs/pairs/transformer_encoder/mini/1/metrics.json").read_text())
    assert refused["status"] == "not applicable" and "class_label" in refused["reason"]
    report = (first / "reports/compare.md").read_text()
    assert "not applicable" in report and "transformer_encoder" in report

    with sqlite3.connect(first / "mlflow.db") as store:
        runs = store.execute("select name, status from runs order by name").fetchall()
    assert [name for name, _ in runs] == [
        "image_digits/transformer/mini/1",
        "pairs/transformer/mini/1",
    ]
    assert {status for _, status in runs} == {"FINISHED"}

    # Forks of the warm process ran the first, a new process for each stage runs the second.
    second = make_project(tmp_path / "two", ONE_CELL)
    repro(second, warm=False)
    trained = "runs/pairs/transformer/mini/1"
    for pattern, count in (("*.safetensors", 3), ("inside/*", 2)):  # a page and the attention
        found = files(second, f"{trained}/**/{pattern}")
        assert len(found) == count and found == files(first, f"{trained}/**/{pattern}")
    assert scores(second) == {
        file: found for file, found in scores(first).items() if trained in file
    }
