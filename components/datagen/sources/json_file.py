"""A file that is one JSON value, and its parts, with messages that say where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from components.catalog import UserError, closest
from components.datagen.sources.files import File
from components.datagen.sources.text import blocks

KINDS = {str: "text", int: "an integer", list: "a list", dict: "an object"}


def load(file: File, encoding: str) -> Mapping[str, Any]:
    """The object that the file holds; the file is held in memory.

    Raises UserError with the line if it is not JSON, or no object.
    """
    text = b"".join(block for _, block in blocks(file, encoding))
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{file.name}, line {error.lineno}: not JSON ({error.msg}, column {error.colno})"
        ) from error
    except RecursionError as error:
        raise UserError(f"{file.name}: not JSON that can be read ({error})") from error
    return of_kind(value, dict, file.name)


def part(value: Any, key: str, kind: type, place: str) -> Any:
    """`value[key]`, which is a `kind`. Raises UserError at `place` if it is missing or another."""
    known = of_kind(value, dict, place)
    if key not in known:
        raise UserError(f"{place}: no {key!r}; {closest(key, known)}")
    return of_kind(known[key], kind, f"{place}: {key!r}")


def of_kind(value: Any, kind: type, place: str) -> Any:
    """The value. Raises UserError at `place` if it is not a `kind` (str, int, list or dict)."""
    if not isinstance(value, kind) or isinstance(value, bool):
        shown = "null" if value is None else type(value).__name__
        raise UserError(f"{place}: expected {KINDS[kind]}, found {shown}")
    return value
