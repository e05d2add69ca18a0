"""Several examples in one row, so that next to nothing is padding and all batches have one shape.

Rows hold `max_length` positions of inputs and as many of targets. Examples go, in a shuffled order, into
the first of 10 open rows that has room for both sides; a row into which nothing fits any more is closed.
Which examples share a row is decided once, by the seed; rows are shuffled anew in every epoch. The
body keeps the texts of a row apart by their segments, numbered from 1 on (`layers/segments.py`).

Reference: Tensor2Tensor's packed problems (first fit, 10 open rows; there once, offline).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.catalog import UserError
from components.datagen.schema import Feature
from components.train.batches import Plan, Stream
from components.train.records import Records

OPEN_ROWS = 10
SIDES = ("inputs", "targets")


def packable(features: Mapping[str, Feature]) -> bool:
    """Whether examples are texts on both sides, or texts with something at each position, and nothing
    else."""
    if set(features) != set(SIDES):
        return False
    kinds = [features[side].modality for side in SIDES]
    return kinds in (["symbol", "symbol"], ["symbol", "aligned"])


def first_fit(sizes: np.ndarray, room: int, open_rows: int = OPEN_ROWS) -> list[list[int]]:
    """Puts examples of sizes [N, sides], none larger than `room`, into rows, in their order."""
    done: list[list[int]] = []
    rows: list[list[int]] = []
    used = np.zeros((0, sizes.shape[1]), np.int64)
    for index, size in enumerate(sizes):
        fits = np.flatnonzero((used + size <= room).all(axis=1))
        if len(fits):
            rows[fits[0]].append(index)
            used[fits[0]] += size
            continue
        if len(rows) == open_rows:
            fullest = int(used.sum(axis=1).argmax())
            done.append(rows.pop(fullest))
            used = np.delete(used, fullest, axis=0)
        rows.append([index])
        used = np.vstack([used, size])
    return done + rows


class PackedStream(Stream):
    """A `Stream` whose batches are rows of several examples: [batch_tokens // max_length, max_length].

    Besides what a batch always has it holds `inputs_segments` and `targets_segments`, int32 [R, L].

    Raises UserError for features that are not `packable`, and as `Stream` does.
    """

    def __init__(self, records: Records, plan: Plan) -> None:
        super().__init__(records, plan)
        if not packable(records.features):
            kinds = [f"{name} of kind {one.modality}" for name, one in records.features.items()]
            raise UserError(
                f"packing puts texts into one row, and {records.manifest.problem} has "
                f"{', '.join(kinds)}; leave packing out of the hparams set"
            )
        sizes = np.stack([records.lengths[side][self.kept] for side in SIDES], axis=1)
        order = np.random.default_rng(plan.seed).permutation(len(sizes))
        self.packed = [self.kept[order[row]] for row in first_fit(sizes[order], plan.max_length)]
        count = max(plan.batch_tokens // plan.max_length, 1)
        self.row_count = max(count // plan.rows_multiple, 1) * plan.rows_multiple

    @property
    def shapes(self) -> int:
        return 1

    def epoch(self, number: int) -> list[Any]:
        """The rows of each batch of an epoch, a row as the indices of its examples."""
        order = np.random.default_rng((self.plan.seed, number)).permutation(len(self.packed))
        starts = range(0, len(order), self.row_count)
        return [[self.packed[i] for i in order[at : at + self.row_count]] for at in starts]

    def make(self, indices: Any, epoch: int = 0) -> dict[str, np.ndarray]:
        """One training batch of rows, filled up with empty ones where the epoch ends."""
        rows: Sequence[np.ndarray] = indices
        examples = self.records.batch(np.concatenate(rows), epoch)
        out = {}
        for side in SIDES:
            shape = (self.row_count, self.plan.max_length)
            ids, segments = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
            number = 0
            for row, own in enumerate(rows):
                at = 0
                for segment, example in enumerate(own, start=1):
                    size = int(self.records.lengths[side][example])
                    ids[row, at : at + size] = examples[side][number, :size]
                    segments[row, at : at + size] = segment
                    at, number = at + size, number + 1
            out[side], out[f"{side}_segments"] = ids, segments
        tokens = np.zeros(self.row_count, np.float32)
        tokens[: len(rows)] = np.count_nonzero(out["targets"])
        return {**out, "tokens": tokens}


def count_examples(batch: dict[str, np.ndarray]) -> int:
    """The examples of a batch that are no filling."""
    if "targets_segments" in batch:
        return int(batch["targets_segments"].max(axis=1).sum())
    return int(np.count_nonzero(batch["tokens"]))
