"""One split of a problem in params.yaml: a path, several, a source in full, or a cut of another.

train: corpus.tsv                         one file; the format is told from its name
train: path/to/train                      parallel text: path/to/train.en, path/to/train.de(.gz)
train: path/to/folder                     parallel text: the one file in it that is called
                                          train*.en(.gz), and its partner
train: [a.tsv, b.tsv]                     one after the other
train: [a.en, a.de]                       parallel text, in the order of the columns
train: {inputs: a.txt, targets: b.txt}    parallel text, one file a column
train: {paths: [...], format: csv, columns: {...}, sha256: [...], members: [...]}
dev:   {from: train, examples: 500}       cut from another split
"""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.catalog import UserError, closest
from components.datagen import task as tasks
from components.datagen.problem import Cut, Problem, SplitSource
from components.datagen.schema import SPLITS
from components.datagen.sources.source import (
    COMPRESSIONS,
    Source,
    check_format,
    format_of,
    is_glob,
    is_url,
)

NAMES = {"train": ("train",), "dev": ("dev", "val", "valid"), "test": ("test", "t10k")}
CUT_KEYS = ("from", "examples", "where")
SOURCE_KEYS = ("paths", "format", "columns", "sha256", "members", "encoding")
PLACES = ("anywhere", "last")
# The formats that need all the files of a source at once, one a column.
ONE_FILE_A_COLUMN = ("parallel_text", "sgm", "idx_images")
JOINTS = (".", "-")


def split(where: str, name: str, value: Any, problem: Problem) -> SplitSource:
    """The sources of split `name`. Raises UserError that begins with `where`."""
    columns = tasks.load(problem.task).columns
    if isinstance(value, str):
        return (_from_path(where, name, value, problem),)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        if _belong_together(value, columns, problem):
            return (_source(where, tuple(value), {}, problem),)
        return tuple(_from_path(where, name, one, problem) for one in value)
    if isinstance(value, Mapping):
        if "from" in value:
            return _cut(where, name, value)
        if set(value) == set(columns) and len(columns) > 1:
            paths = tuple(_text(f"{where}.{column}", value[column]) for column in columns)
            return (_source(where, paths, {}, problem),)
        if "paths" in value:
            return (_full_source(where, value, problem),)
        known = (*columns, *SOURCE_KEYS, *CUT_KEYS)
        for key in value:
            if key not in known:
                raise UserError(f"{where}.{key}: a split has no such key; {closest(key, known)}")
    raise UserError(
        f"{where}: expected a path, a list of paths, one path for each of {', '.join(columns)}, "
        f"settings with `paths:`, or {{from: train, examples: 1000}}; found {value!r}"
    )


def _belong_together(paths: list[str], columns: tuple[str, ...], problem: Problem) -> bool:
    """Whether a list is the files of one source, a column each, and not several sources."""
    found = all(is_url(path) or Path(path).is_file() for path in paths)
    if len(paths) != len(columns) or not found:
        return False
    try:
        return (problem.format or format_of(paths)) in ONE_FILE_A_COLUMN
    except UserError:
        return False


def _cut(where: str, name: str, value: Mapping[str, Any]) -> Cut:
    for key in value:
        if key not in CUT_KEYS:
            raise UserError(f"{where}.{key}: a cut has no such key; {closest(key, CUT_KEYS)}")
    others = [other for other in SPLITS if other != name]
    if value["from"] not in others:
        expected = ", ".join(others)
        raise UserError(f"{where}.from: expected one of {expected}, found {value['from']!r}")
    examples = value.get("examples")
    if not isinstance(examples, int) or isinstance(examples, bool) or examples < 1:
        raise UserError(f"{where}.examples: expected a whole number from 1 on, found {examples!r}")
    place = value.get("where", "anywhere")
    if place not in PLACES:
        raise UserError(f"{where}.where: expected one of {', '.join(PLACES)}, found {place!r}")
    return Cut(value["from"], examples, place)


