"""A cell on disk answers lines of text as its evaluation answered the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.catalog import UserError
from components.datagen.generate import generate
from components.datagen.problem import from_settings
from components.datagen.schema import Manifest
from components.eval.decoding.search import search_of
from components.eval.predict import Predictor, target_vocabulary
from components.eval.settings import from_dict
from components.eval.text_model import load, read_lines
from components.train import checkpoint
from components.train.records import Records
from tests.eval import tiny
from tests.tasks.raw import RAW


def cell(root: Path, make, model: str = "transformer"):
    """A problem under data/ and an untrained cell of it under runs/; manifest, network, folder."""
    (root / "data" / "tiny").mkdir(parents=True)
    manifest = make(root / "data" / "tiny")
    network = tiny.network(manifest, model)
    folder = root / "runs" / "tiny" / model / "small" / "1"
    checkpoint.save(
        checkpoint.arrays(network.trainable_variables), folder / "checkpoint" / "last.safetensors"
    )
    record = {"cell": {"problem": "tiny", "model": model}, "hparams": tiny.HPARAMS[model]}
    (folder / "train.json").write_text(json.dumps(record))
    (folder / "metrics.json").write_text('{"checkpoint": "last"}')  # the one that was evaluated
    return manifest, network, folder


@pytest.mark.parametrize("settings", [{"method": "greedy"}, {"beam_size": 2, "extra_length": 3}])
def test_answers_are_those_of_the_evaluation(settings: dict, tmp_path: Path) -> None:
    manifest, network, folder = cell(tmp_path, tiny.copying)
    data = tmp_path / "data" / "tiny"
    records = Records(data, manifest, "test")
    answers = load(folder).answers(records.texts("inputs"), settings)
    chosen = from_dict(settings)
    predictor = Predictor(network, target_vocabulary(data, manifest), search=search_of(chosen))
    if "extra_length" not in settings:
        assert answers == predictor.predict(records).texts
    assert len(answers) == len(records) and any(answers)
    longest = 9 + 1 + chosen.extra_length  # words of the input, EOS, and these more
    assert max(len(answer.split()) for answer in answers) <= longest


@pytest.mark.parametrize(
    "task", ["text_classification", "question_answering", "tagging", "similarity"]
)
def test_labels_parts_and_numbers_are_answers_too(task: str, tmp_path: Path) -> None:
    def make(folder: Path) -> Manifest:
        (tmp_path / "raw").mkdir()
        problem = from_settings("tiny", {"task": task, **RAW[task](tmp_path / "raw")})
        return generate(problem, "tiny", folder)

    manifest, network, folder = cell(tmp_path, make, "transformer_encoder")
    data = tmp_path / "data" / "tiny"
    records = Records(data, manifest, "test")
    expected = Predictor(network, target_vocabulary(data, manifest)).predict(records).texts
    assert load(folder).answers(records.texts("inputs")) == expected


def test_no_lines_and_empty_lines(tmp_path: Path) -> None:
    model = load(cell(tmp_path, tiny.copying)[2])
    assert model.answers([]) == []
    assert len(model.answers(["", "a b"], {"method": "greedy"})) == 2
    written = "a\u2028b\fc\r\n\nd".encode()
    (tmp_path / "lines.txt").write_bytes(written)
    assert list(read_lines(tmp_path / "lines.txt")) == ["a\u2028b\fc", "", "d"]
    (tmp_path / "lines.txt").write_bytes(b"\xff")
    with pytest.raises(UserError, match=r"lines.txt: expected UTF-8"):
        list(read_lines(tmp_path / "lines.txt"))


def test_what_has_no_text_to_read_or_write(tmp_path: Path) -> None:
    model = load(cell(tmp_path, tiny.animals)[2])
    with pytest.raises(UserError, match="its inputs are image; expected text"):
        model.answers(["a"])


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train.json is not there; expected a folder of runs/"):
        load(tmp_path)
    folder = cell(tmp_path, tiny.copying)[2]
    with pytest.raises(UserError, match=r"best.safetensors is missing"):
        load(folder, checkpoint="best")
    written = json.loads((folder / "train.json").read_text())
    written["hparams"]["depth"] = 3
    (folder / "train.json").write_text(json.dumps(written))
    with pytest.raises(UserError, match=r"train.json: .*transformer has no setting depth"):
        load(folder)
