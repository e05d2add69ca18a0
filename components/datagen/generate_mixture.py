"""Several problems as one: each member's data in a folder of its own, one vocabulary for all texts.

    data/<problem>/manifest.json, <member>/manifest.json, <member>/train-00000-of-00001.tfrecord, ...

What is text with subwords in any member is written in one SentencePiece vocabulary, learned from the
training rows of all; a member's other vocabularies (labels, characters, brackets) stay its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from components.catalog import UserError
from components.datagen import mixing
from components.datagen.features import texts_of, vocabulary_kinds
from components.datagen.generate import Prepared, prepare, write
from components.datagen.problem import Problem
from components.datagen.schema import MANIFEST, SHARED_VOCABULARY, SPLITS, Manifest, Split
from components.datagen.sources.download import sha256_of
from components.datagen.vocabulary_training import train_sentencepiece


def generate_mixture(
    problem: Problem,
    name: str,
    partial: Path,
    beam: dict[str, Any],
    cache_dir: Path,
    seed: int,
    report: Callable[[Mapping[str, Any]], None],
) -> Manifest:
    """Writes the data of all members below `partial`, and the manifest that names them.

    Raises UserError as `generate` does for any of them.
    """
    prepared: dict[str, Prepared] = {}
    for member, part in problem.members.items():
        folder = partial / member
        folder.mkdir(parents=True)
        prepared[member] = prepare(part, member, folder, cache_dir, seed, report)
    sides = {member: _sides(one) for member, one in prepared.items()}
    model = None
    if any(sides.values()):
        report({"event": "vocabulary", "problem": name})
        model = _vocabulary(problem, name, prepared, sides, seed)
    members = {}
    for member, one in prepared.items():
        if model and sides[member]:
            (one.folder / SHARED_VOCABULARY).write_bytes(model)
        given = SHARED_VOCABULARY if sides[member] else ""
        members[member] = write(one, beam, seed, report, given)
    manifest = Manifest(
        problem=name,
        task=problem.task,
        features={},
        splits={
            split: Split(sum(one.splits[split].examples for one in members.values()), (), {})
            for split in SPLITS
        },
        metrics=(),
        dev_metric="",
        seed=seed,
        # The sums of all shards, through those of the files that list them.
        report={
            "licence": "; ".join(_licences(members)),
            "members": {name: sha256_of(partial / name / MANIFEST) for name in members},
        },
        mixture=mixing.settings_of(problem),
    )
    manifest.save(partial)
    return manifest


def _sides(prepared: Prepared) -> tuple[str, ...]:
    kinds = vocabulary_kinds(prepared.problem, prepared.task)
    return tuple(side for side, kind in kinds.items() if kind == "sentencepiece")


def _vocabulary(
    problem: Problem,
    name: str,
    prepared: Mapping[str, Prepared],
    sides: Mapping[str, tuple[str, ...]],
    seed: int,
) -> bytes:
    """Each member gives as many rows at most, so that a large one does not write it alone."""
    most = max(problem.vocabulary_sample // len(prepared), 1)
    symbols = dict.fromkeys(
        chain.from_iterable(one.task.symbols(one.problem) for one in prepared.values())
    )

    def texts() -> Iterator[str]:
        for member, one in prepared.items():
            yield from texts_of(sides[member], one.train, most, seed)

    try:
        return train_sentencepiece(
            texts(),
            size=problem.vocabulary_size,
            subword=problem.subword,
            coverage=problem.character_coverage,
            byte_fallback=problem.byte_fallback,
            symbols=tuple(symbols),
        )
    except UserError as error:
        raise UserError(f"problem {name}: {error}") from error


def _licences(members: Mapping[str, Manifest]) -> Iterator[str]:
    for member, manifest in members.items():
        yield f"{member}: {manifest.report['licence']}"
