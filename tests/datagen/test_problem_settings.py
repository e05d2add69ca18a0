from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from components import catalog
from components.catalog import UserError
from components.datagen.generate import generate
from components.datagen.problem import Cut, Rows, fields, from_settings, local_files, signature
from components.datagen.sources.source import Source
from tests.datagen.records import texts
from tests.datagen.shared_data import ROOT
from tests.datagen.tiny import pairs, write_pairs

BROKEN = {
    "no task": ({}, r"problems.mine: no problem of that name; .* `task:` \(for your own data\)"),
    "unknown task": ({"task": "translaton"}, "did you mean 'translation'"),
    "unknown key": (
        {"task": "translation", "vocabulary_sise": 5},
        "problems.mine.vocabulary_sise: .* did you mean 'vocabulary_size'",
    ),
    "another task's option": ({"task": "translation", "patch": 2}, "problems.mine.patch: "),
    "a text for a number": (
        {"task": "translation", "vocabulary_size": "8k"},
        "problems.mine.vocabulary_size: expected a whole number, found '8k'",
    ),
    "true for a number": (
        {"task": "translation", "max_length": True},
        "max_length: expected a who",
    ),
    "too small": (
        {"task": "translation", "vocabulary_size": 2},
        "vocabulary_size: expected at least 4, found 2",
    ),
    "too large": ({"task": "translation", "character_coverage": 2}, "expected at most 1"),
    "unknown choice": (
        {"task": "translation", "subword": "bep"},
        "problems.mine.subword: 'bep' is not known; did you mean 'bpe'",
    ),
    "unknown filter": (
        {"task": "translation", "drop": ["duplicate"]},
        "drop: 'duplicate' is not known; did you mean 'duplicates'",
    ),
    "no list": ({"task": "translation", "drop": "empty"}, "drop: expected a list of names"),
    "unknown column": (
        {"task": "translation", "train": "a.tsv", "dev": "a.tsv", "test": "a.tsv"}
        | {"columns": {"input": "english"}},
        "columns.input: the columns of translation are inputs, targets; did you mean 'inputs'",
    ),
    "no such file": (
        {"task": "translation", "train": "nowhere.tsv"},
        "problems.mine.train: there is no file nowhere.tsv",
    ),
    "no such prefix": (
        {"task": "translation", "suffixes": ["en", "de"], "train": "nowhere"},
        "problems.mine.train: there is neither nowhere nor nowhere.en",
    ),
    "a missing split": (
        {"task": "translation", "train": "a.tsv"},
        "problems.mine: it has no dev split; give `dev: path`",
    ),
    "unknown format": (
        {"task": "translation", "train": "a.tsv", "format": "tvs"},
        "problems.mine.train: .*'tvs'.* did you mean 'tsv'",
    ),
    "a format that no name tells": (
        {"task": "translation", "train": "a.unknown"},
        "problems.mine.train: .*write format:",
    ),
    "a cut of nothing": (
        {"task": "translation", "train": "a.tsv", "dev": {"from": "train"}},
        "problems.mine.dev.examples: expected a whole number from 1 on, found None",
    ),
    "a cut of itself": (
        {"task": "translation", "dev": {"from": "dev", "examples": 5}},
        "problems.mine.dev.from: expected one of train, test, found 'dev'",
    ),
    "a cut elsewhere": (
        {"task": "translation", "dev": {"from": "train", "examples": 5, "where": "first"}},
        "problems.mine.dev.where: expected one of anywhere, last, found 'first'",
    ),
    "cuts in a circle": (
        {"task": "translation", "test": "a.tsv", "train": {"from": "dev", "examples": 5}}
        | {"dev": {"from": "train", "examples": 5}},
        "problems.mine: train, dev: cut from each other; one of them needs files of its own",
    ),
    "captions cut from whole images": (
        {"task": "captioning", "train": {"from": "test", "examples": 5}, "test": "a.tsv"}
        | {"dev": "a.tsv", "image_shape": [8, 8, 3]},
        "problems.mine.train: a training row is one caption, but a row of test has all of an",
    ),
    "a cut from windows that overlap": (
        {"task": "language_modelling", "train": "a.tsv", "test": "a.tsv", "format": "lines"}
        | {"window": 8, "stride": 4, "dev": {"from": "train", "examples": 5}},
        r"problems.mine.dev: cannot be cut from train, whose windows of 8 overlap \(stride: 4\)",
    ),
    "unknown key of a split": (
        {"task": "translation", "train": {"paths": ["a.tsv"], "formt": "tsv"}},
        "problems.mine.train.formt: .* did you mean 'format'",
    ),
    "half of a pair": (
        {"task": "translation", "train": {"inputs": "a.tsv"}},
        "problems.mine.train: expected a path",
    ),
    "a number for a path": ({"task": "translation", "train": 5}, "problems.mine.train: expected"),
    "suffixes for one side": (
        {"task": "translation", "train": "a.tsv", "dev": "a.tsv", "test": "a.tsv"}
        | {"suffixes": ["en"]},
        r"problems.mine.suffixes: expected one for each of inputs, targets, found \['en'\]",
    ),
    "rows of a file": (
        {"task": "translation", "train": "a.tsv", "dev": "a.tsv", "test": "a.tsv"}
        | {"rows": {"train": 5}},
        "problems.mine.rows.train: there is no such option",
    ),
    "an unknown dev metric": (
        {"task": "translation", "train": "a.tsv", "dev": "a.tsv", "test": "a.tsv"}
        | {"dev_metric": "blue"},
        "problems.mine.dev_metric: .* did you mean 'bleu'",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_settings(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tsv").write_text("one\teins\n")
    (tmp_path / "a.unknown").write_text("one\teins\n")
    settings, message = BROKEN[case]
    with pytest.raises(UserError, match=message):
        from_settings("mine", settings)


VOCABULARIES = {
    "tagging": ("inputs", "sentencepiece", "the inputs of tagging are always tokens"),
    "inference_parsed": ("inputs", "bytes", "the inputs of inference_parsed are always tokens"),
    "text_classification": ("targets", "tokens", "the targets of .* are names of classes, an id"),
    "similarity": ("targets", "tokens", "the targets of similarity have no vocabulary"),
    "masked_lm": ("targets", "tokens", "the targets of masked_lm have that of its inputs"),
    "image_generation": ("targets", "characters", "the targets of .* are always bytes"),
    "inference": ("inputs", "bytes", "have a <sep> in .* expected sentencepiece, tokens, chara"),
}


@pytest.mark.parametrize("task", VOCABULARIES)
def test_a_vocabulary_that_a_side_cannot_have(task, tmp_path):
    side, kind, message = VOCABULARIES[task]
    (tmp_path / "a.tsv").write_text("a\n")
    settings = {"task": task, f"{side}_vocabulary": kind}
    settings |= dict.fromkeys(("train", "dev", "test"), str(tmp_path / "a.tsv"))
    with pytest.raises(UserError, match=f"problems.x.{side}_vocabulary: {kind}, but .*{message}"):
        from_settings("x", settings)


def test_a_variant_says_only_what_differs():
    base = catalog.load("problems", "image_digits")
    problem = from_settings("coarse", {"base": "image_digits", "patch": 4}, base)
    assert (problem.option("patch"), base.option("patch")) == (4, 2)
    assert problem.train == base.train and problem.licence == base.licence
    with pytest.raises(UserError, match="problems.x.task: its base is a image_classification"):
        from_settings("x", {"task": "translation"}, base)


def test_a_variant_reads_the_files_of_its_base_by_its_own_columns(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a\tyes\tb\n")
    splits = dict.fromkeys(("train", "dev", "test"), str(path))
    columns = {"text": 1, "label": 2}
    base = from_settings("p", {"task": "text_classification", "columns": columns, **splits})
    other = {"text": 3, "label": 2}
    problem = from_settings("q", {"columns": other}, base)
    assert [one.columns for one in (*problem.train, *problem.dev, *problem.test)] == [other] * 3
    path.with_suffix(".csv").write_text("a,yes\n")
    for settings, message in (
        (
            {"format": "csv"},
            "problems.q.format: its base has given the files of train, dev, test, and",
        ),
        ({"suffixes": ["en", "de"]}, "problems.q.suffixes: .* give train, dev, test here as well$"),
        (
            {"columns": other, "test": str(path)},
            "q.columns: .* give train, dev here as well, or say it in {paths: ..., columns: ...} of test",
        ),
    ):
        with pytest.raises(UserError, match=message):
            from_settings("q", settings, base)
    assert from_settings("q", {"columns": columns, "test": str(path)}, base).train == base.train


def test_a_split_is_pointed_at_other_files(tmp_path):
    write_pairs(tmp_path, "mine", pairs(3))
    base = catalog.load("problems", "translate_ende_multi30k")
    problem = from_settings("x", {"test": str(tmp_path / "mine")}, base)
    assert problem.train == base.train
    assert local_files(problem) == [tmp_path / "mine.en", tmp_path / "mine.de"]
    assert problem.test == (
        Source((str(tmp_path / "mine.en"), str(tmp_path / "mine.de")), "parallel_text"),
    )


def test_a_folder_of_parallel_files(tmp_path):
    for split in ("train", "valid", "test_2016"):
        write_pairs(tmp_path, split, pairs(3))
    folder = str(tmp_path)
    settings = {"task": "translation", "suffixes": ["en", "de"]}
    problem = from_settings("x", settings | dict.fromkeys(("train", "dev", "test"), folder))
    assert [path.name for path in local_files(problem)] == [
        "train.en",
        "train.de",
        "valid.en",
        "valid.de",
        "test_2016.en",
        "test_2016.de",
    ]
    write_pairs(tmp_path, "test_2017", pairs(3))
    with pytest.raises(UserError, match=r"one file test\*.en .* test_2016.en, test_2017.en"):
        from_settings("x", settings | {"train": folder, "dev": folder, "test": folder})


def test_options_of_a_row_function():
    made = Rows("somewhere:rows", {"train": 100, "dev": 10})
    from components.datagen.problem import Problem

    base = Problem("translation", made, made, made)
    problem = from_settings("x", {"rows": {"train": 7}}, base)
    assert problem.train == Rows("somewhere:rows", {"train": 7, "dev": 10}) == problem.test
    with pytest.raises(UserError, match="rows.trian: .* did you mean 'train'"):
        from_settings("x", {"rows": {"trian": 7}}, base)
    with pytest.raises(UserError, match="rows.train: expected a whole number, found '7'"):
        from_settings("x", {"rows": {"train": "7"}}, base)


def own_data(folder: Path, kind: str) -> dict:
    """A corpus of 60 pairs as one file of the format, and the settings that read it."""
    import json

    import pandas as pd

    rows = pairs(60)
    frame = pd.DataFrame(rows, columns=["english", "german"])
    columns = {"inputs": "english", "targets": "german"}
    if kind == "parallel text":
        write_pairs(folder, "all", rows)
        return {"train": [str(folder / "all.en"), str(folder / "all.de")]}
    if kind == "parallel text by name":
        write_pairs(folder, "all", rows)
        return {"train": {"inputs": str(folder / "all.en"), "targets": str(folder / "all.de")}}
    path = folder / f"all.{kind}"
    if kind == "tsv":
        path.write_text("".join(f"{one}\t{other}\n" for one, other in rows), "utf-8")
        return {"train": str(path), "columns": {"inputs": 1, "targets": 2}}
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "jsonl":
        lines = [json.dumps({"english": one, "german": other}) for one, other in rows]
        path.write_text("\n".join(lines) + "\n", "utf-8")
    else:
        frame.to_parquet(path)
    return {"train": str(path), "columns": columns}


@pytest.mark.parametrize(
    "kind", ["parallel text", "parallel text by name", "tsv", "csv", "jsonl", "parquet"]
)
def test_own_data_needs_no_python(tmp_path, kind):
    settings = {
        "task": "translation",
        "vocabulary_size": 45,
        "dev": {"from": "train", "examples": 5},
        "test": {"from": "train", "examples": 3, "where": "last"},
        **own_data(tmp_path, kind),
    }
    problem = from_settings("mine", settings)
    assert problem.dev == Cut("train", 5)
    manifest = generate(problem, "mine", tmp_path / "out")
    assert [split.examples for split in manifest.splits.values()] == [52, 5, 3]
    assert texts(tmp_path / "out", "test", "targets_text") == [other for _, other in pairs(60)[-3:]]


def test_the_other_direction_is_one_line(tmp_path):
    settings = {"task": "translation", "vocabulary_size": 45, "reverse": True}
    cuts = {split: {"from": "train", "examples": 3, "where": "last"} for split in ("dev", "test")}
    problem = from_settings("mine", settings | cuts | own_data(tmp_path, "parquet"))
    generate(problem, "mine", tmp_path / "out")
    assert texts(tmp_path / "out", "dev", "inputs_text") == [other for _, other in pairs(60)[-3:]]


def test_a_data_frame_becomes_a_problem(tmp_path):
    import pandas as pd

    from components.datagen.frames import problem_of_frames

    frame = pd.DataFrame(pairs(60), columns=["english", "german"])
    settings = {"columns": {"inputs": "english", "targets": "german"}, "vocabulary_size": 45}
    frames = {"train": frame[:50], "dev": frame[50:55], "test": frame[55:]}
    problem = problem_of_frames("translation", "mine", frames, tmp_path / "raw", **settings)
    manifest = generate(problem, "mine", tmp_path / "out")
    assert [split.examples for split in manifest.splits.values()] == [50, 5, 5]
    with pytest.raises(UserError, match="of train has no column 'inputs'; there are: english"):
        problem_of_frames("translation", "mine", frames, tmp_path / "raw")
    with pytest.raises(UserError, match="no split 'valid'"):
        problem_of_frames("translation", "mine", {"valid": frame}, tmp_path / "raw", **settings)


def test_what_params_may_set_is_listed_with_its_meaning():
    known = fields("image_classification")
    assert (known["vocabulary_size"].type, known["vocabulary_size"].default) == ("int", 8000)
    assert (known["patch"].type, known["patch"].default, known["patch"].low) == ("int", 4, 1)
    assert all(one.meaning for one in known.values())
    assert "patch" not in fields()


def test_the_signature_decides_what_can_run():
    assert signature(catalog.load("problems", "translate_ende_multi30k")) == {
        "inputs": "symbol",
        "targets": "symbol",
        "metrics": ["bleu", "chrf", "ter", "perplexity"],
        "dev_metric": "bleu",
        "provides": [],
        "transforms": [],
    }


def test_declarations_import_nothing_heavy():
    code = (
        "import sys\n"
        "from components import catalog\n"
        "from components.datagen import problem\n"
        "for name in catalog.entries('problems'):\n"
        "    problem.signature(catalog.load('problems', name))\n"
        "    problem.local_files(catalog.load('problems', name))\n"
        "heavy = {'numpy', 'pyarrow', 'apache_beam', 'sklearn', 'sentencepiece', 'tensorflow'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
