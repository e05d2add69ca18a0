"""Trees whose leaves are part-of-speech tags, through the records and back."""

from __future__ import annotations

from pathlib import Path

from components.datagen import trees, vocabulary
from components.datagen.generate import generate
from components.datagen.problem import from_settings
from components.eval.metrics import bracket_f1
from tests.datagen.records import read_split
from tests.tasks.raw import RAW


def test_leaves_may_be_tags(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    problem = from_settings("mine", {"task": "parsing", "leaves": "tags", **RAW["parsing"](raw)})
    manifest = generate(problem, "mine", tmp_path / "data")
    feature = manifest.features["targets"]
    assert feature.vocabulary is not None
    loaded = vocabulary.load(tmp_path / "data" / feature.vocabulary)
    examples = read_split(tmp_path / "data", "train")
    linear = [loaded.decode(example["targets"].tolist()) for example in examples]
    assert linear and not any(trees.LEAF in text.split() for text in linear)
    for split in ("dev", "test"):
        examples = read_split(tmp_path / "data", split)
        references = [example["targets_text"][0].decode() for example in examples]
        answers = [loaded.decode(example["targets"].tolist()) for example in examples]
        for reference, answer in zip(references, answers, strict=True):
            tags = [leaf.label for leaf in trees.leaves(trees.parse(reference))]
            assert [token for token in answer.split() if token[0] not in "()"] == tags
        assert bracket_f1.metric(references, answers)["bracket_f1"] == 100
