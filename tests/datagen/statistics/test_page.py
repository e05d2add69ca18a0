"""What stands on the page."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from components.catalog import UserError
from components.datagen.schema import Feature, Manifest
from components.datagen.statistics.page import write_page
from components.datagen.statistics.sketch import Statistics
from tests.datagen.statistics.made import FEATURES, Made, manifest, write_vocabularies
from tests.datagen.statistics.test_pictures import wav


def page(folder: Path, about: Manifest, statistics: dict[str, Statistics]) -> str:
    path = folder / "statistics.html"
    write_page(path, problem="tiny", manifest=about, statistics=statistics)
    return path.read_text(encoding="utf-8")


def split(features: dict[str, Feature], columns: dict[str, list]) -> Statistics:
    rows = len(next(iter(columns.values())))
    found = Statistics(features, rows)
    found.add(pa.RecordBatch.from_pydict(columns), {}, {}, np.arange(rows))
    return found


def test_a_page_says_what_was_counted(tmp_path: Path) -> None:
    write_vocabularies(tmp_path)
    made = Made()
    made.texts[:100] = ["a <b> & c"] * 100
    statistics = {"train": made.part(0, 300), "test": Made(50, 1).part(0, 50)}
    text = page(tmp_path, manifest(), statistics)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".html", ".txt", ".txt"]
    for title in ("Source", "Splits", "Lengths", "Vocabulary", "Label balance", "Examples"):
        assert f"<h2>{title}</h2>" in text
    assert "12,345 rows of train, 5 rows of test" in text
    assert "Licence: CC &lt;BY&gt;" in text
    assert "csv: a.csv (sha256 ab)" in text
    assert (
        ">read</th><th scope=col class=right>too long</th><th scope=col class=right>kept<" in text
    )
    assert "Dropped from train: too long." in text
    assert "a &lt;b&gt; &amp; c</td><td class=right>100</td>" in text
    assert "Counted in all 300 rows" in text
    counts = [made.labels.count(label) for label in (0, 2)]
    assert f"<td class=text>label 0</td><td class=right>{counts[0]}</td>" in text
    assert "label 1<" not in text, "a label that never occurs"
    pictures = re.findall(r'alt="([^"]*)" src="data:image/png;base64,', text)
    assert pictures == ["Label balance of targets"]
    assert re.findall(r'<svg class=chart role=img aria-label="([^"]*)"', text) == [
        "Histogram of lengths"
    ]
    assert text.count("prefers-color-scheme: dark") == 2
    assert "http" not in text.replace("https", "http").replace("http-equiv", "")


def test_the_same_bytes_also_for_a_manifest_from_its_file(tmp_path: Path) -> None:
    write_vocabularies(tmp_path)
    made = Made()
    first = page(tmp_path, manifest(), {"train": made.part(0, 300), "dev": made.part(0, 300)})
    merged = made.part(200, 300).merge(made.part(0, 200))
    manifest().save(tmp_path)
    loaded = Manifest.load(tmp_path)
    assert page(tmp_path, loaded, {"dev": made.part(0, 300), "train": merged}) == first


def test_images_sounds_and_trees_are_drawn(tmp_path: Path) -> None:
    texts = {"targets": ["a", "b"], "targets_text": ["a", "b"]}
    none = {"targets": Feature("symbol")}
    image = {"inputs": Feature("image", shape=(1, 2, 1))} | none
    sheet = split(image, {"inputs": [b"ab", b"cd"]} | texts)
    assert 'alt="Images of train"' in page(tmp_path, manifest(image), {"train": sheet})
    audio = {"inputs": Feature("audio")} | none
    sounds = split(audio, {"inputs": [wav(np.zeros(9), 8000)] * 2} | texts)
    assert 'alt="Spectrograms of train"' in page(tmp_path, manifest(audio), {"train": sounds})
    plain = {"inputs": Feature("symbol")} | none
    columns = {"inputs": ["a b", "c"], "targets": ["(S XX XX )S", "XX"]}
    bracketed = columns | {"targets_text": ["(S (XX a) (XX b))", "(XX c)"]}
    parsed = split(plain, bracketed)
    text = page(tmp_path, manifest(plain), {"train": parsed})
    assert 'alt="Tree of: a b"' in text
    assert "targets for the model</span>(S XX XX )S" in text
    laughter = split(plain, columns | {"targets_text": ["(S (XX a) (XX b))", "(Laughter)"]})
    assert "Tree of" not in page(tmp_path, manifest(plain), {"train": laughter})


def test_numbers_and_tags_have_a_balance(tmp_path: Path) -> None:
    features = {"inputs": Feature("symbol"), "targets": Feature("real")}
    found = split(features, {"inputs": ["a", "b", "c"], "targets": ["0.5", "1", "3"]})
    text = page(tmp_path, manifest(features), {"train": found})
    assert "<td class=right>0.5</td><td class=right>1.5</td><td class=right>3</td>" in text
    write_vocabularies(tmp_path)
    tagged = {"targets": dataclasses.replace(FEATURES["inputs"], modality="aligned")}
    tags = Statistics(tagged, 1)
    rows = pa.RecordBatch.from_pydict({"targets": ["w0 w0 w1"]})
    counts = np.bincount([3, 0, 3, 4], minlength=tagged["targets"].vocabulary_size or 0)
    tags.add(rows, {"targets": counts}, {}, np.arange(1))
    text = page(tmp_path, manifest(tagged), {"train": tags})
    assert "targets: 2 labels; the most frequent one occurs 2 times" in text


def test_a_broken_image_is_an_error_and_leaves_no_page(tmp_path: Path) -> None:
    features = {"inputs": Feature("image", shape=(2, 2, 1), options={"encoded": True})}
    found = split(features, {"inputs": [b"no image"], "targets_text": ["cat"]})
    with pytest.raises(
        UserError, match="train, inputs of the row 'cat': an image that cannot be drawn: 8 bytes"
    ):
        page(tmp_path, manifest(features), {"train": found})
    sounds = {"inputs": Feature("audio")}
    found = split(sounds, {"inputs": [b"no sound"], "targets_text": ["cat"]})
    with pytest.raises(
        UserError, match="train, inputs of the row 'cat': a sound that cannot be drawn"
    ):
        page(tmp_path, manifest(sounds), {"train": found})
    assert not list(tmp_path.iterdir())
