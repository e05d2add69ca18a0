"""Features of a problem: their vocabularies trained and written, their entries in the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from components.catalog import UserError, closest
from components.datagen import vocabulary
from components.datagen.layout import Rows, scrambled
from components.datagen.problem import Problem
from components.datagen.schema import Feature
from components.datagen.spool import Spool
from components.datagen.task import Task
from components.datagen.vocabulary_training import (
    collect_labels,
    train_sentencepiece,
    train_tokens,
)

SIDES = ("inputs", "targets")


def vocabulary_kinds(problem: Problem, task: Task) -> dict[str, str]:
    """The kind of each side that has a vocabulary."""
    kinds = dict(task.vocabularies)
    chosen = {"inputs": problem.inputs_vocabulary, "targets": problem.targets_vocabulary}
    for side, wanted in chosen.items():
        if wanted and side in kinds:
            kinds[side] = wanted
    return kinds


def make_features(
    problem: Problem,
    name: str,
    task: Task,
    train: Rows,
    spools: dict[str, Spool],
    out: Path,
    seed: int,
) -> dict[str, Feature]:
    """Trains the vocabularies on the training rows, writes them into `out`.

    Raises UserError if the corpus cannot give what the problem asks for, or if dev or test have a
    label that train has not.
    """
    kinds = vocabulary_kinds(problem, task)
    where = f"problem {name}"
    shared = problem.shared_vocabulary and list(kinds.values()) == ["sentencepiece"] * 2
    files: dict[str, str] = {}
    if shared:
        files = dict.fromkeys(SIDES, "vocabulary.model")
        path = out / "vocabulary.model"
        _write_vocabulary(where, problem, "sentencepiece", SIDES, train, path, seed)
    else:
        for side, kind in kinds.items():
            files[side] = f"{side}{vocabulary.KINDS[kind]}"
            path = out / files[side]
            _write_vocabulary(f"{where}, {side}", problem, kind, (side,), train, path, seed)
    features = {}
    for side, modality in zip(SIDES, (task.inputs, task.targets), strict=True):
        if side in files:
            size = vocabulary.load(out / files[side]).size
            features[side] = Feature(modality, files[side], size)
        elif task.image_shape is not None:
            options = {"patch": problem.option("patch")}
            features[side] = Feature(modality, shape=task.image_shape(problem), options=options)
    if kinds.get("targets") == "label":
        _check_labels(where, out / files["targets"], spools)
    return features


def _write_vocabulary(
    where: str,
    problem: Problem,
    kind: str,
    sides: tuple[str, ...],
    train: Rows,
    path: Path,
    seed: int,
) -> None:
    try:
        if kind == "sentencepiece":
            content = train_sentencepiece(
                _texts(sides, train, problem.vocabulary_sample, seed),
                size=problem.vocabulary_size,
                subword=problem.subword,
                coverage=problem.character_coverage,
                byte_fallback=problem.byte_fallback,
            )
        elif kind == "tokens":
            content = train_tokens(_texts(sides, train, 0, seed), min_count=problem.min_count)
        else:
            content = collect_labels(_texts(sides, train, 0, seed))
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    path.write_bytes(content)


def _texts(sides: tuple[str, ...], train: Rows, sample: int, seed: int) -> Iterator[str]:
    """The texts of the training rows; of `sample` rows by a seeded hash if there are more."""
    index = train.index
    if sample and len(index) > sample:
        index = index[np.argsort(scrambled(index, seed), kind="stable")[:sample]]
    wanted = np.zeros(train.spool.rows, bool)
    wanted[index] = True
    for side in sides:
        yield from train.spool.column(side, wanted)


def _check_labels(where: str, path: Path, spools: dict[str, Spool]) -> None:
    known = set(path.read_text(encoding="utf-8").split("\n")[:-1])
    for name, spool in spools.items():
        for label in spool.labels:
            if label not in known:
                raise UserError(
                    f"{where}: label {label!r} of {name} does not occur in train; "
                    f"{closest(label, known)}"
                )
