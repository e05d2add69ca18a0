"""Eighty broken params.yaml files: each is refused with file, line, key and what was expected."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import cli, sections

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
    "a_section_in_a_set": (
        change("num_heads: 2", "num_heads: 2, train: {steps: 5}"),
        ("params.yaml:7", "hparams.mine.train", "`steps: 1000`"),
    ),
    "nothing_like_it": (
        change("num_heads", "qqq"),
        ("params.yaml:7", "hparams.mine.qqq", "the nearest of "),
    ),
    "heads_do_not_divide": (
        change("num_heads: 2", "num_heads: 3"),
        ("params.yaml:7", "d_model", "num_heads"),
    ),
    "key_heads_do_not_divide": (
        change("num_heads: 2", "num_heads: 4, num_kv_heads: 3"),
        ("params.yaml:7", "num_kv_heads 3", "num_heads 4"),
    ),
    "a_depth_that_one_model_cannot_have": (
        change("[transformer]", "[transformer, shake_shake]").replace(
            "num_heads: 2", "num_layers: 6"
        ),
        (
            "params.yaml:7",
            "hparams.mine.num_layers",
            "2 more than a multiple of 6",
            "(shake_shake)",
        ),
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
    "unknown_engine": (
        GOOD + "eval: {engine: ctranslate}\n",
        ("params.yaml:9", "engine", "ctranslate2"),
    ),
    "quantized_keras": (
        GOOD + "eval: {quantization: int8}\n",
        ("params.yaml:9", "quantization", "ctranslate2", "float32"),
    ),
    "engine_that_cannot_sample": (
        GOOD + "eval: {engine: ctranslate2, method: sample}\n",
        ("params.yaml:9", "engine", "sample", "keras"),
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
    "task_is_a_list": (
        GOOD + "problems:\n  pairs: {task: [translation]}\n",
        ("params.yaml:10", "problems.pairs.task", "text, got ['translation']"),
    ),
    "a_tab_within": (change("  model", "\tmodel"), ("params.yaml:3", "tab")),
    "control_character": (GOOD + "eval: \x07\n", ("params.yaml:9", "control characters")),
    "two_documents": (GOOD + "---\n" + GOOD, ("params.yaml:9", "another document")),
    "unknown_alias": (GOOD + "eval: *mine\n", ("params.yaml:9", "alias")),
    "grid_is_a_list": ("grid: [image_digits]\n", ("params.yaml:1", "grid", "problem, model")),
    "list_in_a_list": (change("[transformer]", "[[transformer]]"), ("params.yaml:3", "grid.model")),
    "the_same_name_twice": (
        change("[transformer]", "[transformer, transformer]"),
        ("params.yaml:3", "grid.model[1]", "'transformer'", "twice"),
    ),
    "seed_is_true": (change("[1]", "[true]"), ("params.yaml:5", "grid.seed[0]", "whole numbers")),
    "seed_is_too_large": (change("[1]", "[2147483648]"), ("params.yaml:5", "2147483647")),
    "exclude_covers_nothing": (
        change("[1]", "[1]\n  exclude: [image_digits/transfomer]"),
        ("params.yaml:6", "grid.exclude[0]", "image_digits/transformer/mine/1"),
    ),
    "exclude_too_deep": (
        change("[1]", "[1]\n  exclude: [a/b/c/d/e]"),
        ("params.yaml:6", "grid.exclude[0]", "problem/model/hparams/seed"),
    ),
    "exclude_is_a_number": (
        change("[1]", "[1]\n  exclude: [1]"),
        ("params.yaml:6", "grid.exclude[0]", "a list of texts, got 1"),
    ),
    "exclude_with_an_empty_item": (
        change("[1]", "[1]\n  exclude:\n    - image_digits/vit\n    - "),
        ("params.yaml:8", "grid.exclude[1]", "a list of texts, got nothing"),
    ),
    "bases_in_a_circle": (
        change("  mine: {", "  other: {base: mine}\n  mine: {base: other, "),
        ("params.yaml:8", "hparams.mine.base", "other -> mine -> other"),
    ),
    "infinite": (
        change("num_heads: 2", "num_heads: 2, learning_rate: .inf"),
        ("params.yaml:7", "learning_rate", "got inf"),
    ),
    "no_end": (change("steps: 10", "steps: 0"), ("params.yaml:8", "'mine'", "epochs")),
    "steps_are_true": (change("steps: 10", "steps: true"), ("train.steps", "a whole number")),
    "unknown_runner": (
        GOOD + "beam: {runner: FlinkRuner}\n",
        ("params.yaml:9", "beam.runner", "FlinkRunner"),
    ),
    "no_workers": (GOOD + "beam: {workers: 0}\n", ("params.yaml:9", "beam.workers", "at least 1")),
    "no_beam": (GOOD + "eval: {beam_size: 0}\n", ("params.yaml:9", "eval.beam_size", "at least 1")),
    "unknown_metric": (
        GOOD + "problems:\n  digits: {base: image_digits, metrics: [acuracy]}\n",
        ("params.yaml:10", "problems.digits.metrics[0]", "accuracy"),
    ),
    "unknown_dev_metric": (
        GOOD + "problems:\n  digits: {base: image_digits, dev_metric: blue}\n",
        ("params.yaml:10", "problems.digits.dev_metric", "bleu"),
    ),
    "unknown_base_of_a_problem": (
        GOOD + "problems:\n  digits: {base: image_digit}\n",
        ("params.yaml:10", "problems.digits.base", "image_digits"),
    ),
    "problems_in_a_circle": (
        GOOD + "problems:\n  a: {base: b}\n  b: {base: a}\n",
        ("params.yaml:11", "problems.b.base", "a -> b -> a"),
    ),
    "another_unit": (
        GOOD + "problems:\n  text: {base: lm_state_union_words, unit: word}\n",
        ("params.yaml:10", "problems.text.unit", "one of characters, words, got 'word'"),
    ),
    "more_than_all_of_a_text": (
        GOOD + "problems:\n  text: {base: mlm_wikipedia, mask_rate: 15}\n",
        ("params.yaml:10", "problems.text.mask_rate", "a number from 0 to 1, got 15"),
    ),
    "no_such_filter": (
        GOOD + "problems:\n  digits: {base: image_digits, drop: [empty, duplicate]}\n",
        ("params.yaml:10", "problems.digits.drop[1]", "a list of duplicates, empty,"),
    ),
    "a_stride_that_leaves_text_out": (
        change("[image_digits]", "[text]")
        + "problems:\n  text: {base: lm_state_union_words, window: 20, stride: 30}\n",
        ("params.yaml:10", "problems.text.stride", "at most the window, 20, found 30"),
    ),
    "scores_between_nothing": (
        change("[image_digits]", "[pairs]")
        + "problems:\n  pairs: {base: similarity_sick, low: 5, high: 1}\n",
        ("params.yaml:10", "problems.pairs.high", "more than low, 5.0, found 1.0"),
    ),
    "an_image_of_two_numbers": (
        change("[image_digits]", "[pictures]")
        + "problems:\n  pictures: {base: image_folder, image_shape: [32, 32]}\n",
        ("params.yaml:10", "problems.pictures.image_shape", "three numbers", "found [32, 32]"),
    ),
    "an_image_of_no_height": (
        change("[image_digits]", "[digits]")
        + "problems:\n  digits: {base: image_digits, image_shape: [0, 8, 1]}\n",
        ("params.yaml:10", "problems.digits.image_shape", "at least 1", "found [0, 8, 1]"),
    ),
    "an_image_of_five_channels": (
        change("[image_digits]", "[pictures]")
        + "problems:\n  pictures: {base: image_folder, image_shape: [32, 32, 5]}\n",
        (
            "params.yaml:10",
            "problems.pictures.image_shape",
            "one of 1, 3, 4 as channels",
            "[32, 32, 5]",
        ),
    ),
    "a_patch_larger_than_the_image": (
        change("[image_digits]", "[digits]")
        + "problems:\n  digits: {base: image_digits, patch: 64}\n",
        ("params.yaml:10", "problems.digits.patch", "at most", "8 x 8 pixels, 8, found 64"),
    ),
    "a_patch_that_does_not_divide_the_image": (
        change("[image_digits]", "[digits]")
        .replace("[transformer]", "[resnet, transformer, vit]")
        .replace("d_model: 16", "d_model: 64")
        + "problems:\n  digits: {base: image_digits, patch: 3}\n",
        ("params.yaml:10", "problems.digits.patch", "1, 2, 4, 8, found 3 (transformer)"),
    ),
    "a_patch_that_one_model_cannot_make": (
        change("[image_digits]", "[digits]").replace("[transformer]", "[transformer, multimodel]")
        + "problems:\n  digits: {base: image_digits, image_shape: [20, 20, 1], patch: 5}\n",
        ("params.yaml:10", "problems.digits.patch", "such as 1, 2, 4, found 5 (multimodel)"),
    ),
    "a_built_in_patch_that_one_model_cannot_make": (
        change("[image_digits]", "[caption_nlvr]").replace("[transformer]", "[multimodel]"),
        ("params.yaml:2", "grid.problem: caption_nlvr:", "exclude caption_nlvr/multimodel"),
    ),
    "a_patch_of_a_mixture": (
        change("[image_digits]", "[both]").replace("[transformer]", "[multimodel]")
        + "problems:\n  digits: {base: image_digits, patch: 3}\n"
        + "  both: {task: multi, tasks: [digits, parse_synth]}\n",
        ("params.yaml:10", "problems.digits.patch", "such as 1, 2, 4, 8, found 3 (multimodel)"),
    ),
    "a_crop_larger_than_the_image": (
        change("[image_digits]", "[digits]")
        + "problems:\n  digits: {base: image_digits, crop: 64}\n",
        ("params.yaml:10", "problems.digits.crop", "at most", "8 x 8 pixels, 8, found 64"),
    ),
    "a_cutout_larger_than_the_image": (
        change("[image_digits]", "[pictures]")
        + "problems:\n  pictures: {base: caption_nlvr, cutout: 201}\n",
        ("params.yaml:10", "problems.pictures.cutout", "50 x 200 pixels, 200, found 201"),
    ),
    "changes_that_four_channels_cannot_have": (
        change("[image_digits]", "[pictures]")
        + "problems:\n  pictures:\n    base: image_folder\n    image_shape: [32, 32, 4]\n"
        + "    rand_augment: 0.5\n",
        ("params.yaml:13", "problems.pictures.rand_augment", "1 or 3 channels", "says 4"),
    ),
    "nothing_left_of_an_image": (
        change("[image_digits]", "[pixels]")
        + "problems:\n  pixels: {base: generate_cifar10, shrink: 64}\n",
        ("params.yaml:10", "problems.pixels.shrink", "at most the shorter side", "found 64"),
    ),
    "a_name_no_file_can_have": (
        GOOD + "problems:\n  my-digits: {base: image_digits}\n",
        ("params.yaml:10", "my-digits", "letters"),
    ),
    "no_such_plugin": (GOOD + "plugins: [../nowhere]\n", ("params.yaml:9", "plugins[0]")),
    "several_at_once": (
        change("steps: 10", "steps: -1").replace("[transformer]", "[transfomer]"),
        ("2 things", "params.yaml:3: grid.model[0]", "params.yaml:8: train.steps"),
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
    listed = [line.split(":", 2)[2].lstrip() for line in said.err.splitlines() if "yaml:" in line]
    assert len(set(listed)) == len(listed), said.err
    assert "Traceback" not in said.err and said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_pattern_of_a_problem_with_a_fault_is_not_called_wrong_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BROKEN["missing_data"][0].replace("[pairs]", "[image_digits, pairs]")
    text = text.replace("  seed: [1]", "  seed: [1]\n  exclude: [pairs/*/other]")
    (tmp_path / "params.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["resolve"]) == 2
    said = capsys.readouterr().err
    assert "a.tsv" in said and "exclude" not in said


def test_a_rule_asks_nothing_of_cells_that_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BROKEN["a_depth_that_one_model_cannot_have"][0]
    text = text.replace("  seed: [1]", '  seed: [1]\n  exclude: ["*/shake_shake"]')
    (tmp_path / "params.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check"]) == 0


def test_a_patch_asks_nothing_of_models_that_cut_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BROKEN["a_patch_that_does_not_divide_the_image"][0].replace(", transformer, vit", "")
    (tmp_path / "params.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check"]) == 0


def test_bytes_that_are_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "params.yaml").write_bytes(GOOD.encode() + b"eval: {split: \xff}\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["resolve"]) == 2
    assert "params.yaml:9: not UTF-8" in capsys.readouterr().err


def test_no_file_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["resolve"]) == 2
    assert "params.yaml is missing" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_runners_are_those_of_beam() -> None:
    options = pytest.importorskip("apache_beam.options.pipeline_options")
    assert sorted(options.StandardOptions.KNOWN_RUNNER_NAMES) == list(sections.RUNNERS)


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
    assert not (tmp_path / "resolved.json").exists() and not (tmp_path / "data").exists()
