"""Features of a problem: their vocabularies trained and written, their entries in the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from components.catalog import UserError, closest
from components.datagen import vocabulary
from components.datagen.layout import Rows, scrambled
from components.datagen.problem import Problem
from components.datagen.schema import SHARED_VOCABULARY, Feature
from components.datagen.spool import Spool
from components.datagen.standard_rows import SEPARATOR
from components.datagen.task import AS, Task
from components.datagen.vocabulary_training import (
    byte_vocabulary,
    collect_labels,
    known_tokens,
    train_characters,
    train_sentencepiece,
    train_tokens,
)


def vocabulary_kinds(problem: Problem, task: Task) -> dict[str, str]:
    """The kind of each side that has a vocabulary."""
    kinds = dict(task.vocabularies)
    chosen = {"inputs": problem.inputs_vocabulary, "targets": problem.targets_vocabulary}
    for side, wanted in chosen.items():
        if wanted and side in kinds and not kinds[side].startswith(AS):
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
    sentencepiece: str = "",
) -> dict[str, Feature]:
    """Trains the vocabularies on the training rows, writes them into `out`.

    sentencepiece: the file of a model that is there already, for all sides that want one.

    Raises UserError if the corpus cannot give what the problem asks for, or if dev or test have a
    label that train has not.
    """
    kinds = vocabulary_kinds(problem, task)
    where = f"problem {name}"
    sides = [side for side, kind in kinds.items() if kind == "sentencepiece"]
    shared = tuple(sides) if problem.shared_vocabulary and len(sides) > 1 else ()
    symbols = task.symbols(problem)
    files: dict[str, str] = dict.fromkeys(shared, SHARED_VOCABULARY)
    if sentencepiece:
        files = dict.fromkeys(sides, sentencepiece)
    elif shared:
        path = out / SHARED_VOCABULARY
        _write_vocabulary(where, problem, "sentencepiece", shared, symbols, train, path, seed)
    for side, known in task.tokens.items():
        files[side] = f"{side}{vocabulary.KINDS['tokens']}"
        (out / files[side]).write_bytes(known_tokens(known))
    for side, kind in kinds.items():
        if side not in files and kind.startswith(AS):
            files[side] = files[kind.removeprefix(AS)]
        elif side not in files:
            files[side] = f"{side}{vocabulary.KINDS[kind]}"
            path = out / files[side]
            where_side = f"{where}, {side}"
            _write_vocabulary(where_side, problem, kind, (side,), symbols, train, path, seed)
    features = {}
    shapes, options = task.shapes(problem), task.feature_options(problem)
    for side, modality in (
        ("inputs", task.inputs),
        ("targets", task.targets),
        *task.extras.items(),
    ):
        more: dict[str, Any] = {
            "shape": tuple(shapes.get(side, ())),
            "options": dict(options.get(side, {})),
        }
        if side in files:
            loaded = vocabulary.load(out / files[side])
            if side == "inputs" and SEPARATOR in symbols:
                more["options"]["separator"] = loaded.id_of(SEPARATOR)
            features[side] = Feature(modality, files[side], loaded.size, **more)
        else:
            features[side] = Feature(modality, **more)
    if kinds.get("targets") == "label":
        _check_labels(where, out / files["targets"], spools)
    return features


def vocabularies_of(features: Mapping[str, Feature], out: Path) -> dict[str, vocabulary.Vocabulary]:
    """The vocabulary of each feature that has one."""
    files = {name: feature.vocabulary for name, feature in features.items() if feature.vocabulary}
    return {name: vocabulary.load(out / file) for name, file in files.items()}


def _write_vocabulary(
    where: str,
    problem: Problem,
    kind: str,
    sides: tuple[str, ...],
    symbols: tuple[str, ...],
    train: Rows,
    path: Path,
    seed: int,
) -> None:
    try:
        if kind == "sentencepiece":
            content = train_sentencepiece(
                texts_of(sides, train, problem.vocabulary_sample, seed),
                size=problem.vocabulary_size,
                subword=problem.subword,
                coverage=problem.character_coverage,
                byte_fallback=problem.byte_fallback,
                symbols=symbols,
            )
        elif kind == "tokens":
            texts = texts_of(sides, train, 0, seed)
            content = train_tokens(texts, min_count=problem.min_count, symbols=symbols)
        elif kind == "characters":
            texts = texts_of(sides, train, 0, seed)
            content = train_characters(texts, min_count=problem.min_count, symbols=symbols)
        elif kind == "bytes":
            content = byte_vocabulary(symbols)
        else:
            content = collect_labels(texts_of(sides, train, 0, seed))
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    path.write_bytes(content)


def texts_of(sides: tuple[str, ...], train: Rows, sample: int, seed: int) -> Iterator[str]:
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
            if label not in known and name == "train":
                raise UserError(
                    f"{where}: all rows with the label {label!r} are cut away from train; expected a "
                    "smaller cut, or more rows with that label"
                )
            if label not in known:
                raise UserError(
                    f"{where}: label {label!r} of {name} does not occur in train; "
                    f"{closest(label, known)}"
                )
