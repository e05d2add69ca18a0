"""Declarations are read from the syntax tree: settings, needs, limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.catalog import UserError
from components.declaration import Setting, read

MODEL = '''\
"""A model. And more."""
SIZES = ("S", "L")
NEEDS = {"targets": ["class_label"]}
class Options:
    size: str = setting("S", "which size", choices=SIZES)
    rate: float = setting(0.1, "how fast", low=0, high=1, open_high=True)
    plain: int = -3
    "below the field"
    table: dict = field(default_factory=dict)
class Body: ...
'''


def declare(folder: Path, text: str) -> Path:
    path = folder / "model.py"
    path.write_text(text)
    return path


def test_all_that_a_file_declares(tmp_path: Path) -> None:
    found = read(declare(tmp_path, MODEL))
    assert found.summary == "A model. And more"
    assert found.needs == {"targets": ["class_label"]}
    assert "Body" in found.names
    assert found.options == (
        Setting("size", "str", "S", "which size", choices=("S", "L")),
        Setting("rate", "float", 0.1, "how fast", 0, 1, True),
        Setting("plain", "int", -3, "below the field"),
        Setting("table", "dict", {}, ""),
    )


def test_nothing_is_imported(tmp_path: Path) -> None:
    assert read(declare(tmp_path, "import no_such_module\nraise SystemExit\n")).needs == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", r"model.py:1: not Python"),
        ("NEEDS = dict()", r"model.py:1: NEEDS must be a literal dict"),
        ("NEEDS = 3", r"NEEDS must be a literal dict"),
        ("class Options:\n    a: int", r"model.py:2: Options.a has no default"),
        ("class Options:\n    a: int = f(1)", r"model.py:2: f\(1\) is not a literal"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read(declare(tmp_path, text))
