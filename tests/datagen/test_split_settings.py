"""A source in full: whatever is no such setting is told with its key before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.catalog import UserError
from components.datagen.problem import from_settings

BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a list for columns": (
        {"columns": ["inputs", "targets"]},
        r"columns: expected names .* e.g. {inputs: 1}, found \['inputs', 'targets'\]",
    ),
    "true for a column": ({"columns": {"inputs": True}}, "columns: expected names"),
    "a column misspelt": ({"columns": {"input": 1}}, "columns.input: .* did you mean 'inputs'"),
    "a number for paths": ({"paths": 5}, "paths: expected text or a list of it, found 5"),
    "a number for members": ({"members": 3}, "members: expected text or a list of it, found 3"),
    "no sum": ({"sha256": None}, "sha256: expected text or a list of it, found None"),
    "a list for a format": ({"format": ["tsv"]}, r"format: expected text, found \['tsv'\]"),
    "a number for an encoding": ({"encoding": 1252}, "encoding: expected text, found 1252"),
    "an encoding of no text": ({"encoding": "hex"}, "encoding: .* no encoding of text 'hex'"),
    "an encoding misspelt": ({"encoding": "latin1x"}, "'latin1x'; expected e.g. utf-8 or latin-1"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_settings_of_a_source(case: str, tmp_path: Path) -> None:
    settings, message = BROKEN[case]
    path = tmp_path / "a.tsv"
    path.write_text("one\teins\n")
    train = {"paths": str(path), **settings}
    with pytest.raises(UserError, match=f"problems.mine.train.*{message}"):
        from_settings("mine", {"task": "translation", "train": train})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "cp1252", "gb18030"])
def test_encodings_of_text(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("one\teins\n")
    source = {"paths": str(tmp_path / "a.tsv"), "encoding": encoding}
    splits = dict.fromkeys(("train", "dev", "test"), source)
    train = from_settings("mine", {"task": "translation", **splits}).train
    assert isinstance(train, tuple) and train[0].encoding == encoding
