"""params.yaml: read, checked wholly before anything runs, and completed with defaults.

All faults are listed at once, each with its line, what was expected and the closest valid name.
Imports nothing heavier than pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import catalog, declaration
from components.catalog import UserError, closest
from components.train.hparams import FALLING, NO_END
from pipeline import sections, sets
from pipeline.cells import Cell, expand, matches, runnable
from pipeline.located import Located, read
from pipeline.patches import check_patches
from pipeline.problems import ProblemInUse, check_problem_settings, use_problem
from pipeline.schema import validate

FILE = "params.yaml"
SECTIONS = {
    "grid": "what to run: lists of problem, model, hparams, seed",
    "plugins": "packages with problems, models and metrics of your own",
    "problems": "variants of problems, and your own data",
    "hparams": "named sets",
    "train": "when a training stops, what it reports and keeps",
    "eval": "decoding and scoring",
    "runtime": "backend, precision, devices, determinism",
    "beam": "the runner of data generation",
    "tracking": "where MLflow keeps runs",
}
AXES = ("problem", "model", "hparams", "seed")


@dataclass(frozen=True)
class Params:
    """params.yaml, checked and complete.

    problems, models: those of the grid by name. sets: for each set of the grid and each model, its
    hparams and the settings of its training. options: each model's own settings.
    """

    grid: Mapping[str, list[Any]]
    plugins: tuple[str, ...]
    problems: Mapping[str, ProblemInUse]
    models: Mapping[str, declaration.Declaration]
    sets: Mapping[str, Mapping[str, tuple[dict[str, Any], dict[str, Any]]]]
    train: Mapping[str, Any]
    eval: Mapping[str, Any]
    runtime: Mapping[str, Any]
    beam: Mapping[str, Any]
    tracking: Mapping[str, Any]
    cells: tuple[Cell, ...]


def load(root: Path) -> Params:
    """Reads and checks `<root>/params.yaml`. Raises ParamsError that lists everything wrong in it."""
    located = read(root / FILE)
    data = located.data
    for name in data:
        if name not in SECTIONS:
            located.fault((name,), f"there is no such section; {closest(name, SECTIONS)}")
    plugins = _plugins(located)
    models = catalog.entries("models")
    declared = {name: declaration.read(entry.path) for name, entry in models.items()}
    values = {
        name: sections.defaults(name)
        | validate(located, (name,), data.get(name), sections.settings(name))
        for name in ("train", "eval", "runtime", "beam", "tracking")
    }
    own_sets = _named(located, "hparams")
    for name, given in own_sets.items():
        sets.check_names(located, name, given, sets.known_settings(declared.values()))
        sets.chain(located, own_sets, name)
    own_problems = _named(located, "problems")
    faulty = check_problem_settings(located, own_problems)
    grid = _grid(located, own_problems, own_sets, models)
    problems = {
        name: use_problem(located, own_problems, name, root, faulty) for name in grid["problem"]
    }
    usable = {name: found for name, found in problems.items() if found is not None}
    _check_devices(located, values["runtime"])
    _check_runner(located, values["beam"])
    _check_eval(located, values["eval"], root)
    declared = {name: declared[name] for name in grid["model"]}
    needs = {name: one.needs for name, one in declared.items()}
    known = {**grid, "problem": list(usable)}
    signatures = {name: found.signature for name, found in usable.items()}
    cells = expand(known, needs, signatures)
    _check_exclude(located, known, cells)
    check_patches(located, own_problems, usable, needs, cells)
    complete = _sets(located, own_sets, grid, declared, cells, values["train"])
    located.check()
    return Params(
        grid=grid,
        plugins=plugins,
        problems=usable,
        models=declared,
        sets=complete,
        cells=tuple(cells),
        **values,
    )


def _plugins(located: Located) -> tuple[str, ...]:
    given = located.data.get("plugins")
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        located.fault(("plugins",), f"expected a list of folders or packages, got {given!r}")
        return ()
    right = []
    for index, plugin in enumerate(given):
        try:
            catalog.package(plugin)
        except UserError as error:
            located.fault(("plugins", index), str(error))
        else:
            right.append(plugin)
    catalog.use(right)
    return tuple(right)


def _named(located: Located, section: str) -> dict[str, dict[str, Any]]:
    """A section of named settings; names must be fit for files, DVC and MLflow."""
    given = located.data.get(section)
    if given is None:
        return {}
    if not isinstance(given, dict):
        located.fault((section,), f"expected names with settings below each, got {given!r}")
        return {}
    right = {}
    for name, values in given.items():
        if not (name.isidentifier() and name.isascii()):
            located.fault(
                (section, name), "a name is made of letters, digits and _, and begins with a letter"
            )
        elif values is None or isinstance(values, dict):
            right[name] = values or {}
        else:
            located.fault((section, name), f"expected settings, one a line, got {values!r}")
    return right


def _grid(
    located: Located,
    own_problems: Mapping[str, Any],
    own_sets: Mapping[str, Any],
    models: Mapping[str, Any],
) -> dict[str, list[Any]]:
    """The grid's lists, with the names that exist; faults for the rest."""
    data = located.data
    empty: dict[str, list[Any]] = {one.name: [] for one in sections.settings("grid")}
    if not isinstance(data.get("grid"), dict):
        line = "`grid:` with the lists problem, model, hparams and seed"
        located.fault(("grid",) if "grid" in data else (), f"expected a section {line}")
        return empty
    validate(located, ("grid",), data["grid"], sections.settings("grid"))
    grid = {name: value for name, value in data["grid"].items() if isinstance(value, list)}
    grid = empty | {name: value for name, value in grid.items() if name in empty}
    known: dict[str, set[Any]] = {
        "problem": {*catalog.entries("problems"), *own_problems},
        "model": set(models),
        "hparams": {*sets.built_in(), *own_sets},
    }
    for axis in AXES:
        if not data["grid"].get(axis):
            located.fault(
                ("grid", axis),
                f"{axis} is missing or empty; expected a list such as "
                + {"seed": "[1]"}.get(axis, "[" + ", ".join(sorted(known.get(axis, []))[:2]) + "]"),
            )
        grid[axis] = _axis(located, axis, grid[axis], known.get(axis))
    return grid


