"""The contract of a problem, checked for every one that the catalog finds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from components import catalog
from components.datagen import spool, vocabulary
from components.datagen.generate import generate
from components.datagen.images import decoded
from components.datagen.problem import signature
from components.datagen.schema import EOS, MODALITIES, SPLITS, UNK, Manifest
from components.datagen.standard_rows import SEPARATOR
from tests.datagen.records import content, read_split
from tests.datagen.shared_data import local_problem

NAMES = sorted(catalog.entries("problems"))
# Main values of metrics that are 1 where every answer is the reference.
FRACTIONS = ("accuracy", "sequence_accuracy", "long_accuracy", "tag_accuracy", "pearson")


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
    assert "  " not in problem.licence + problem.expected, "a joint of two strings"
    assert problem.licence.strip() == problem.licence and problem.licence[-1] not in ".,;"


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
            kept = set()
            for side, feature in manifest.features.items():
                if feature.stored:
                    check_value(example[side], feature, example["inputs"] if kept else None)
                    kept |= {side}
                if feature.modality == "audio":
                    assert example[f"{side}_length"][0] > 0
                    kept |= {f"{side}_length"}
            if split != "train":
                kept |= {"targets_text"}
                if manifest.features["inputs"].modality not in ("image", "audio", "nothing"):
                    kept |= {"inputs_text"}
            assert set(example) == kept


def check_value(values, feature, inputs):
    """What `schema.Feature` says of a stored value."""
    if feature.modality == "image":
        height, width, channels = feature.shape
        if feature.options.get("encoded"):
            assert decoded(values[0], feature.shape).shape == feature.shape
        else:
            assert len(values[0]) == height * width * channels
    elif feature.modality == "audio":
        assert values[0][:4] in (b"RIFF", b"fLaC") or feature.options["stored"] == "log_mel"
    elif feature.modality == "real":
        low, high = feature.options["low"], feature.options["high"]
        assert len(values) == 1 and low <= values[0] <= high
    elif feature.modality == "class_label":
        assert len(values) == 1 and 0 <= values[0] < feature.vocabulary_size
    elif feature.modality == "span":
        assert len(values) == 2 and 0 <= values[0] <= values[1] < len(inputs)
    elif feature.modality == "aligned":
        assert len(values) == len(inputs) and values.max() < feature.vocabulary_size
    else:
        ended = feature.options.get("eos", True)
        assert (values[-1] == EOS) if ended else EOS not in values
        assert 0 < values.min() and values.max() < feature.vocabulary_size


@pytest.mark.parametrize("name", NAMES)
def test_decoding_gives_back_what_was_encoded(name, generated):
    """Ids to text to ids is the identity, and symbols or labels that are text come back whole."""
    folder = generated(name)
    manifest = Manifest.load(folder)
    unknown = total = 0
    for side, feature in manifest.features.items():
        if feature.vocabulary is None or feature.stored != "ids" or feature.modality == "span":
            continue
        loaded = vocabulary.load(folder / feature.vocabulary)
        assert loaded.size == feature.vocabulary_size
        if "image" in feature.options or feature.vocabulary.endswith(".bytes.jsonl"):
            continue  # bytes of images are no text
        for example in read_split(folder, "dev")[:200]:
            ids = example[side].tolist()
            text = loaded.decode(ids)
            if feature.modality == "class_label":
                assert text == example[f"{side}_text"][0].decode()
                continue
            unknown, total = unknown + ids.count(UNK), total + len(ids)
            if UNK not in ids:
                ended = feature.modality == "symbol" and feature.options.get("eos", True)
                assert loaded.encode(text) == (ids[:-1] if ended else ids)
                if side == "inputs" or manifest.task in ("translation", "language_modelling"):
                    assert text.split() == example[f"{side}_text"][0].decode().split()
    assert unknown <= 0.1 * total


@pytest.mark.parametrize("name", NAMES)
def test_the_gold_targets_score_the_maximum(name, generated):
    """Through ids and back, the right answer loses nothing but its unknown words."""
    folder = generated(name)
    manifest = Manifest.load(folder)
    modules = [catalog.load_module("metrics", metric) for metric in manifest.metrics]
    modules = [module for module in modules if module.INPUT != "loss"]
    if not modules:
        pytest.skip("it is scored by its loss alone")
    examples = read_split(folder, "test")[:200]
    if manifest.features["targets"].modality in ("symbol", "aligned"):
        examples = [example for example in examples if UNK not in example["targets"]]
    gold = gold_answers(folder, manifest, examples)
    expected = [example["targets_text"][0].decode() for example in examples]
    for metric in modules:
        # What the first references and what empty answers score: the ends of the scale.
        best, worst, found = (
            metric.metric(
                expected, [[one] for one in texts] if metric.INPUT == "ranked" else texts
            )[metric.MAIN]
            for texts in ([text.split("\t")[0] for text in expected], [""] * len(gold), gold)
        )
        assert abs(best - found) <= 0.03 * abs(best - worst), metric.__name__
        if metric.MAIN in FRACTIONS:
            assert best == pytest.approx(1)


def gold_answers(folder, manifest, examples):
    """The targets as texts, by way of their ids."""
    feature = manifest.features["targets"]
    if feature.modality == "real":
        return [f"{example['targets'][0]:.6g}" for example in examples]
    loaded = vocabulary.load(folder / feature.vocabulary)
    if feature.modality != "span":
        return [loaded.decode(example["targets"].tolist()) for example in examples]
    found = []
    for example in examples:
        first, last = example["targets"]
        text = loaded.decode(example["inputs"][first : last + 1].tolist()).strip()
        found.append("" if text == SEPARATOR else text)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_is_byte_identical(name, generated, tmp_path, monkeypatch):
    folder = generated(name)
    monkeypatch.setattr(spool, "CHUNK_ROWS", 900)
    generate(local_problem(name), name, tmp_path / "two", beam={"workers": 2})
    assert content(tmp_path / "two") == content(folder)
