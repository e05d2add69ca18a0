"""`decode`: which lines a model is asked, and where a model of a plugin comes from."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.eval import text_model
from pipeline.import_t2t import decode
from pipeline.resolved import FILE


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The plugins and the lines that the model gets."""
    found: list[Any] = []

    def load(_: Path, plugins: tuple[str, ...] = ()) -> Any:
        found.append(plugins)
        return SimpleNamespace(answers=lambda lines, _: found.append(lines) or lines)

    monkeypatch.setattr(text_model, "load", load)
    return found


def test_a_file_and_the_standard_input_have_the_same_lines(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = "a\u2028b\fc\r\n\nd\n".encode()
    (tmp_path / "lines.txt").write_bytes(written)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(written)))
    of_file = decode(tmp_path, tmp_path / "lines.txt", {}, tmp_path)
    assert decode(tmp_path, None, {}, tmp_path) == of_file == ["a\u2028b\fc", "", "d"]


def test_the_projects_plugins_may_hold_the_model(asked: list[Any], tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("a\n")
    resolved = {"plugins": ["mine"], "problems": {}, "hparams": {}, "settings": {}, "cells": []}
    (tmp_path / FILE).write_text(json.dumps(resolved))
    decode(tmp_path, tmp_path / "lines.txt", {}, tmp_path)
    assert asked == [("mine",), ["a"]]
