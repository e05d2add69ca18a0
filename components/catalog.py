"""Names to files to objects: the file's name is the registry (standard library only).

    problems  components/datagen/problems/<name>.py   PROBLEM
    tasks     components/datagen/tasks/<name>.py      TASK
    models    components/train/models/<name>.py       Body
    metrics   components/eval/metrics/<name>.py       metric

A plugin is a Python package with folders `problems/`, `tasks/`, `models/` or `metrics/` of such
files. It is named by its import name or by the path of its folder.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KINDS = {
    "problems": ("components.datagen.problems", "PROBLEM"),
    "tasks": ("components.datagen.tasks", "TASK"),
    "models": ("components.train.models", "Body"),
    "metrics": ("components.eval.metrics", "metric"),
}
# Names that a plugin's package may not take, because the repository's own folders have them.
RESERVED = ("components", "pipeline", "tests", "benchmarks")
MANY = 40
"""More names than these are not listed in an error message."""


class UserError(Exception):
    """Something the user can mend: the message names the file, the key or line, what was expected."""

    exit_code = 1


@dataclass(frozen=True)
class Package:
    """A package whose files belong to the project: its import name and its folder."""

    name: str
    folder: Path


@dataclass(frozen=True)
class Entry:
    """A file of the catalog: the module's import name and its path."""

    module: str
    path: Path


_in_use: tuple[str, ...] = ()


def use(plugins: Sequence[str]) -> None:
    """Makes the plugins known to every later look-up of this process, and importable.

    Raises UserError if one cannot be found.
    """
    global _in_use
    for plugin in plugins:
        _importable(package(plugin))
    _in_use = tuple(plugins)


def closest(name: str, names: Iterable[str]) -> str:
    """The end of an error message: the name most like `name`, or all of them if none is like it.

    Where all would be too many to read, the nearest of them.
    """
    known = sorted(set(names))
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if len(known) > MANY:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        return f"the nearest of {len(known)} is {nearest!r}"
    return f"there are: {', '.join(known)}" if known else "there are none"


def package(plugin: str) -> Package:
    """The package behind an entry of `plugins:`, a folder's path or an import name.

    Imports nothing. Raises UserError if there is no such folder or package.
    """
    folder = Path(plugin).expanduser()
    if "/" in plugin or folder.is_dir():
        if not folder.is_dir():
            raise UserError(f"plugin {plugin!r}: there is no such folder")
        found = Package(folder.resolve().name, folder.resolve())
    else:
        try:
            spec = importlib.util.find_spec(plugin)
        except (ImportError, ValueError):
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise UserError(
                f"plugin {plugin!r}: neither a folder here nor an installed package; "
                "expected a path such as ../my_plugin or an import name such as my_plugin"
            )
        found = Package(plugin, Path(next(iter(spec.submodule_search_locations))).resolve())
    if not all(part.isidentifier() for part in found.name.split(".")) or found.name in RESERVED:
        raise UserError(
            f"plugin {plugin!r}: a package cannot be called {found.name!r}; rename its folder"
        )
    return found


def packages(plugins: Sequence[str] = ()) -> tuple[Package, ...]:
    """The project's own package, then the plugins in use, then `plugins`."""
    named = dict.fromkeys((*_in_use, *plugins))
    return (Package("components", ROOT / "components"), *(package(plugin) for plugin in named))


def entries(kind: str, plugins: Sequence[str] = ()) -> dict[str, Entry]:
    """All files of a kind by name, the project's own first.

    Raises UserError if two packages have a file of the same name.
    """
    found: dict[str, Entry] = {}
    for member in packages(plugins):
        prefix = KINDS[kind][0] if member.name == "components" else f"{member.name}.{kind}"
        folder = member.folder.joinpath(*prefix[len(member.name) :].strip(".").split("."))
        for path in sorted(folder.glob("*.py")):
            if path.stem.startswith("_"):
                continue
            if path.stem in found:
                raise UserError(
                    f"two {kind} are called {path.stem!r}: {found[path.stem].path} and {path}; "
                    "rename the plugin's file"
                )
            found[path.stem] = Entry(f"{prefix}.{path.stem}", path)
    return found


def find(kind: str, name: str, plugins: Sequence[str] = ()) -> Entry:
    """The file of that kind and name. Raises UserError that names the closest one."""
    known = entries(kind, plugins)
    if name not in known:
        raise UserError(f"there is no {kind[:-1]} {name!r}; {closest(name, known)}")
    return known[name]


def load_module(kind: str, name: str, plugins: Sequence[str] = ()) -> ModuleType:
    """Imports the file of that kind and name.

    Raises UserError if there is none, or if it lacks the kind's fixed export.
    """
    for plugin in plugins:
        _importable(package(plugin))
    entry = find(kind, name, plugins)
    module = importlib.import_module(entry.module)
    export = KINDS[kind][1]
    if not hasattr(module, export):
        raise UserError(f"{entry.path}: a file under {kind}/ must define {export}")
    return module


def load(kind: str, name: str, plugins: Sequence[str] = ()) -> Any:
    """The fixed export (PROBLEM, TASK, Body, metric) of the file of that kind and name."""
    return getattr(load_module(kind, name, plugins), KINDS[kind][1])


def _importable(member: Package) -> None:
    """Puts the folder that holds the package on sys.path, behind everything installed."""
    parent = str(member.folder.parents[member.name.count(".")])
    if parent not in sys.path:
        sys.path.append(parent)
