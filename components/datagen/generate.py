"""Data generation: a problem's sources to shards, vocabularies, a schema and a manifest.

    sources -> standard rows on disk (spool) -> layout -> vocabularies -> Beam: examples -> shards

The result depends on the problem, the bytes of its sources and the seed; on nothing else.
TensorFlow is never imported.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.catalog import UserError
from components.datagen import task as tasks
from components.datagen.problem import Cut, Problem
from components.datagen.schema import SPLITS, Manifest

if TYPE_CHECKING:
    from components.datagen.layout import Placement, Rows
    from components.datagen.spool import Spool
    from components.datagen.task import Task

Report = Callable[[Mapping[str, Any]], None]


def generate(
    problem: Problem,
    name: str,
    out_dir: str | Path,
    *,
    beam: Mapping[str, Any] | None = None,
    cache_dir: str | Path = ".work/downloads",
    seed: int = 0,
    report: Report = lambda event: None,
) -> Manifest:
    """Writes shards, vocabularies, schema.pbtxt and manifest.json into `out_dir`.

    beam: {"runner": a Beam runner's name, "options": its pipeline options, "workers": processes of
        FnApiRunner, or threads where this process has several threads already or is not on Linux};
        a runner elsewhere must see `out_dir`'s parent folder.
    cache_dir: where downloads are kept.
    report: is called with {"event": "read" | "vocabulary" | "shards" | "end", ...}.

    The folder is replaced whole at the end. Raises UserError on bad data, with file and line, or if
    the disk is full; the old folder is then as it was.
    """
    from components.datagen.replaced_folder import replaced_folder
    from components.datagen.writing import processes

    _check_splits(problem, name)
    started = time.monotonic()
    try:
        with processes(beam or {}), replaced_folder(Path(out_dir)) as partial:
            manifest = _generate(
                problem, name, partial, dict(beam or {}), Path(cache_dir), seed, report
            )
    except Exception as error:
        if _disk_full(error):
            raise UserError(
                f"{out_dir}: the disk is full; the data of {name} needs more room "
                f"(nothing was changed)"
            ) from error
        raise
    rows = sum(split.examples for split in manifest.splits.values())
    seconds = time.monotonic() - started
    report({"event": "end", "problem": name, "examples": rows, "seconds": round(seconds, 3)})
    return manifest


def _generate(
    problem: Problem,
    name: str,
    partial: Path,
    beam: dict[str, Any],
    cache_dir: Path,
    seed: int,
    report: Report,
) -> Manifest:
    if problem.members:
        from components.datagen.generate_mixture import generate_mixture

        return generate_mixture(problem, name, partial, beam, cache_dir, seed, report)
    prepared = prepare(problem, name, partial, cache_dir, seed, report)
    return write(prepared, beam, seed, report)


@dataclass(frozen=True)
class Prepared:
    """A problem whose rows are read and laid out; `write` makes data of it."""

    problem: Problem
    name: str
    task: Task
    folder: Path
    train: Rows
    placements: Mapping[str, Placement]
    spools: Mapping[str, Spool]
    told: Mapping[str, Any]


def prepare(
    problem: Problem, name: str, partial: Path, cache_dir: Path, seed: int, report: Report
) -> Prepared:
    """Reads all sources into `partial/work` and decides which row goes where."""
    from components.datagen import layout
    from components.datagen.reading import read_splits

    task = tasks.load(problem.task)
    for folder in ("rows", "pieces", "results", "statistics"):
        (partial / "work" / folder).mkdir(parents=True)
    rows_folder = partial / "work" / "rows"
    spools, origins = read_splits(problem, name, task, rows_folder, cache_dir, seed, report)
    cuts = {split: cut for split in SPLITS if isinstance(cut := getattr(problem, split), Cut)}
    rows = layout.cut(
        spools, cuts, seed, by_input=task.cut_by_input, classes_in=task.inputs == "class_label"
    )
    placements, counts, leakage = layout.place(rows, problem.drop, problem.shards, seed)
    told = {"counts": counts, "leakage": leakage, "origins": origins}
    return Prepared(problem, name, task, partial, rows["train"], placements, spools, told)


def write(
    prepared: Prepared,
    beam: dict[str, Any],
    seed: int,
    report: Report,
    sentencepiece: str = "",
) -> Manifest:
    """Vocabularies, shards, schema and manifest, all beside `work`, which is then removed.

    sentencepiece: a model that lies in the folder already; empty: it is made of this problem's rows.
    """
    from components.datagen.features import make_features, vocabularies_of
    from components.datagen.manifest import make_manifest
    from components.datagen.schema_pbtxt import schema_text
    from components.datagen.statistics.page import PAGE, write_page
    from components.datagen.writing import gathered, write_shards

    problem, name, task, partial = (
        prepared.problem,
        prepared.name,
        prepared.task,
        prepared.folder,
    )
    report({"event": "vocabulary", "problem": name})
    features = make_features(
        problem,
        name,
        task,
        prepared.train,
        dict(prepared.spools),
        partial,
        seed,
        sentencepiece,
    )
    report({"event": "shards", "problem": name, "done": 0})
    work = partial / "work"
    results = write_shards(
        problem, task, features, prepared.placements, partial, work, beam, report
    )
    manifest = make_manifest(
        problem,
        name,
        task,
        features,
        results,
        seed,
        transforms=task.transforms(problem, vocabularies_of(features, partial)),
        **prepared.told,
    )
    unread = task.inputs in ("image", "audio", "nothing")
    texts = ("targets_text",) if unread else ("inputs_text", "targets_text")
    (partial / "schema.pbtxt").write_text(schema_text(features, texts), encoding="utf-8")
    manifest.save(partial)
    write_page(
        partial / PAGE,
        problem=name,
        manifest=manifest,
        statistics=gathered(features, prepared.placements, work),
    )
    shutil.rmtree(work)
    return manifest


def _check_splits(problem: Problem, name: str) -> None:
    for member, one in problem.members.items():
        _check_splits(one, member)
    for split in SPLITS:
        if not problem.members and not getattr(problem, split):
            raise UserError(
                f"problem {name}: no {split} split; give `{split}: path`"
                + ("" if split == "train" else f", or `{split}: {{from: train, examples: 1000}}`")
            )


def _disk_full(error: BaseException | None) -> bool:
    """Whether a full disk is behind an error; a runner elsewhere hands back only its text."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "[Errno 28]" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
