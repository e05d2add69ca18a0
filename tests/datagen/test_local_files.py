"""Which local files a problem is said to read: an edit of any of them must make its data anew."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from components.datagen.problem import Rows, from_settings, local_files
from pipeline import sources

FILES = (
    "a/train.tsv",
    "a/b/train.tsv",
    "clips/0.wav",
    "clips/deep/1.FLAC",
    "clips/notes.txt",
    "images/x.png",
    "odd[1].tsv",
    "table.tsv",
    "words.txt",
)
SPEECH = {"task": "speech_recognition", "format": "audio_table"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x\ty\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"task": "translation", "train": "**/train.tsv"}, ["a/b/train.tsv", "a/train.tsv"]),
        ({"task": "translation", "train": "odd[1].tsv"}, ["odd[1].tsv"]),
        ({**SPEECH, "train": "table.tsv"}, ["table.tsv", "clips/0.wav", "clips/deep/1.FLAC"]),
    ],
)
def test_globs_and_what_a_table_may_name(
    folder: Path, settings: dict[str, Any], expected: list[str]
) -> None:
    problem = from_settings("p", {**settings, "dev": settings["train"], "test": settings["train"]})
    assert local_files(problem) == [Path(name) for name in expected]


def test_a_file_that_is_an_option_of_rows(folder: Path) -> None:
    base = from_settings(
        "p", {"task": "translation", **dict.fromkeys(("train", "dev", "test"), "a/*.tsv")}
    )
    made = Rows("my.module:rows", {"words": "words.txt", "kind": "x", "count": 3})
    problem = dataclasses.replace(base, train=made, dev=made, test=made)
    assert local_files(problem) == [Path("words.txt")]


def test_a_folder_that_is_a_label_is_told(folder: Path) -> None:
    before = sources.folder_md5(sources.listing(folder, [Path("images/x.png")]))
    (folder / "images").rename(folder / "pictures")
    assert before != sources.folder_md5(sources.listing(folder, [Path("pictures/x.png")]))
