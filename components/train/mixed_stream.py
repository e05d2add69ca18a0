"""Which member of a mixture each training batch is of, and which of its batches: by (seed, step) alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from components.datagen import mixing
from components.datagen.schema import Manifest
from components.train.batches import Plan, Stream
from components.train.packing import PackedStream, packable
from components.train.records import Records

BLOCK = 1024
"""Steps drawn at once."""


class MixedStream:
    """The endless sequence of {member: batch}; like a `Stream` it begins at any step.

    Each member is drawn with the probability that the mixture gives it at that step, and its own
    batches come in their own order, so that a member sees what it would see alone.

    Args:
        streams: of the members.
        mixture: of the manifest, see `datagen/mixing.py`.
        seed: of the draws.
    """

    def __init__(
        self, streams: Mapping[str, Stream], mixture: Mapping[str, Any], seed: int
    ) -> None:
        self.streams, self.mixture, self.seed = dict(streams), mixture, seed
        self.examples = {name: len(stream.kept) for name, stream in self.streams.items()}
        self.left_out = sum(stream.left_out for stream in self.streams.values())
        self.shapes = sum(stream.shapes for stream in self.streams.values())
        self._drawn: list[np.ndarray] = []
        self._before: list[np.ndarray] = [np.zeros(len(self.streams), np.int64)]

    @property
    def batches_per_epoch(self) -> int:
        """Batches in a pass over all members."""
        return sum(stream.batches_per_epoch for stream in self.streams.values())

    def members(self, start: int, count: int) -> list[tuple[str, int]]:
        """(member, number of its batch) of `count` steps from `start` on."""
        names, found = list(self.streams), []
        for step in range(start, start + count):
            block, place = divmod(step, BLOCK)
            while len(self._drawn) <= block:
                self._draw()
            drawn = self._drawn[block]
            own = int(np.count_nonzero(drawn[:place] == drawn[place]))
            found.append((names[drawn[place]], int(self._before[block][drawn[place]]) + own))
        return found

    def batches(self, start: int, count: int) -> Iterator[dict[str, dict[str, np.ndarray]]]:
        """`count` batches from number `start` on."""
        for name, number in self.members(start, count):
            (batch,) = self.streams[name].batches(number, 1)
            yield {name: batch}

    def _draw(self) -> None:
        block = len(self._drawn)
        steps = np.arange(block * BLOCK, (block + 1) * BLOCK)
        chances = mixing.probabilities(self.mixture, self.examples, steps)
        draws = np.random.default_rng((self.seed, block)).random((BLOCK, 1))
        drawn = (draws >= np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
        counts = np.bincount(drawn, minlength=len(self.streams))
        self._drawn.append(drawn)
        self._before.append(self._before[-1] + counts)


def open_stream(data_dir: Path, manifest: Manifest, plan: Plan) -> Stream | MixedStream:
    """The training batches of a problem, or of the members of a mixture.

    With packing a mixture packs those of its members that are texts on both sides.
    """
    if not manifest.members:
        kind = PackedStream if plan.packing else Stream
        return kind(Records(data_dir, manifest, "train", plan.seed), plan)
    streams = {}
    for name in manifest.members:
        own = Manifest.load(data_dir / name)
        kind = PackedStream if plan.packing and packable(own.features) else Stream
        streams[name] = kind(Records(data_dir / name, own, "train", plan.seed), plan)
    return MixedStream(streams, manifest.mixture, plan.seed)
