"""Layout: which row goes into which split, shard and place; decided once, for any runner.

Everything here is arithmetic on the hashes of a `Spool`: with these it holds 25 bytes a row in memory,
57 at its peak (traced once, 4 million rows), and does 10^7 rows in a few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.catalog import UserError
from components.datagen.problem import Cut, cut_order
from components.datagen.schema import SPLITS
from components.datagen.spool import Spool

SHARD_BYTES = 16 << 20
DROPPED = -1


@dataclass(frozen=True)
class Rows:
    """The rows of one split before filtering: `index` into the spool it was read from."""

    spool: Spool
    index: np.ndarray

    @property
    def inputs(self) -> np.ndarray:
        return self.spool.inputs[self.index]

    @property
    def whole(self) -> np.ndarray:
        """Hashes of inputs and targets together."""
        return self.inputs ^ scrambled(self.spool.targets[self.index])


@dataclass(frozen=True)
class Placement:
    """Where a split's rows go: `position` [rows of `rows`], its place in the split or DROPPED."""

    rows: Rows
    position: np.ndarray
    kept: int
    shards: int


def scrambled(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """splitmix64 (Steele et al. 2014, doi 10.1145/2714064.2660195) of each value, as uint64."""
    z = values.astype(np.uint64)
    with np.errstate(over="ignore"):
        z += np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & (2**64 - 1))
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return z


def numbers(count: int) -> type[np.signedinteger[Any]]:
    """The smallest type of integers that numbers so many rows: each row has several of them."""
    return np.int32 if count < 2**31 else np.int64


def cut(
    spools: Mapping[str, Spool],
    cuts: Mapping[str, Cut],
    seed: int,
    by_input: bool = False,
    classes_in: bool = False,
) -> dict[str, Rows]:
    """The rows of each split, with the declared cuts made.

    by_input: a cut counts different inputs and gets the first row of each (`Task.cut_by_input`).
    classes_in: inputs are names of classes: rows are then told apart by both sides, as a cut that
        keeps equal inputs together would take whole classes away.
    Raises UserError if a cut is too large, or if splits are cut in a circle.
    """
    rows = {
        name: Rows(spool, np.arange(spool.rows, dtype=numbers(spool.rows)))
        for name, spool in spools.items()
    }
    for name in cut_order(cuts):
        wanted = cuts[name]
        source = rows[wanted.source]
        chosen = _chosen(
            name, wanted, source.whole if classes_in else source.inputs, seed, by_input
        )
        taken, left = source.index[chosen], source.index[~chosen]
        if by_input:
            taken = taken[~_repeated(source.spool.inputs[taken])]
        rows[name] = Rows(source.spool, taken)
        rows[wanted.source] = Rows(source.spool, left)
    return {name: rows[name] for name in SPLITS}


def _chosen(name: str, wanted: Cut, inputs: np.ndarray, seed: int, by_input: bool) -> np.ndarray:
    """bool [rows]: which of the rows with these inputs go into the split `name`.

    The rows of the least keys; equal inputs have equal keys where they are to stay together.
    """
    if wanted.where == "anywhere":
        keys = scrambled(inputs, seed)
    else:
        place = np.arange(len(inputs))
        if by_input:
            _, first, group = np.unique(inputs, return_index=True, return_inverse=True)
            place = first[group]
        keys = len(inputs) - place
    ordered = np.unique(keys) if by_input else np.sort(keys)
    if wanted.examples >= len(ordered):
        raise UserError(
            f"{name}: cannot cut {wanted.examples:,} examples from {wanted.source}, "
            f"which has {len(ordered):,}{' different inputs' if by_input else ''}"
        )
    chosen = keys <= ordered[wanted.examples - 1]
    if chosen.all():
        raise UserError(
            f"{name}: cannot cut {wanted.examples:,} examples from {wanted.source}: equal inputs stay "
            f"together, and its {len(ordered):,} rows are too few different ones"
        )
    return chosen


def place(
    rows: Mapping[str, Rows], drop: Sequence[str], shards: int, seed: int
) -> tuple[dict[str, Placement], dict[str, Any], dict[str, Any]]:
    """Placements, counts and leakage of the splits.

    Train is shuffled by a seeded hash; dev and test keep the order of their files, so that line n
    of the predictions belongs to line n of the source.
    drop: filters applied to the train split (those that need no lengths).
    shards: files of the train split, 0 = by size. Raises UserError if a split is left empty.
    """
    placements, counts = {}, {}
    whole = {name: one.whole for name, one in rows.items()}
    for name, one in rows.items():
        found = {"duplicates": _repeated(whole[name]), "empty": one.spool.empty[one.index]}
        if name == "train":
            held_out = np.concatenate([whole["dev"], whole["test"]])
            found["leaked"] = _among(whole[name], np.sort(held_out))
        keep = np.ones(len(one.index), bool)
        for kind in drop:
            if name == "train" and kind in found:
                keep &= ~found[kind]
        kept = int(keep.sum())
        if not kept:
            raise UserError(f"{name}: no row is left of {len(one.index):,} ({', '.join(drop)})")
        position = np.full(len(one.index), DROPPED, numbers(len(one.index)))
        chosen = np.flatnonzero(keep).astype(position.dtype)
        if name == "train":
            # The keys all differ, as splitmix64 maps one to one: any sort gives the same order.
            chosen = chosen[np.argsort(scrambled(chosen, seed))]
        position[chosen] = np.arange(kept, dtype=position.dtype)
        size = one.spool.bytes * kept // max(one.spool.rows, 1)
        by_size = max(1, -(-size // SHARD_BYTES))
        wanted = shards if shards and name == "train" else by_size
        placements[name] = Placement(one, position, kept, min(wanted, kept))
        counts[name] = {"read": len(one.index)} | {key: int(v.sum()) for key, v in found.items()}
    return placements, counts, _leakage(rows, whole)


def _repeated(hashes: np.ndarray) -> np.ndarray:
    """True for every row but the first of those that are equal."""
    order = np.argsort(hashes, kind="stable")
    found = hashes[order]
    repeated = np.zeros(len(hashes), bool)
    repeated[order[1:]] = found[1:] == found[:-1]
    return repeated


def _among(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether each value is one of the others, which are sorted; at least one."""
    return others[np.minimum(np.searchsorted(others, values), len(others) - 1)] == values


def _leakage(rows: Mapping[str, Rows], whole: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """How many rows of dev and test occur in the splits before them: whole, and by inputs alone."""
    found = {}
    for other, names in (("train", ("dev", "test")), ("dev", ("test",))):
        known, inputs = np.sort(whole[other]), np.sort(rows[other].inputs)
        for name in names:
            found[f"{name}_in_{other}"] = {
                "rows": int(_among(whole[name], known).sum()),
                "inputs": int(_among(rows[name].inputs, inputs).sum()),
                "of": len(rows[name].index),
            }
    return found
