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


def named(path: Path) -> tuple[list[Import], list[str]]:
    """The imports of a Python file, wherever they stand, and its strings with a dot and no slash.

    Raises UserError, with the line, if it is not Python.
    """
    key = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
    known = _known()
    if key not in known:
        known[key] = [[], []]
        for kind, found in _read(parse(path)):
            known[key][kind].append(found)
        _new().add(key)
    return known[key][0], known[key][1]


def remember() -> None:
    """Writes down what this process has read itself. A project that cannot be written to goes without."""
    if not _new():
        return
    known = _known()
    kept = known if len(known) <= MOST else {key: known[key] for key in _new()}
    with contextlib.suppress(OSError):
        write_text(catalog.ROOT / FILE, json.dumps(kept))
    _new().clear()


@cache
def _known() -> dict[str, list[Any]]:
    file = catalog.ROOT / FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


@cache
def _new() -> set[str]:
    return set()


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