def _axis(located: Located, axis: str, values: list[Any], known: set[Any] | None) -> list[Any]:
    right: list[Any] = []
    what = "set of hparams" if axis == "hparams" else axis
    for index, value in enumerate(values):
        key = ("grid", axis, index)
        if value in right:
            located.fault(key, f"{value!r} stands in the list twice; expected each name once")
        elif axis == "seed" and not (type(value) is int and 0 <= value < 2**31):
            if type(value) is int:
                located.fault(key, f"expected a whole number from 0 to {2**31 - 1}, got {value}")
        elif known is not None and not isinstance(value, str):
            continue  # noted as a wrong type already
        elif known is not None and value not in known:
            located.fault(key, f"there is no {what} {value!r}; {closest(value, known)}")
        else:
            right.append(value)
    return right


def _check_devices(located: Located, runtime: Mapping[str, Any]) -> None:
    from components.train.runtime import parse_devices

    try:
        parse_devices(str(runtime["devices"]))
    except UserError as error:
        located.fault(("runtime", "devices"), str(error).partition("; ")[2] or str(error))


def _check_runner(located: Located, beam: Mapping[str, Any]) -> None:
    """A runner by name, as Beam reads it: in any case, with or without `Runner`; or its class."""
    given = str(beam["runner"])
    known = {name.lower() for name in sections.RUNNERS}
    if "." not in given and not {given.lower(), f"{given.lower()}runner"} & known:
        near = closest(given, sections.RUNNERS)
        located.fault(("beam", "runner"), f"Beam has no runner {given!r}; {near}")


def _check_eval(located: Located, values: Mapping[str, Any], root: Path) -> None:
    from components.eval.settings import from_dict

    try:
        from_dict(values)
    except UserError as error:
        key, _, message = str(error).partition(": ")
        known = {name for name in located.lines if name[0] == "eval"}
        if not located.has_fault(tuple(key.split("."))) and tuple(key.split(".")) in known:
            located.fault(tuple(key.split(".")), message)
    stages, name = root / "dvc.yaml", f"predictions.{values['split']}.txt"
    if stages.is_file() and name not in stages.read_text(encoding="utf-8"):
        located.fault(
            ("eval", "split"),
            f"dvc.yaml keeps the predictions of another split; write {name} and "
            f"references.{values['split']}.txt among the outs of its stage evaluate",
        )


def _check_exclude(located: Located, grid: Mapping[str, list[Any]], cells: list[Cell]) -> None:
    # What a pattern covers may be missing because of another fault.
    whole = cells and all(located.data["grid"][axis] == grid[axis] for axis in AXES)
    for index, pattern in enumerate(grid["exclude"]):
        if not isinstance(pattern, str):
            continue
        key = ("grid", "exclude", index)
        if pattern.count("/") > 3:
            located.fault(key, f"expected problem/model/hparams/seed, got {pattern!r}")
        elif whole and not any(matches(pattern, cell) for cell in cells):
            located.fault(
                key,
                f"{pattern!r} covers no cell of the grid; expected a pattern "
                f"problem/model/hparams/seed, as in {cells[0].name}",
            )


def _sets(
    located: Located,
    own: dict[str, dict[str, Any]],
    grid: Mapping[str, list[Any]],
    declared: Mapping[str, declaration.Declaration],
    cells: list[Cell],
    train: dict[str, Any],
) -> dict[str, dict[str, tuple[dict[str, Any], dict[str, Any]]]]:
    found: dict[str, dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {}
    together = {(cell.hparams, cell.model) for cell in runnable(cells)}
    for name in grid["hparams"]:
        steps = sets.chain(located, own, name)
        values = sets.merged(own, steps)
        for model, one in declared.items():
            right = sets.check_cell_values(located, own, steps, one.options)
            if (name, model) in together or not cells:
                sets.check_rules(located, own, steps, model, one.rules, right)
            found.setdefault(name, {})[model] = sets.complete(values, one.options, train)
        _check_ends(located, name, found[name].values() if name in found else ())
    return found


def _check_ends(located: Located, name: str, complete: Any) -> None:
    """A training must have a limit, and a last step where its learning rate falls until that."""
    for hparams, settings in complete:
        schedule = hparams["learning_rate_schedule"]
        if schedule in FALLING and not (settings["steps"] or settings["epochs"]):
            located.fault(
                ("train",), f"the learning_rate_schedule of {name!r}, {schedule}, {NO_END}"
            )
            return
        if not any(settings[limit] for limit in ("steps", "epochs", "minutes", "patience")):
            located.fault(
                ("train",),
                f"the trainings of {name!r} have no end; expected one of steps, epochs, minutes "
                "and patience above 0",
            )
            return