def _full_source(where: str, value: Mapping[str, Any], problem: Problem) -> Source:
    for key in value:
        if key not in SOURCE_KEYS:
            raise UserError(f"{where}.{key}: a source has no such key; {closest(key, SOURCE_KEYS)}")
    lists = {}
    for key in ("paths", "sha256", "members"):
        found = value.get(key, ())
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list | tuple):
            raise UserError(f"{where}.{key}: expected text or a list of it, found {found!r}")
        lists[key] = tuple(_text(f"{where}.{key}", one) for one in found)
    for key in ("format", "encoding"):
        _text(f"{where}.{key}", value.get(key, ""))
    if "encoding" in value:
        _check_encoding(f"{where}.encoding", value["encoding"])
    check_columns(f"{where}.columns", value.get("columns", {}), problem.task)
    if not lists["paths"]:
        raise UserError(f"{where}.paths: expected at least one path")
    return _source(where, lists.pop("paths"), {**value, **lists}, problem)


def check_columns(where: str, columns: Any, task: str) -> None:
    """Raises UserError unless it is {a column of the task: its name or position in the files}."""
    right = isinstance(columns, Mapping) and all(
        isinstance(one, str | int) and not isinstance(one, bool) for one in columns.values()
    )
    if not right:
        raise UserError(
            f"{where}: expected names (or numbers from 1) by name, e.g. "
            f"{{{tasks.load(task).columns[0]}: 1}}, found {columns!r}"
        )
    known = tasks.load(task).columns
    for key in columns:
        if key not in known:
            raise UserError(
                f"{where}.{key}: the columns of {task} are {', '.join(known)}; "
                f"{closest(str(key), known)}"
            )


def _check_encoding(where: str, name: str) -> None:
    try:
        "a".encode(name)
    except (LookupError, ValueError) as error:
        raise UserError(
            f"{where}: Python knows no encoding of text {name!r}; expected e.g. utf-8 or latin-1"
        ) from error


def _source(
    where: str, paths: tuple[str, ...], more: Mapping[str, Any], problem: Problem
) -> Source:
    for path in paths:
        found = Path(path).exists() or (is_glob(path) and glob.glob(path, recursive=True))
        if not found and not is_url(path):
            raise UserError(f"{where}: there is no file {path}")
    try:
        kind = more.get("format") or problem.format or format_of(paths)
        check_format(kind)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    return Source(
        paths=paths,
        format=kind,
        columns=more.get("columns") or problem.columns,
        sha256=more.get("sha256", ()),
        members=more.get("members", ()),
        encoding=more.get("encoding", "utf-8"),
    )


def _from_path(where: str, name: str, path: str, problem: Problem) -> Source:
    if problem.suffixes and not is_url(path):
        if Path(path).is_dir():
            return _source(where, _in_folder(where, name, path, problem.suffixes), {}, problem)
        if not Path(path).exists():
            return _source(where, _beside(where, path, problem.suffixes), {}, problem)
    elif Path(path).is_dir():
        raise UserError(
            f"{where}: {path} is a folder; name its files, for instance {path.rstrip('/')}/*"
            + (", or give `suffixes: [en, de]`" if problem.task == "translation" else "")
        )
    return _source(where, (path,), {}, problem)


def _beside(where: str, prefix: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    """prefix.en and prefix.de, or with a dash, compressed or not."""
    found = []
    for suffix in suffixes:
        names = [f"{prefix}{ending}" for ending in _endings(suffix)]
        present = [one for one in names if Path(one).exists()]
        if not present:
            raise UserError(
                f"{where}: there is neither {prefix} nor {names[0]} (nor one that ends in "
                f"{', '.join(COMPRESSIONS)})"
            )
        found.append(present[0])
    return tuple(found)


def _in_folder(where: str, name: str, folder: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    """The one file a suffix whose name begins like the split's."""
    found = []
    for suffix in suffixes:
        names = sorted(
            path.name
            for path in Path(folder).iterdir()
            if path.name.startswith(NAMES[name]) and path.name.endswith(_endings(suffix))
        )
        if len(names) != 1:
            heads = " or ".join(f"{head}*.{suffix}" for head in NAMES[name])
            listed = ", ".join(names) or "none"
            raise UserError(f"{where}: expected one file {heads} in {folder}, found {listed}")
        found.append(str(Path(folder) / names[0]))
    return tuple(found)


def _endings(suffix: str) -> tuple[str, ...]:
    return tuple(f"{joint}{suffix}{packed}" for packed in ("", *COMPRESSIONS) for joint in JOINTS)


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UserError(f"{where}: expected text, found {value!r}")
    return value
