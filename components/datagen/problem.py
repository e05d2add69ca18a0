"""Problem: a task on a data set, as a value.

`problems/<name>.py` exports one as `PROBLEM`; `params.yaml` makes variants of it, or whole problems
from a user's own files. Standard library only at import.
"""

from __future__ import annotations

import dataclasses
import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.catalog import UserError
from components.datagen import task as tasks
from components.datagen.schema import SPLITS
from components.datagen.sources.source import BESIDE, Source, is_glob, is_url
from components.declaration import Setting

TEXT_KINDS = ("sentencepiece", "tokens", "characters", "bytes")
FILTERS = ("duplicates", "empty", "too_long", "lopsided", "leaked")


def setting(
    default: Any,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] | None = None,
) -> Any:
    """A dataclass field that carries its meaning and limits, for params.yaml."""
    metadata = {"meaning": meaning, "low": low, "high": high, "choices": choices}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Rows:
    """A split whose rows a Python function makes: data sets written by us or inside a dependency.

    function: "package.module:name". It is called as `name(split, seed, **options)` and yields
        batches: mappings from the task's column names to equally long sequences of str (bytes for
        images), a few thousand rows each. The same arguments must give the same rows.
    options: its settings with their defaults; params.yaml changes them under `rows:`.
    """

    function: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """A split taken out of another one, which then lacks these rows.

    source: the split it is cut from.
    examples: how many rows; images where a row is one of an image's captions.
    where: "last", the final rows of the file; "anywhere", rows chosen by a seeded hash of their
        inputs. Equal inputs then fall on one side, which may make it a few rows more.
    """

    source: str
    examples: int
    where: str = "anywhere"


def cut_order(cuts: Mapping[str, Cut]) -> list[str]:
    """The names of the splits that are cut, each after the one it is cut from.

    Raises UserError if they are cut from each other in a circle.
    """
    order: list[str] = []
    while len(order) < len(cuts):
        waiting = [name for name in cuts if name not in order]
        ready = [name for name in waiting if cuts[name].source not in waiting]
        if not ready:
            raise UserError(
                f"{', '.join(waiting)}: cut from each other; one of them needs files of its own"
            )
        order += ready
    return order


SplitSource = tuple[Source, ...] | Rows | Cut


@dataclass(frozen=True)
class Problem:
    """A task on a data set. The fields made by `setting`, and the splits, may stand in params.yaml.

    train, dev, test: where the rows come from; None while it is still to be given.
    licence, expected: the data's terms; the score to expect, with the model and the time it takes.
    options: the task's own settings, see `Task.options`.
    members: of task multi, the problems that it names, put in by whoever knows them.
    """

    task: str
    train: SplitSource | None = None
    dev: SplitSource | None = None
    test: SplitSource | None = None
    licence: str = ""
    expected: str = ""
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    members: Mapping[str, Problem] = dataclasses.field(default_factory=dict)

    format: str = setting("", "format of the files of the splits; empty: told from their names")
    columns: Mapping[str, str | int] = setting(
        {}, "the task's columns by name (or number from 1) in a TSV, CSV, JSONL or Parquet file"
    )
    suffixes: tuple[str, ...] = setting(
        (), "endings of the files of parallel text in the order of the columns, e.g. [en, de]"
    )

    vocabulary_size: int = setting(
        8000, "pieces of each SentencePiece vocabulary, the reserved three included", low=4
    )
    shared_vocabulary: bool = setting(
        True, "one vocabulary for inputs and targets where both are SentencePiece"
    )
    subword: str = setting("bpe", "how SentencePiece finds its pieces", choices=("bpe", "unigram"))
    inputs_vocabulary: str = setting("", "kind; empty: the task's", choices=("", *TEXT_KINDS))
    targets_vocabulary: str = setting("", "kind; empty: the task's", choices=("", *TEXT_KINDS))
    vocabulary_sample: int = setting(
        100_000, "training rows that SentencePiece learns from at most, by a seeded hash", low=1
    )
    character_coverage: float = setting(
        1.0, "share of characters that get a piece; the rest are <unk>, or bytes", low=0.9, high=1
    )
    byte_fallback: bool = setting(
        False, "spell unknown characters as UTF-8 bytes (256 pieces of the vocabulary)"
    )
    min_count: int = setting(
        1, "a vocabulary of tokens or characters leaves out what is rarer", low=1
    )

    drop: tuple[str, ...] = setting((), "kinds of training rows to leave out", choices=FILTERS)
    max_length: int = setting(
        256, "positions of a side, EOS included, beyond which a row counts as too_long", low=1
    )
    max_ratio: float | None = setting(
        None, "a row is lopsided if one side is so much longer; 0: never; null: the task's", low=0
    )
    shards: int = setting(0, "files of the train split; 0: by size, 16 MiB of rows each", low=0)
    metrics: tuple[str, ...] = setting((), "metrics, the headline first; empty: the task's")
    dev_metric: str = setting("", "chooses the best checkpoint; empty: the task's")

    def option(self, name: str) -> Any:
        """The task's own option `name`: this problem's value or the task's default."""
        if name in self.options:
            return self.options[name]
        return tasks.load(self.task).options[name].default


