"""Reading: the splits' sources or row functions to spools of standard rows."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.catalog import UserError, closest
from components.datagen.problem import Cut, Problem, Rows
from components.datagen.row_functions import batches_of
from components.datagen.schema import SPLITS
from components.datagen.sources.source import Source, is_url
from components.datagen.spool import Spool, write_spool
from components.datagen.task import RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

Report = Callable[[Mapping[str, Any]], None]
REPORT_SECONDS = 1.0


def read_splits(
    problem: Problem,
    name: str,
    task: Task,
    folder: Path,
    cache_dir: Path,
    seed: int,
    report: Report,
) -> tuple[dict[str, Spool], list[dict[str, Any]]]:
    """The spools of all splits that are not cut from another, and where their rows came from.

    Raises UserError that names file and line of what cannot be used, a label of dev or test that
    train lacks among it, or a split without rows.
    """
    labels = _Labels(task)
    # Tasks ask for their options at every batch, and the default of one is looked up in files.
    defaults = {key: option.default for key, option in task.options.items()}
    problem = replace(problem, options={**defaults, **problem.options})
    # Rows cut out of a split anywhere are chosen by their hashes, which must then never differ.
    stable = any(isinstance(getattr(problem, split), Cut) for split in SPLITS)
    spools: dict[str, Spool] = {}
    origins: list[dict[str, Any]] = []
    for split in SPLITS:
        source = getattr(problem, split)
        if isinstance(source, Rows):
            batches = _from_function(problem, task, source, split, seed, labels)
            origins.append({"split": split, "function": source.function} | dict(source.options))
        elif isinstance(source, tuple):
            batches = _from_sources(problem, task, source, split, cache_dir, report, labels)
            origins.extend(_origin(split, one) for one in source)
        else:
            continue
        batches = _reported(batches, name, split, report)
        labelled = task.targets == "class_label"
        spools[split] = write_spool(split, batches, folder, labelled=labelled, stable=stable)
        if not spools[split].rows:
            raise UserError(f"problem {name}: its {split} split is empty ({_named(source)})")
    return spools, origins


class _Labels:
    """The labels of train, so that another in dev or test is told with its place, and so is a row
    without one, or with one that is no name.

    Where train is not read, but cut from another split, the vocabulary tells other labels later.
    """

    def __init__(self, task: Task) -> None:
        self._can_skip = "skip_label" in task.options
        sides = {"inputs": task.inputs, "targets": task.targets}
        self._known: dict[str, set[str]] = {
            side: set() for side, modality in sides.items() if modality == "class_label"
        }

    def checked(self, rows: pa.RecordBatch, split: str) -> pa.RecordBatch:
        """The standard rows. Raises RowError at a label that is missing or of several lines, and at
        the first that train has not."""
        import pyarrow.compute as pc

        for side, known in self._known.items():
            # The few distinct labels are looked at, not the rows.
            column = pc.fill_null(rows.column(side), "")
            found = pc.unique(column).to_pylist()
            for label in found:
                if not label.strip():
                    advice = f"; to leave such rows out, say `skip_label: {json.dumps(label)}`"
                    raise RowError(
                        pc.index(column, label).as_py(),
                        f"the label is missing{advice if self._can_skip else ''}",
                    )
                if "\n" in label or "\r" in label:  # the vocabulary has a name a line
                    raise RowError(
                        pc.index(column, label).as_py(), f"label {label!r} has a line end in it"
                    )
            if split == "train":
                known.update(found)
                continue
            for label in found if known else ():
                if label not in known:
                    row = pc.index(column, label).as_py()
                    near = closest(label, known)
                    raise RowError(
                        row, f"label {label!r} of {split} does not occur in train; {near}"
                    )
        return rows


def _from_sources(
    problem: Problem,
    task: Task,
    sources: tuple[Source, ...],
    split: str,
    cache_dir: Path,
    report: Report,
    labels: _Labels,
) -> Iterator[pa.RecordBatch]:
    from components.datagen.sources.batch import place
    from components.datagen.sources.read import read

    for source in sources:
        batches = read(source, columns=task.columns, cache_dir=cache_dir, report=report)
        if task.regroup is not None:
            batches = task.regroup(batches, problem, split)
        for batch in batches:
            try:
                yield labels.checked(task.rows(batch, problem), split)
            except RowError as error:
                raise UserError(f"{place(batch, error.row)}: {error}") from error


def _from_function(
    problem: Problem, task: Task, rows: Rows, split: str, seed: int, labels: _Labels
) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in batches_of(rows, split, seed, task.columns):
        try:
            yield labels.checked(task.rows(batch, problem), split)
        except RowError as error:
            row = start + error.row
            raise UserError(f"{rows.function}: row {row} of {split}: {error}") from error
        start += batch.num_rows


def _reported(
    batches: Iterator[pa.RecordBatch], name: str, split: str, report: Report
) -> Iterator[pa.RecordBatch]:
    rows, last = 0, time.monotonic()
    for batch in batches:
        yield batch
        rows += batch.num_rows
        if time.monotonic() - last > REPORT_SECONDS:
            last = time.monotonic()
            report({"event": "read", "problem": name, "split": split, "rows": rows})
    report({"event": "read", "problem": name, "split": split, "rows": rows, "done": True})


def _origin(split: str, source: Source) -> dict[str, Any]:
    """What the manifest keeps of a source: names, and sha256 of the local files as they are."""
    files = []
    for number, path in enumerate(source.paths):
        sha256 = source.sha256[number] if number < len(source.sha256) else ""
        if not is_url(path) and Path(path).is_file():
            with open(path, "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        files.append({"path": path if is_url(path) else Path(path).name, "sha256": sha256})
    return {"split": split, "format": source.format, "files": files}


def _named(source: Rows | tuple[Source, ...]) -> str:
    if isinstance(source, Rows):
        return source.function
    return ", ".join(path for one in source for path in one.paths)
