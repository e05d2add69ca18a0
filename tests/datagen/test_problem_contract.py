"""The contract of a problem, checked for every one that the catalog finds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from components import catalog
from components.datagen import spool, vocabulary
from components.datagen.generate import generate
from components.datagen.problem import signature
from components.datagen.schema import EOS, MODALITIES, SPLITS, UNK, Manifest
from tests.datagen.records import content, read_split
from tests.datagen.shared_data import local_problem

NAMES = sorted(catalog.entries("problems"))


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """name -> the folder of its data, made once for all the tests here."""
    folders: dict[str, Path] = {}

    def make(name: str) -> Path:
        problem = local_problem(name)
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name) / "one"
            generate(problem, name, folders[name])
        return folders[name]

    return make


@pytest.mark.parametrize("name", NAMES)
def test_the_file_says_what_it_is(name):
    path = catalog.entries("problems")[name].path
    text = path.read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert "    in   " in docstring and "    out  " in docstring, "one example in and out"
    assert len(text.split("\n")) <= 80
    problem = catalog.load("problems", name)
    assert problem.licence and problem.expected


@pytest.mark.parametrize("name", NAMES)
def test_its_metrics_exist(name):
    found = signature(catalog.load("problems", name))
    assert found["inputs"] in MODALITIES and found["targets"] in MODALITIES
    assert found["dev_metric"] in found["metrics"]
    assert set(found["metrics"]) <= set(catalog.entries("metrics"))


@pytest.mark.parametrize("name", NAMES)
def test_records_match_the_manifest(name, generated):
    folder = generated(name)
    manifest = Manifest.load(folder)
    for split in SPLITS:
        examples = read_split(folder, split)
        assert len(examples) == manifest.splits[split].examples > 0
        for example in examples[:200]:
            for side, feature in manifest.features.items():
                values = example[side]
                if feature.modality == "image":
                    height, width, channels = feature.shape
                    assert len(values[0]) == height * width * channels
                elif feature.modality == "class_label":
                    assert len(values) == 1 and 0 <= values[0] < feature.vocabulary_size
                else:
                    assert values[-1] == EOS and 0 < values.min()
                    assert values.max() < feature.vocabulary_size
            kept = {"inputs", "targets"}
            if split != "train":
                kept |= {"targets_text"}
                if manifest.features["inputs"].modality != "image":
                    kept |= {"inputs_text"}
            assert set(example) == kept


@pytest.mark.parametrize("name", NAMES)
def test_decoding_gives_back_what_was_encoded(name, generated):
    """Ids to text to ids is the identity, and symbols or labels that are text come back whole."""
    folder = generated(name)
    manifest = Manifest.load(folder)
    unknown = total = 0
    for side, feature in manifest.features.items():
        if feature.vocabulary is None:
            continue
        loaded = vocabulary.load(folder / feature.vocabulary)
        assert loaded.size == feature.vocabulary_size
        for example in read_split(folder, "dev")[:200]:
            ids = example[side].tolist()
            text = loaded.decode(ids)
            if feature.modality == "class_label":
                assert text == example[f"{side}_text"][0].decode()
                continue
            unknown, total = unknown + (UNK in ids), total + 1
            if UNK not in ids:
                assert loaded.encode(text) == ids[:-1]
                if side == "inputs" or manifest.task == "translation":
                    words = example[f"{side}_text"][0].decode().split(" ")
                    assert text == " ".join(word for word in words if word)
    assert unknown <= 0.1 * total


@pytest.mark.parametrize("name", NAMES)
def test_the_gold_targets_score_the_maximum(name, generated):
    """Through ids and back, the right answer loses no more than its unknown words."""
    folder = generated(name)
    manifest = Manifest.load(folder)
    feature = manifest.features["targets"]
    loaded = vocabulary.load(folder / feature.vocabulary)
    examples = read_split(folder, "test")[:200]
    gold = [loaded.decode(example["targets"].tolist()) for example in examples]
    expected = [example["targets_text"][0].decode() for example in examples]
    for metric_name in manifest.metrics:
        metric = catalog.load_module("metrics", metric_name)
        if metric.INPUT == "loss":
            continue
        answers = [[text] for text in gold] if metric.INPUT == "ranked" else gold
        found = metric.metric(expected, answers)[metric.MAIN]
        percent = 100 * found if metric.MAIN.startswith("accuracy") else found
        lost = 100 - percent if metric.HIGHER_IS_BETTER else percent
        assert -1e-6 <= lost <= 3, metric_name


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_is_byte_identical(name, generated, tmp_path, monkeypatch):
    folder = generated(name)
    monkeypatch.setattr(spool, "CHUNK_ROWS", 2500)
    generate(local_problem(name), name, tmp_path / "two", beam={"workers": 2})
    assert content(tmp_path / "two") == content(folder)
