"""YAML with lines, read as DVC reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.located import ParamsError, read


def located(folder: Path, text: str | bytes):
    path = folder / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.0e-9", 1e-9),
        ("3", 3),
        ("-7", -7),
        ("010", 10),
        ("0x1F", 31),
        ("1_000", 1000),
        (".5", 0.5),
        ("true", True),
        ("on", "on"),
        ("no", "no"),
        ("null", None),
        ("", None),
        ("2026-01-01", "2026-01-01"),
        ("'3'", "3"),
        ("12:30", "12:30"),
    ],
)
def test_plain_values_are_those_of_yaml_1_2(tmp_path: Path, text: str, value: object) -> None:
    from ruamel.yaml import YAML

    found = located(tmp_path, f"key: {text}\n").data["key"]
    assert found == value and type(found) is type(value)
    if text != "2026-01-01":  # DVC makes a date of it, which no setting wants
        assert YAML(typ="safe", pure=True).load(f"key: {text}")["key"] == value


def test_every_key_knows_its_line(tmp_path: Path) -> None:
    found = located(tmp_path, "a:\n  b: 1\n  c: [x,\n    y]\nd: {e: 2}\n")
    assert found.line(("a", "b")) == 2
    assert found.line(("a", "c", 1)) == 4
    assert found.line(("d", "e")) == 5
    assert found.line(("a", "missing", "deep")) == 1


def test_faults_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = located(tmp_path, "a: 1\nb: 2\n")
    found.fault(("b",), "second")
    found.fault(("a",), "first")
    found.fault(("a",), "first")
    with pytest.raises(ParamsError) as error:
        found.check()
    assert str(error.value).splitlines() == [
        "2 things are wrong in params.yaml:",
        "  params.yaml:1: a: first",
        "  params.yaml:2: b: second",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: \xff\n", "params.yaml:1: not UTF-8"),
        ("a: [1\nb: 2\n", "params.yaml:2: not YAML"),
        ("a:\n\tb: 1\n", "params.yaml:2: not YAML: a tab"),
        ("a: b: c\n", "params.yaml:1: not YAML: a colon where none can be"),
        ("a: 'x\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "params.yaml:2: not YAML"),
        ("just text\n", "expected sections"),
    ],
)
def test_what_is_no_yaml_is_explained(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        located(tmp_path, text)
