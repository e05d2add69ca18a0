"""What a file reaches by its imports, and the fingerprint of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from components import catalog
from components.declaration import parse
from pipeline import closure as closure_module
from pipeline import named
from pipeline.closure import closure, combine, fingerprint

FILES = {
    "models/one.py": "from my_code.parts import part\nimport numpy\n",
    "models/two.py": "def late():\n    from ..parts.part import thing\n",
    "models/three.py": "ROWS = 'my_code.parts.maker:rows'\nTABLE = 'words.txt'\n",
    "models/words.txt": "a b c",
    "parts/__init__.py": "",
    "parts/part.py": "import my_code.parts.deep as deep\n",
    "parts/deep.py": "x = 1\n",
    "parts/maker.py": "def rows(): ...\n",
    "parts/unused.py": "y = 1\n",
}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "my_code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "my_code"


@pytest.mark.parametrize(
    ("start", "reached"),
    [
        ("one", ["models/one.py", "parts/__init__.py", "parts/deep.py", "parts/part.py"]),
        ("two", ["models/two.py", "parts/__init__.py", "parts/deep.py", "parts/part.py"]),
        ("three", ["models/three.py", "models/words.txt", "parts/__init__.py", "parts/maker.py"]),
    ],
)
def test_imports_functions_and_tables_are_followed(
    code: Path, start: str, reached: list[str]
) -> None:
    found = closure([code / "models" / f"{start}.py"], [str(code)])
    assert [str(path.relative_to(code)) for path in found] == reached


def test_a_circle_of_imports_ends(code: Path) -> None:
    (code / "parts" / "deep.py").write_text("from my_code.models import one\n")
    assert len(closure([code / "models" / "one.py"], [str(code)])) == 4


def test_the_fingerprint_follows_the_bytes_and_not_the_place(code: Path, tmp_path: Path) -> None:
    paths = closure([code / "models" / "one.py"], [str(code)])
    first = fingerprint(paths, [str(code)])
    assert set(first) == {
        f"my_code/{name}"
        for name in ("models/one.py", "parts/__init__.py", "parts/deep.py", "parts/part.py")
    }
    elsewhere = tmp_path / "elsewhere" / "my_code"
    elsewhere.parent.mkdir()
    code.rename(elsewhere)
    moved = closure([elsewhere / "models" / "one.py"], [str(elsewhere)])
    assert fingerprint(moved, [str(elsewhere)]) == first
    (elsewhere / "parts" / "deep.py").write_text("x = 2  # another\n")
    changed = fingerprint(moved, [str(elsewhere)])
    assert [name for name in first if first[name] != changed[name]] == ["my_code/parts/deep.py"]
    assert combine(changed) != combine(first)


def test_a_training_reaches_its_layers_and_no_other_model() -> None:
    path = catalog.find("models", "transformer").path
    names = {found.name for found in closure([path])}
    assert {"transformer.py", "attention.py", "hparams.py"} <= names
    assert "lstm_attention.py" not in names


def test_what_files_name_is_read_once_and_known_by_their_bytes(
    code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[str]:
        """As a new process finds it."""
        named._known.cache_clear()
        closure_module._reached.cache_clear()
        paths = closure([code / "models" / "one.py"], [str(code)])
        return [path.name for path in paths]

    read: list[Path] = []
    monkeypatch.setattr(named, "parse", lambda path: read.append(path) or parse(path))
    monkeypatch.setattr(catalog, "ROOT", tmp_path)
    first = found()
    assert len(read) == 4 and found() == first and len(read) == 4
    (code / "parts" / "part.py").write_text("from my_code.parts import unused\n")
    assert found() == ["one.py", "__init__.py", "part.py", "unused.py"]
    assert [path.name for path in read[4:]] == ["part.py", "unused.py"]


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff"])
def test_a_damaged_record_of_what_files_name_is_as_none(
    text: str, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / named.FILE).parent.mkdir()
    (tmp_path / named.FILE).write_bytes(text.encode(errors="surrogateescape"))
    monkeypatch.setattr(catalog, "ROOT", tmp_path)
    named._known.cache_clear()
    assert named.named(code / "models" / "one.py")[0] == [
        [0, "my_code.parts", ["part"]],
        [0, "numpy", None],
    ]
    named._known.cache_clear()
