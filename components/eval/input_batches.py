"""Batches to decode: inputs of like length together, and how far each output may go.

Targets are not looked at, not even their lengths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from components.train.assembly import pad
from components.train.records import Records

SHORTEST = 16
NOISE_LEVELS = 1 << 24
"""Noise is a whole number below this: mixed precision would round fractions, to 256 levels in bf16."""


@dataclass(frozen=True)
class Reach:
    """How far outputs go, and how many are made together.

    batch_tokens: input positions of a batch, padding counted.
    extra_length: an output has at most as many symbols as its input has positions, and these more.
    seed: of the noise that method sample turns into symbols.
    """

    batch_tokens: int = 4096
    extra_length: int = 50
    seed: int = 1


def input_batches(
    records: Records, reach: Reach, *, max_examples: int = 0, static: bool = False
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Every example once, longest inputs first, as (indices, batch for a `Decoder`).

    max_examples: only the first so many records, 0 for all.
    static: few shapes, for backends that compile a program for each: inputs are padded to 16, 32,
        64, ... positions, and all batches of one length have as many rows; rows beyond
        len(indices) have room for nothing.
    """
    count = min(max_examples or len(records), len(records))
    lengths = records.lengths["inputs"][:count]
    order = np.lexsort((np.arange(count), -lengths))
    padded = np.array([_round_up(length) for length in lengths]) if static else lengths
    start = 0
    while start < count:
        length = int(padded[order[start]])
        rows = max(reach.batch_tokens // max(length, 1), 1)
        stop = min(start + rows, count)
        if static:
            alike = int(np.sum(padded == length))
            rows = min(rows, alike)
            stop = min(stop, start + int(np.sum(padded[order[start:stop]] == length)))
        indices = order[start:stop]
        extra = rows - len(indices) if static else 0
        inputs = records.batch(indices)["inputs"]
        inputs = pad(inputs, records.features["inputs"], len(indices) + extra, length)
        limits = np.pad(lengths[indices] + reach.extra_length, (0, extra))
        room = np.arange(length + reach.extra_length) < limits[:, None]
        noise = _noise(indices, room.shape, reach.seed)
        yield indices, {"inputs": inputs, "room": room, "noise": noise}
        start = stop


def _round_up(length: int) -> int:
    """The least of 16, 32, 64, ... that is not below `length`."""
    return max(SHORTEST, 1 << (int(length) - 1).bit_length())


def _noise(indices: np.ndarray, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Uniform int32 in [0, NOISE_LEVELS), a row a record, the same in whichever batch it is."""
    noise = np.zeros(shape, np.int32)
    for row, index in enumerate(indices):
        drawn = np.random.default_rng((seed, int(index))).random(shape[1], dtype=np.float32)
        noise[row] = drawn * NOISE_LEVELS  # exact: NumPy's fractions have 24 bits
    return noise
