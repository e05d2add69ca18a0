"""What each stage instance depends on, as one digest: settings and the code that they reach.

Stages list only their digest in dvc.yaml, so that an entry of dvc.lock stays small and a cell is
run again exactly when something that its own work reads has changed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components import catalog, declaration
from components.train.hparams import of_results
from pipeline.cells import Cell, parts
from pipeline.closure import closure, combine, fingerprint

if TYPE_CHECKING:
    from pipeline.params import Params
    from pipeline.problems import ProblemInUse

# Texts for people: a new wording makes no new data.
DESCRIPTIONS = ("licence", "expected")
GENERATE = "components/datagen/generate.py"
TRAINER = "components/train/trainer.py"
PREDICT = "components/eval/predict.py"
EVALUATE = "components/eval/evaluate.py"
SIDES = ("inputs", "targets")


def digest(value: Any) -> str:
    """16 hex digits of the sha256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def problem_settings(problem: ProblemInUse) -> dict[str, Any]:
    """All settings of a problem that its data depends on."""
    values = {
        item.name: getattr(problem.problem, item.name)
        for item in dataclasses.fields(problem.problem)
        if item.name not in DESCRIPTIONS
    }
    return json.loads(json.dumps(values, default=_plain))


def datagen_roots(problem: ProblemInUse) -> tuple[Path, ...]:
    """The files from which the making of a problem's data starts."""
    tasks = {problem.problem.task, *(one.task for one in problem.problem.members.values())}
    files = [catalog.find("tasks", task).path for task in sorted(tasks)]
    return (catalog.ROOT / GENERATE, *files, *problem.code, *_named_functions(problem))


def train_roots(signature: Mapping[str, Any], model: str) -> tuple[Path, ...]:
    """The files from which a training starts, the dev metric's among them."""
    dev = {one["dev_metric"] for one in parts(signature)}
    metrics = [_path("metrics", name) for name in sorted(dev)]
    return (catalog.ROOT / TRAINER, catalog.ROOT / PREDICT, *metrics, *_body(signature, model))


def evaluate_roots(signature: Mapping[str, Any], model: str) -> tuple[Path, ...]:
    """The files from which an evaluation starts, its metrics among them."""
    names = dict.fromkeys(name for one in parts(signature) for name in one["metrics"])
    metrics = [_path("metrics", name) for name in names]
    return (catalog.ROOT / EVALUATE, *metrics, *_body(signature, model))


def datagen_digest(problem: ProblemInUse) -> str:
    """Identity of a problem's data, the bytes of its sources aside (DVC tracks those)."""
    return data_digest(problem, _code(datagen_roots(problem)))


def data_digest(problem: ProblemInUse, code: dict[str, str]) -> str:
    """Of a problem's data, by its settings and the fingerprint of the code that makes it."""
    return digest([problem.name, problem_settings(problem), combine(code)])


def train_digest(params: Params, cell: Cell) -> str:
    """Identity of a cell's training, its data aside."""
    if cell.status != "run":
        return digest([cell.status, cell.reason])
    settings = params.sets[cell.hparams][cell.model]
    return work_digest(cell, settings, params.runtime, train_code(params, cell))


def train_code(params: Params, cell: Cell) -> dict[str, str]:
    """The fingerprint of what trains a cell, file by file."""
    return _code(train_roots(params.problems[cell.problem].signature, cell.model))


def evaluate_digest(params: Params, cell: Cell) -> str:
    """Identity of a cell's evaluation, its data and checkpoint aside."""
    if cell.status != "run":
        return digest([cell.status, cell.reason])
    code = _code(evaluate_roots(params.problems[cell.problem].signature, cell.model))
    return work_digest(cell, [params.eval], params.runtime, code)


def work_digest(
    cell: Cell, settings: Iterable[Any], runtime: Mapping[str, Any], code: dict[str, str]
) -> str:
    """Of a cell's training or evaluation, by its settings and the fingerprint of its code."""
    return digest([cell.name, *settings, of_results(runtime), combine(code)])


def compare_digest(params: Params) -> str:
    """Identity of the comparison, the cells' results aside."""
    folder = Path(__file__).parent
    files = [folder / "compare.py", folder / "tracking_record.py", *folder.glob("report_*")]
    files.append(catalog.ROOT / "components" / "theme.py")
    code = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return digest([[[cell.name, cell.status, cell.reason] for cell in params.cells], code])


def used_files(params: Params) -> tuple[Path, ...]:
    """Every source file that some stage of the grid reaches."""
    roots = [catalog.ROOT / file for file in (GENERATE, TRAINER, PREDICT, EVALUATE)]
    for problem in params.problems.values():
        for one in parts(problem.signature):
            names = (*one["metrics"], one["dev_metric"])
            roots += [catalog.find("metrics", name).path for name in names]
        roots += datagen_roots(problem)
    roots += [declared.path for declared in params.models.values()]
    return closure(roots)


def _body(signature: Mapping[str, Any], model: str) -> list[Path]:
    """The files that are looked up by name: no import statement reaches them."""
    own = _own_modalities(_path("models", model))
    named = {
        f"modalities/{own.get(side, {}).get(one[side], one[side])}"
        for one in parts(signature)
        for side in SIDES
    }
    named |= {f"transforms/{name}" for one in parts(signature) for name in one["transforms"]}
    readouts = {one["targets"] for one in parts(signature)}
    files = [
        *(f"components/train/{name}.py" for name in sorted(named)),
        *(f"components/eval/readouts/{name}.py" for name in sorted(readouts)),
    ]
    found = [path for file in files if (path := catalog.ROOT / file).is_file()]
    return [_path("models", model), *found]


def _path(kind: str, name: str) -> Path:
    return _paths(kind, catalog.packages())[name]


@cache
def _own_modalities(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Of a model's file; every cell asks for the same few."""
    return declaration.read(path).needs.get("modalities", {})


@cache
def _paths(kind: str, within: tuple[catalog.Package, ...]) -> dict[str, Path]:
    """Name -> file, listed once a process and set of plugins: every cell asks for the same few."""
    return {name: entry.path for name, entry in catalog.entries(kind).items()}


def _named_functions(problem: ProblemInUse) -> Iterable[Path]:
    """Files of the functions that a problem's settings name as `package.module:function`."""
    for text in _texts(problem_settings(problem)):
        module, _, function = text.partition(":")
        if not function.isidentifier():
            continue
        for member in catalog.packages():
            if module.startswith(f"{member.name}."):
                rest = module.removeprefix(f"{member.name}.").split(".")
                file = member.folder.joinpath(*rest).with_suffix(".py")
                if file.is_file():
                    yield file


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


@cache
def _code(roots: tuple[Path, ...]) -> dict[str, str]:
    return fingerprint(closure(roots))


def _plain(value: Any) -> Any:
    """What JSON does not know: paths, mappings, parts of a problem."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{value!r} cannot be part of an identity")
