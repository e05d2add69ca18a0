"""Captioning: a row a caption in training, an image with all its captions elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from components.datagen.generate import generate
from components.datagen.problem import from_settings
from tests.datagen.records import texts
from tests.datagen.sources.test_folder_images import image
from tests.tasks.raw import RAW


def test_dev_is_cut_from_train_in_images(tmp_path: Path) -> None:
    settings = {**RAW["captioning"](tmp_path), "dev": {"from": "train", "examples": 5}}
    for number in range(40):
        (tmp_path / f"train{number}.png").write_bytes(image(shade=number))
    problem = from_settings("mine", {"task": "captioning", **settings})
    manifest = generate(problem, "mine", tmp_path / "out")
    assert [split.examples for split in manifest.splits.values()] == [2 * (40 - 5), 5, 8]
    assert manifest.report["leakage"]["dev_in_train"]["inputs"] == 0
    notes = json.loads((tmp_path / "captions_train.json").read_text())["annotations"]
    said = [note["caption"] for note in notes]
    references = texts(tmp_path / "out", "dev", "targets_text")
    assert set(references) <= set(map("\t".join, zip(said[::2], said[1::2], strict=True)))
