"""What a source file names: modules that it imports, strings that may be functions or files.

Reading a training's hundred files takes 0.15 s of every cell, so what was found is remembered by the
files' bytes, in .work.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from components import catalog
from components.declaration import parse
from pipeline.whole_file import write_text

# Its number is another when `_read` finds something else.
FILE = Path(".work", "named-1.json")
MOST = 5000

# [level, module or "", imported names or null for `import module`]
Import = list[Any]

_new: set[str] = set()


def named(path: Path) -> tuple[list[Import], list[str]]:
    """The imports of a Python file, wherever they stand, and its strings with a dot and no slash.

    Raises UserError, with the line, if it is not Python.
    """
    key = digest(path)
    known = _known()
    if key not in known:
        read: list[Any] = [[], []]
        for kind, found in _read(parse(path)):
            read[kind].append(found)
        known[key] = read
        _new.add(key)
    return known[key][0], known[key][1]


def remember() -> None:
    """Writes down what this process has read itself. A project that cannot be written to goes without."""
    if not _new:
        return
    known = _known()
    kept = known if len(known) <= MOST else {key: known[key] for key in _new}
    with contextlib.suppress(OSError):
        write_text(catalog.ROOT / FILE, json.dumps(kept))
    _new.clear()


def digest(path: Path) -> str:
    """The sha256 of a file's bytes, read once while it is not written to."""
    return _digest(path, path.stat().st_mtime_ns)


@cache
def _digest(path: Path, _modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _known() -> dict[str, list[Any]]:
    try:
        known = json.loads((catalog.ROOT / FILE).read_bytes())
    except (OSError, ValueError):  # not there, or damaged: it is found again
        return {}
    return known if isinstance(known, dict) else {}


def _read(tree: ast.Module) -> Iterator[tuple[int, Any]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, [0, alias.name, None]
        elif isinstance(node, ast.ImportFrom):
            yield 0, [node.level, node.module or "", [alias.name for alias in node.names]]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if 0 < len(text) < 200 and "." in text and "/" not in text and "\n" not in text:
                yield 1, text
