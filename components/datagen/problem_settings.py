"""Problems from params.yaml: a variant of another problem, or a user's own data with no Python.

    my_pairs:   {task: translation, train: data/train.tsv, dev: {from: train, examples: 500}, ...}
    small:      {base: translate_ende_multi30k, vocabulary_size: 4000}
    own_test:   {base: translate_ende_multi30k, test: path/to/files}

Every error names the key, what was expected and the closest name. Standard library only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from components.catalog import UserError, closest
from components.datagen import split_settings
from components.datagen import task as tasks
from components.datagen.problem import TEXT_KINDS, Cut, Problem, Rows, cut_order, fields
from components.datagen.schema import SPLITS
from components.datagen.standard_rows import SEPARATOR
from components.datagen.task import AS
from components.declaration import Setting

NOUNS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "tuple[str, ...]": "a list of names",
    "list[int]": "a list of whole numbers",
    "Mapping[str, str | int]": "names by name",
    "dict": "settings, one a line",
    "weights": "names of problems, each with its weight",
    "schedule": "a list of [step, {name: weight}]",
}


def apply(name: str, settings: Mapping[str, Any], base: Problem | None) -> Problem:
    """`base` with `settings` over it; without a base, a problem of the task that they name.

    Raises UserError.
    """
    where = f"problems.{name}"
    if not isinstance(settings, Mapping):
        raise UserError(f"{where}: expected settings, one a line, found {settings!r}")
    if base is None:
        if "task" not in settings:
            raise UserError(
                f"{where}: no problem of that name; to make one, give `base:` (a problem to vary) "
                f"or `task:` (for your own data)"
            )
        base = Problem(task=_checked(where, "task", settings["task"], "str"))
    elif settings.get("task", base.task) != base.task:
        raise UserError(f"{where}.task: its base is a {base.task} problem; leave `task` out")
    task = tasks.load(base.task)
    known = fields(base.task)
    for key in settings:
        if key not in known:
            raise UserError(f"{where}.{key}: a problem has no such setting; {closest(key, known)}")
    changes: dict[str, Any] = {}
    options = dict(base.options)
    for key, value in settings.items():
        if key not in ("base", "task", "rows", *SPLITS):
            into = options if key in task.options else changes
            value = _checked(where, key, value, known[key].type)
            into[key] = _within(where, key, value, known[key])
    problem = dataclasses.replace(base, options=options, **changes)
    problem = _with_inherited(where, problem, base, settings)
    splits: dict[str, Any] = {
        split: split_settings.split(f"{where}.{split}", split, settings[split], problem)
        for split in SPLITS
        if split in settings
    }
    problem = dataclasses.replace(problem, **splits)
    if "rows" in settings:
        problem = _with_row_options(f"{where}.rows", problem, settings["rows"])
    _check_whole(where, name, problem)
    return problem


def _with_inherited(
    where: str, problem: Problem, base: Problem, settings: Mapping[str, Any]
) -> Problem:
    """The problem, the files that it has from its base read by its own columns.

    Raises UserError where a setting would change how these files are found or read, but cannot tell
    what becomes of them.
    """
    kept = {
        split: sources
        for split in SPLITS
        if split not in settings and isinstance(sources := getattr(base, split), tuple)
    }
    if not kept:
        return problem
    given = [split for split in SPLITS if split in settings]
    sources = [one for split in kept.values() for one in split]
    others = [one for one in sources if one.columns != problem.columns]
    own = [one for one in others if one.columns != base.columns]
    changed = {
        "format": any(one.format != problem.format for one in sources),
        "columns": bool(others and given) or bool(own),
        # Some splits may well be found by suffixes, and others from the base not.
        "suffixes": problem.suffixes != base.suffixes and bool(base.suffixes or not given),
    }
    for key, wrong in changed.items():
        if key in settings and wrong:
            one_split = "" if key == "suffixes" else f", or say it in {{paths: ..., {key}: ...}}"
            raise UserError(
                f"{where}.{key}: its base has given the files of {', '.join(kept)}, and they are read "
                f"otherwise; give {', '.join(kept)} here as well"
                + (f"{one_split} of {', '.join(given)}" if given and one_split else "")
            )
    if "columns" not in settings:
        return problem
    splits: dict[str, Any] = {
        split: tuple(dataclasses.replace(one, columns=problem.columns) for one in sources)
        for split, sources in kept.items()
    }
    return dataclasses.replace(problem, **splits)


def _checked(where: str, key: str, value: Any, kind: str) -> Any:
    """The value as its type wants it. YAML has lists for tuples and integers for floats."""
    noun = NOUNS.get(kind.removesuffix(" | None"), kind)
    if value is None and kind.endswith(" | None"):
        return None
    kind = kind.removesuffix(" | None")
    fits = {
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        "tuple[str, ...]": _list_of(value, str),
        "list[int]": _list_of(value, int),
        "Mapping[str, str | int]": isinstance(value, Mapping)
        and all(isinstance(one, str | int) for one in value.values()),
        "dict": isinstance(value, Mapping),
        "weights": _list_of(value, str) or _weights(value),
        "schedule": isinstance(value, list | tuple) and all(map(_point, value)),
    }[kind]
    if not fits:
        raise UserError(f"{where}.{key}: expected {noun}, found {value!r}")
    if kind == "float":
        return float(value)
    if kind == "weights":
        return dict.fromkeys(value, 1.0) if isinstance(value, list) else dict(value)
    return tuple(value) if isinstance(value, list) else value


def _weights(value: Any) -> bool:
    """Names with numbers, none negative, some above 0."""
    if not isinstance(value, Mapping) or not value:
        return False
    numbers = list(value.values())
    right = all(isinstance(one, int | float) and one >= 0 for one in numbers)
    return right and any(numbers) and all(isinstance(name, str) for name in value)


def _point(value: Any) -> bool:
    """[step, {name: weight}]"""
    pair = isinstance(value, list | tuple) and len(value) == 2
    return pair and isinstance(value[0], int) and _weights(value[1])


def _list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, kind) for one in value)


def _within(where: str, key: str, value: Any, limits: Setting) -> Any:
    if choices := limits.choices:
        for one in value if isinstance(value, tuple) else (value,):
            if one not in choices:
                raise UserError(f"{where}.{key}: {one!r} is not known; {closest(one, choices)}")
    low, high = limits.low, limits.high
    if value is None:
        return value
    if low is not None and value < low:
        raise UserError(f"{where}.{key}: expected at least {low}, found {value}")
    if high is not None and value > high:
        raise UserError(f"{where}.{key}: expected at most {high}, found {value}")
    return value


def _with_row_options(where: str, problem: Problem, settings: Any) -> Problem:
    """The problem with other options for the function that makes its rows."""
    if not isinstance(settings, Mapping):
        raise UserError(f"{where}: expected settings, one a line, found {settings!r}")
    made = {split: value for split in SPLITS if isinstance(value := getattr(problem, split), Rows)}
    known = {key: value for rows in made.values() for key, value in rows.options.items()}
    for key, value in settings.items():
        if key not in known:
            raise UserError(f"{where}.{key}: there is no such option; {closest(key, known)}")
        if type(value) is not type(known[key]):
            kind = type(known[key]).__name__
            raise UserError(f"{where}.{key}: expected {NOUNS.get(kind, kind)}, found {value!r}")
    splits: dict[str, Any] = {
        split: Rows(
            rows.function, {key: settings.get(key, value) for key, value in rows.options.items()}
        )
        for split, rows in made.items()
    }
    return dataclasses.replace(problem, **splits)


def _check_vocabularies(where: str, problem: Problem) -> None:
    """Raises UserError on a kind of vocabulary that one side of the task cannot have."""
    task = tasks.load(problem.task)
    chosen = {"inputs": problem.inputs_vocabulary, "targets": problem.targets_vocabulary}
    for side, wanted in chosen.items():
        kind = task.vocabularies.get(side, "")
        if wanted in ("", kind):
            continue
        the_side = f"the {side} of {problem.task}"
        reason = ""
        if not kind:
            reason = f"{the_side} have no vocabulary; leave it out"
        elif kind == "label":
            reason = f"{the_side} are names of classes, an id each; leave it out"
        elif kind.startswith(AS):
            reason = f"{the_side} have that of its {kind.removeprefix(AS)}; leave it out"
        elif side in task.fixed:
            reason = f"{the_side} are always {kind}"
        elif wanted == "bytes" and SEPARATOR in task.symbols(problem):
            others = ", ".join(one for one in TEXT_KINDS if one != wanted)
            reason = f"{the_side} have a {SEPARATOR} in them, which is no byte; expected {others}"
        if reason:
            raise UserError(f"{where}.{side}_vocabulary: {wanted}, but {reason}")


def _check_whole(where: str, name: str, problem: Problem) -> None:
    """What can only be seen of all settings together."""
    task = tasks.load(problem.task)
    task.check(where, problem)
    if problem.task == "multi":
        return
    for split in SPLITS:
        if not getattr(problem, split):
            more = "" if split == "train" else f" or `{split}: {{from: train, examples: 1000}}`"
            raise UserError(f"{where}: it has no {split} split; give `{split}: path`{more}")
    cuts = {split: cut for split in SPLITS if isinstance(cut := getattr(problem, split), Cut)}
    try:
        cut_order(cuts)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    split_settings.check_columns(f"{where}.columns", problem.columns, problem.task)
    _check_vocabularies(where, problem)
    if problem.suffixes and len(problem.suffixes) != len(task.columns):
        raise UserError(
            f"{where}.suffixes: expected one for each of {', '.join(task.columns)}, "
            f"found {list(problem.suffixes)}"
        )
    metrics = problem.metrics or task.metrics
    if problem.dev_metric and problem.dev_metric not in metrics:
        raise UserError(
            f"{where}.dev_metric: {problem.dev_metric!r} is not one of the problem's metrics; "
            f"{closest(problem.dev_metric, metrics)}"
        )
