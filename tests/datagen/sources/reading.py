"""What the tests of the readers share: read everything, expect an error, find the real data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from components.catalog import UserError
from components.datagen.sources.read import read
from components.datagen.sources.source import Source

REPOSITORY = Path(__file__).resolve().parents[3]


def rows(folder: Path, source: Source, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """All rows of a source whose paths start from `folder`."""
    found: list[tuple[Any, ...]] = []
    for batch in read(source, columns=columns, cache_dir=folder / "cache", base_dir=folder):
        assert batch.schema.names == list(columns)
        batch.validate(full=True)
        found += zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
    return found


def error(folder: Path, source: Source, columns: tuple[str, ...]) -> str:
    """The message that reading the source ends with."""
    with pytest.raises(UserError) as caught:
        rows(folder, source, columns)
    return str(caught.value)


def shared(name: str) -> Path:
    """A folder of the real data; skips the test if it is not on this machine."""
    home = Path(os.environ.get("TENSORGRID_SHARED", REPOSITORY.parent / "shared"))
    folder = home / "data" / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set TENSORGRID_SHARED to the folder that holds data/{name}")
    return folder
