"""Problems as params.yaml uses them: a file's own, a variant of it, or a user's data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import catalog
from components.catalog import UserError, closest
from components.datagen.problem import Problem, fields, from_settings, local_files, signature
from pipeline.cells import parts
from pipeline.located import Located
from pipeline.schema import validate

# A split is a path, several, a source in full or a cut: `from_settings` says what is wrong with it.
TYPES = {"split": "Any", "weights": "Any", "schedule": "Any"}


Layers = tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class ProblemInUse:
    """A problem of the grid: the value, what it declares, the local files it reads.

    file: name of the `problems/*.py` that it is or is based on. layers: what params.yaml puts over
    it, (name, settings), the lowest first. members: of a mixture, file and layers of each problem.
    """

    name: str
    problem: Problem
    signature: Mapping[str, Any]
    local: tuple[Path, ...]
    file: str | None
    layers: Layers
    members: Mapping[str, tuple[str | None, Layers]] = dataclasses.field(default_factory=dict)

    @property
    def code(self) -> tuple[Path, ...]:
        """Its own source file, if it has one, and those of its members."""
        files = [self.file, *(file for file, _ in self.members.values())]
        return tuple(catalog.find("problems", file).path for file in files if file)


def build(
    file: str | None,
    layers: Iterable[tuple[str, dict[str, Any]]],
    members: Mapping[str, tuple[str | None, Layers]] | None = None,
) -> Problem:
    """The problem that a file and layers of settings make. Raises UserError."""
    value: Problem | None = catalog.load("problems", file) if file else None
    for name, given in layers:
        value = from_settings(name, given, value)
    assert value is not None, "a problem has a file or at least one layer"
    if members:
        built = {name: build(*chain) for name, chain in members.items()}
        value = dataclasses.replace(value, members=built)
    return value


def check_problem_settings(located: Located, own: Mapping[str, dict[str, Any]]) -> set[str]:
    """Notes what is wrong in itself with every problem in params.yaml, used or not: unknown keys,
    wrong types, metrics and bases that do not exist.

    Returns the names of the problems that have faults.
    """
    faulty = set()
    for name, given in own.items():
        before = len(located.faults)
        key = ("problems", name)
        task = _task(own, name, ())
        known = [
            dataclasses.replace(one, type=TYPES.get(one.type, one.type))
            for one in fields(task).values()
        ]
        if task is None and isinstance(given.get("task"), str):
            near = closest(given["task"], catalog.entries("tasks"))
            located.fault((*key, "task"), f"there is no task {given['task']!r}; {near}")
        elif task is not None or given.keys() - {"base"}:
            _check_metrics(located, key, validate(located, key, given, known))
        _chain(located, own, name)
        if len(located.faults) > before:
            faulty.add(name)
    return faulty


def _check_metrics(located: Located, key: tuple[str, ...], given: Mapping[str, Any]) -> None:
    named: dict[tuple[str | int, ...], Any] = {
        ("metrics", index): name for index, name in enumerate(given.get("metrics") or ())
    }
    if given.get("dev_metric"):
        named["dev_metric",] = given["dev_metric"]
    for place, metric in named.items():
        try:
            catalog.find("metrics", metric)
        except UserError as error:
            located.fault((*key, *place), str(error))


def _task(own: Mapping[str, dict[str, Any]], name: str, above: tuple[str, ...]) -> str | None:
    """The task of a problem in params.yaml or of a file; None if it cannot be told."""
    if name in own and name not in above:
        task = own[name].get("task")
        if task is None:
            return _task(own, str(own[name].get("base", name)), (*above, name))
        return task if isinstance(task, str) and task in catalog.entries("tasks") else None
    files = catalog.entries("problems")
    return catalog.load("problems", name).task if name in files else None


def use_problem(
    located: Located,
    own: Mapping[str, dict[str, Any]],
    name: str,
    root: Path,
    faulty: set[str],
) -> ProblemInUse | None:
    """The problem of that name; None, and a fault, if it cannot be used."""
    key = ("problems", name) if name in own else ("grid", "problem")
    chain = _chain(located, own, name)
    if chain is None or faulty & {step for step, _ in chain[1]}:
        return None
    try:
        value = build(*chain)
        members = _members(located, own, name, value)
        if members is None:
            return None
        if members:
            value = build(*chain, members)
        declared = signature(value)
        for one in parts(declared):
            for metric in {*one["metrics"], one["dev_metric"]}:
                catalog.find("metrics", metric)
        local = tuple(local_files(value))
    except UserError as error:
        where, _, message = str(error).partition(": ")
        named = tuple(where.split("."))
        if named[0] == "problems" and len(named) > 1:
            located.fault(named, message)
        else:
            located.fault(key, f"{name}: {error}")
        return None
    for path in local:
        if not (root / path).exists():
            located.fault(key, f"{name} reads {path}, which is not there (from {root.resolve()})")
    _check_vocabulary(located, key, value, [root / path for path in local])
    return ProblemInUse(name, value, declared, local, *chain, members)


def _members(
    located: Located, own: Mapping[str, dict[str, Any]], name: str, value: Problem
) -> dict[str, tuple[str | None, Layers]] | None:
    """File and layers of each problem that a mixture names; None, and a fault, if one is wrong."""
    found: dict[str, tuple[str | None, Layers]] = {}
    if value.task != "multi":
        return found
    files = catalog.entries("problems")
    key = ("problems", name, "tasks") if name in own else ("grid", "problem")
    for member in value.option("tasks"):
        if member not in own and member not in files:
            near = closest(member, {*own, *files} - {name})
            located.fault(key, f"there is no problem {member!r}; {near}")
            return None
        chain = _chain(located, own, member)
        if chain is None:
            return None
        if build(*chain).task == "multi":
            located.fault(key, f"{member!r} is a mixture itself; name its problems")
            return None
        found[member] = chain
    return found


def _chain(
    located: Located, own: Mapping[str, dict[str, Any]], name: str
) -> tuple[str | None, tuple[tuple[str, dict[str, Any]], ...]] | None:
    """Down the chain of `base:`: (a file's name or None, the layers over it, the lowest first).

    A problem in params.yaml may have the name of the file that it varies. None, and a fault, where
    the chain leads nowhere or back to itself.
    """
    files = catalog.entries("problems")
    layers: list[tuple[str, dict[str, Any]]] = []
    while name in own and name not in (step for step, _ in layers):
        given = {key: value for key, value in own[name].items() if key != "base"}
        layers.insert(0, (name, given))
        base = own[name].get("base", name if name in files and "task" not in given else None)
        if base is None:
            return None, tuple(layers)
        if not isinstance(base, str) or (base not in own and base not in files):
            near = closest(str(base), {*own, *files} - {name})
            located.fault(("problems", name, "base"), f"there is no problem {base!r}; {near}")
            return None
        name = base
    if name in files:
        return name, tuple(layers)
    circle = " -> ".join([name, *(step for step, _ in layers)])
    located.fault(("problems", layers[0][0], "base"), f"goes in a circle: {circle}")
    return None


def _check_vocabulary(located: Located, key: Any, problem: Problem, files: list[Path]) -> None:
    """A vocabulary cannot have more pieces than its corpus has bytes; packed files are let pass."""
    plain = [path for path in files if path.suffix not in (".gz", ".bz2", ".xz", ".zip", ".tar")]
    if len(plain) < len(files) or not files or any(not path.is_file() for path in files):
        return
    size = sum(path.stat().st_size for path in files)
    if problem.members:
        return
    task = catalog.load("tasks", problem.task)
    kinds = {**task.vocabularies}
    if problem.inputs_vocabulary:
        kinds["inputs"] = problem.inputs_vocabulary
    if problem.targets_vocabulary:
        kinds["targets"] = problem.targets_vocabulary
    if "sentencepiece" in kinds.values() and problem.vocabulary_size > size:
        at = (*key, "vocabulary_size") if key[0] == "problems" else key
        located.fault(
            at,
            f"expected at most {size} pieces, got {problem.vocabulary_size}: the files of the "
            f"problem have {size} bytes",
        )