SPLIT_MEANING = (
    "a path (file, folder, or the part before `suffixes`), a list of paths, settings of a source, "
    "or {from: train, examples: 1000, where: anywhere | last}"
)


def fields(task: str | None = None) -> dict[str, Setting]:
    """What params.yaml may set of a problem; with a task's name its own options are among them."""
    found = [
        Setting("base", "str", "", "the problem that this one is a variant of"),
        Setting("task", "str", "", "the task, for a problem on your own data"),
        *(Setting(split, "split", None, SPLIT_MEANING) for split in SPLITS),
        Setting("rows", "dict", {}, "options of the function that makes the rows"),
    ]
    for one in dataclasses.fields(Problem):
        if "meaning" in one.metadata:
            default = {} if one.default is dataclasses.MISSING else one.default
            found.append(Setting(one.name, str(one.type), default, **one.metadata))
    if task:
        options = tasks.load(task).options.items()
        found += (Setting(name, **vars(option)) for name, option in options)
    return {one.name: one for one in found}


def from_settings(name: str, settings: Mapping[str, Any], base: Problem | None = None) -> Problem:
    """The problem `name` of params.yaml: `base` with `settings` over it, or one of its own `task`.

    Raises UserError with the key, what was expected and the closest name.
    """
    from components.datagen import problem_settings

    return problem_settings.apply(name, settings, base)


def signature(problem: Problem) -> dict[str, Any]:
    """What decides whether a model can run on the problem, and how it is scored."""
    task = tasks.load(problem.task)
    if problem.task == "multi":
        members = {name: signature(member) for name, member in problem.members.items()}
        return {"inputs": task.inputs, "targets": task.targets, "provides": [], "members": members}
    return {
        "inputs": task.inputs,
        "targets": task.targets,
        "metrics": list(problem.metrics or task.metrics),
        "dev_metric": problem.dev_metric or task.dev_metric,
        "provides": [*task.provides, *task.extras],
        "transforms": list(task.transform_names),
    }


def local_files(problem: Problem) -> list[Path]:
    """The local files that the problem reads, in a fixed order; downloads are not among them.

    A glob stands for the files that match now, and a table that names recordings or images for those
    that lie below its folder. An option of a function's rows is a file where one has that path.
    """
    found: dict[Path, None] = {}
    for member in problem.members.values():
        found.update(dict.fromkeys(local_files(member)))
    for split in (problem.train, problem.dev, problem.test):
        if isinstance(split, Rows):
            texts = [value for value in split.options.values() if isinstance(value, str)]
            found.update(dict.fromkeys(Path(text) for text in texts if os.path.isfile(text)))
        for source in split if isinstance(split, tuple) else ():
            local = [one for path in source.paths if not is_url(path) for one in _matching(path)]
            found.update(dict.fromkeys(local))
            for folder in dict.fromkeys(one.parent for one in local):
                found.update(dict.fromkeys(_below(folder, BESIDE.get(source.format, ()))))
    return list(found)


def _matching(path: str) -> list[Path]:
    if not is_glob(path) or os.path.exists(path):
        return [Path(path)]
    return [Path(one) for one in sorted(glob.glob(path, recursive=True))]


def _below(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    files = folder.rglob("*") if endings else ()
    return sorted(one for one in files if one.suffix.lower() in endings)
