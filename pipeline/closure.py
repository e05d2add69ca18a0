"""The source files that a file reaches by its imports, and their fingerprint.

A cell's identity holds the fingerprint of its closure: what the closure does not reach can change
without the cell being run again. Imports are found in the syntax tree, wherever they stand; so are
strings that name a function ("package.module:name") and strings that name a file in the same
folder (a table of words beside the code that reads it).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from components.catalog import Package, packages
from pipeline.named import digest, named, remember

FUNCTION = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+):[A-Za-z_]\w*")


def closure(paths: Iterable[Path], plugins: Sequence[str] = ()) -> tuple[Path, ...]:
    """The files themselves and all that they reach within the project and the plugins, sorted.

    Raises UserError if a reached file is not Python.
    """
    within = packages(plugins)
    waiting = [path.resolve() for path in paths]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.suffix == ".py":
            waiting.extend(_reached(path, within))
    remember()
    return tuple(sorted(seen))


def fingerprint(paths: Iterable[Path], plugins: Sequence[str] = ()) -> dict[str, str]:
    """Import path of each file -> first 12 hex digits of the sha256 of its bytes.

    Files are named by their package, so that two clones agree.
    """
    within = packages(plugins)
    return {_name(path, within): digest(path)[:12] for path in paths}


def combine(prints: dict[str, str]) -> str:
    """One 16-digit hash of a fingerprint."""
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(prints.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _name(path: Path, within: tuple[Package, ...]) -> str:
    for member in within:
        if path.is_relative_to(member.folder):
            return "/".join((*member.name.split("."), *path.relative_to(member.folder).parts))
    return path.name


@cache
def _reached(path: Path, within: tuple[Package, ...]) -> tuple[Path, ...]:
    """The project's files that one file names."""
    home = next((member for member in within if path.is_relative_to(member.folder)), None)
    if home is None:
        return ()
    own = (*home.name.split("."), *path.relative_to(home.folder).with_suffix("").parts)
    found: list[Path] = []
    imports, strings = named(path)
    for level, name, members in imports:
        start = own[: len(own) - level] if level else ()
        module = (*start, *(name.split(".") if name else ()))
        found.extend(_files(module, within))
        for member in members or ():  # `from package import module`
            found.extend(_files((*module, member), within))
    for text in strings:
        function = FUNCTION.fullmatch(text)
        if function:
            found.extend(_files(tuple(function[1].split(".")), within))
        elif not text.endswith(".py") and (path.parent / text).is_file():
            found.append(path.parent / text)
    return tuple(found)


@cache
def _files(module: tuple[str, ...], within: tuple[Package, ...]) -> tuple[Path, ...]:
    """The module's file and the `__init__.py` of the packages above it, if they are the project's."""
    for member in within:
        name = member.name.split(".")
        if list(module[: len(name)]) != name:
            continue
        base = member.folder.joinpath(*module[len(name) :])
        file = base.with_suffix(".py") if len(module) > len(name) else base / "__init__.py"
        if not file.is_file():
            file = base / "__init__.py"
        if not file.is_file():
            return ()
        inits = [
            parent / "__init__.py" for parent in file.parents if parent != member.folder.parent
        ]
        inits = [init for init in inits if init.is_relative_to(member.folder) and init.is_file()]
        return (file, *inits)
    return ()
