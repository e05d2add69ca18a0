"""Task: a family of problems that share modalities and metrics (translation, parsing, ...).

A task is a value, one file each under `tasks/`, exported as `TASK`. It says which columns it wants
of the raw data and turns them into *standard rows*, one Arrow record batch for another:

    inputs         string (symbol) | binary (image, audio)    what the model reads
    targets        string (every target)                     what the model writes
    inputs_text    string, left out for images and audio     the untouched source
    targets_text   string                                    the untouched reference

and a column for each of the task's `extras`. A problem without inputs gives its targets there too:
by them rows are told apart. Everything after that (vocabularies, ids, records) depends on the
modality alone.

Standard library only at import: `pipeline` reads tasks to decide which cells make sense.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from components import catalog
from components.datagen.schema import Transform

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem
    from components.datagen.vocabulary import Vocabulary

TEXT_COLUMNS = ("inputs_text", "targets_text")
AS = "as "
"""What a vocabulary's kind begins with that is another feature's, whose name follows."""


class RowError(Exception):
    """A raw row that a task cannot use; `row` counts from 0 in the batch. The reader's place (file,
    row of the file) is added by `generate`, which knows it."""

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True)
class Option:
    """A setting that only the problems of one task have; settable in params.yaml by its name.

    low, high, choices: the values it may have, as of `problem.setting`.
    """

    type: str
    default: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None


def _nothing(problem: Problem) -> Mapping[str, Any]:
    return {}


def _anything_goes(where: str, problem: Problem) -> None:
    pass


def _no_symbols(problem: Problem) -> tuple[str, ...]:
    return ()


def _no_transforms(problem: Problem, vocabularies: Mapping[str, Any]) -> tuple[Transform, ...]:
    return ()


@dataclass(frozen=True)
class Task:
    """What the problems of a family have in common.

    columns: the columns of the raw rows, in the order of the files of parallel text.
    inputs, targets: modalities (see `schema.Feature`).
    vocabularies: the vocabulary kind of each feature with symbols or labels; the default, a
        problem may choose another for inputs and targets. "as inputs" is the inputs' own, and so
        with the name of any other feature.
    fixed: the features among them whose kind the task relies on: no problem may choose another.
    metrics: names of files under `components/eval/metrics/`; the first is the headline.
    dev_metric: the one that chooses the best checkpoint.
    rows: (raw rows, problem) -> standard rows (module docstring), the same number of them, in the
        same order. Raises `RowError` on a row that it cannot use.
    regroup: (batches of raw rows, problem, split) -> other batches of raw rows, before `rows`; for
        text that is cut into windows.
    shapes: (problem) -> {feature: shape}. feature_options: (problem) -> {feature: options}; both as
        in `schema.Feature`.
    symbols: (problem) -> pieces that its vocabularies must hold whole; bytes have ids for them, but
        never read one in a text.
    extras: further features by name, with their modality; models that need one say so.
    tokens: all that an extra's vocabulary holds, where that is known beforehand.
    transforms: (problem, {feature: vocabulary}) -> what is done to batches as they are read.
    transform_names: the files under `train/transforms/` that `transforms` may name.
    provides: what a model may ask for in its `NEEDS` besides the modalities.
    cut_by_input: the training rows of an input belong together, as the captions of an image: a cut
        counts inputs, and has the first row of each, which must then tell all of them.
    max_ratio: how many times longer one side may be before a row counts as lopsided; 0 = never.
    check: (where, problem) raises UserError on options that do not go together; its message begins
        with where, the problem's place in params.yaml.
    """

    columns: tuple[str, ...]
    inputs: str
    targets: str
    metrics: tuple[str, ...]
    dev_metric: str
    rows: Callable[[pa.RecordBatch, Problem], pa.RecordBatch]
    vocabularies: Mapping[str, str] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    regroup: Callable[[Iterator[pa.RecordBatch], Problem, str], Iterator[pa.RecordBatch]] | None = (
        None
    )
    shapes: Callable[[Problem], Mapping[str, tuple[int, ...]]] = _nothing
    feature_options: Callable[[Problem], Mapping[str, Mapping[str, Any]]] = _nothing
    symbols: Callable[[Problem], tuple[str, ...]] = _no_symbols
    extras: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    transforms: Callable[[Problem, Mapping[str, Vocabulary]], tuple[Transform, ...]] = (
        _no_transforms
    )
    transform_names: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    cut_by_input: bool = False
    max_ratio: float = 0.0
    options: Mapping[str, Option] = field(default_factory=dict)
    check: Callable[[str, Problem], None] = _anything_goes


def load(name: str) -> Task:
    """The task of that name. Raises UserError that names the closest one."""
    return catalog.load("tasks", name)
