"""Which examples make a batch, and in what order: decided by NumPy from a seed, before any reading.

Token-budget batches by length buckets as in Tensor2Tensor: bucket bounds 8, 8*1.1, ...; a batch of
the bucket of bound b holds batch_tokens // b examples. Unlike there, the rests of the buckets are
put together. The order is a function of (seed, epoch) alone, so a training resumes at any batch
without reading what came before it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.catalog import UserError
from components.train.assembly import count_targets, pad
from components.train.records import Records
from components.train.static_shapes import StaticShapes, positions

FIRST_BOUND = 8


def bucket_bounds(max_length: int, growth: float) -> list[int]:
    """Upper bounds (inclusive) of the buckets: 8, then max(x + 1, int(x * growth)), to max_length."""
    bounds, x = [], FIRST_BOUND
    while x < max_length:
        bounds.append(x)
        x = max(x + 1, int(x * growth))
    return [*bounds, max_length]


@dataclass(frozen=True)
class Plan:
    """How a training batches its examples.

    batch_tokens: positions a batch holds. max_length: longer examples are left out.
    static: every batch of a bucket has the same shape [batch_tokens // bound, bound], for backends
      that compile one program a shape; rows and positions that fill up weigh nothing.
    growth: ratio of bucket bounds; larger means fewer shapes and more padding.
    rows_multiple: rows of a batch are a multiple of it, for as many devices.
    packing: several examples share a row of max_length positions, see `packing.py`.
    """

    batch_tokens: int
    max_length: int
    seed: int
    static: bool = False
    growth: float = 1.1
    rows_multiple: int = 1
    packing: bool = False


class Stream:
    """The endless sequence of training batches; `batches(start)` begins at any of them."""

    def __init__(self, records: Records, plan: Plan) -> None:
        self.records, self.plan = records, plan
        longest = self._longest = positions(records.lengths)
        self.kept = np.flatnonzero(longest <= plan.max_length)
        self.left_out = len(records) - len(self.kept)
        if len(self.kept) == 0:
            raise UserError(
                f"all {len(records)} training examples of {records.manifest.problem} are longer "
                f"than max_length {plan.max_length} (shortest: {longest.min(initial=0)}); raise "
                "max_length in the hparams set"
            )
        top = int(longest[self.kept].max())
        self.bounds = np.array(bucket_bounds(max(top, FIRST_BOUND), plan.growth))
        self.bucket = np.searchsorted(self.bounds, longest[self.kept])
        if plan.batch_tokens < top:
            raise UserError(
                f"batch_tokens {plan.batch_tokens} is less than the longest example of "
                f"{records.manifest.problem}, {top} positions; raise batch_tokens or lower "
                "max_length in the hparams set"
            )
        self._shapes = StaticShapes(records.lengths, self.bounds, self.kept)
        self._epoch: tuple[int, list[np.ndarray]] | None = None

    @property
    def shapes(self) -> int:
        """Programs that a backend compiles for the steps: one for each shape, or one for all."""
        return len(np.unique(self.bucket)) if self.plan.static else 1

    @property
    def batches_per_epoch(self) -> int:
        """Batches in a pass; it is the same for every epoch."""
        return len(self.epoch(0))

    def rows(self, bucket: int) -> int:
        """Examples in a full batch of a bucket."""
        rows = max(self.plan.batch_tokens // int(self.bounds[bucket]), 1)
        return max(rows // self.plan.rows_multiple, 1) * self.plan.rows_multiple

    def epoch(self, number: int) -> list[np.ndarray]:
        """The example indices of each batch of an epoch, in the order they are trained on."""
        if self._epoch is not None and self._epoch[0] == number:
            return self._epoch[1]
        rng = np.random.default_rng((self.plan.seed, number))
        order = rng.permutation(len(self.kept))
        chunks, ready, rest = [], [], []
        for bucket in reversed(range(len(self.bounds))):
            places = np.flatnonzero(self.bucket[order] == bucket)
            rows = self.rows(bucket)
            full = len(places) // rows * rows
            for chunk in places[:full].reshape(-1, rows):
                # A full batch is trained on when its last example comes up in the shuffled order.
                chunks.append(self.kept[order[chunk]])
                ready.append(chunk[-1])
            rest.append(places[full:])
        # What is left of the buckets goes together, longest first, somewhere in the epoch: a small
        # batch for each would be a step that learns little.
        left = np.concatenate(rest)
        while len(left):
            rows = self.rows(self.bucket[order[left[0]]])
            chunks.append(self.kept[order[left[:rows]]])
            ready.append(rng.integers(len(order)))
            left = left[rows:]
        batches = [chunks[i] for i in np.argsort(ready, kind="stable")]
        self._epoch = (number, batches)
        return batches

    def batches(self, start: int, count: int) -> Iterator[dict[str, np.ndarray]]:
        """`count` batches from number `start` on."""
        size = self.batches_per_epoch
        for number in range(start, start + count):
            epoch = number // size
            yield self.make(self.epoch(epoch)[number % size], epoch)

    def make(self, indices: np.ndarray, epoch: int = 0) -> dict[str, np.ndarray]:
        """One training batch, filled up to its bucket's shape if the plan is static."""
        batch = self.records.batch(indices, epoch)
        rows = None
        lengths = None
        if self.plan.static:
            bucket, lengths = self._shapes.of(int(self._longest[indices].max()))
            rows = self.rows(bucket)
        elif len(indices) % self.plan.rows_multiple:
            rows = -(-len(indices) // self.plan.rows_multiple) * self.plan.rows_multiple
        return complete(batch, self.records, rows, lengths)


def complete(
    batch: dict[str, np.ndarray],
    records: Records,
    rows: int | None,
    lengths: Mapping[str, int] | None,
) -> dict[str, np.ndarray]:
    """Adds `tokens` and pads: each feature to its positions in `lengths`, everything to `rows` rows.

    Rows that were added have tokens 0, which is how the loss knows them.
    """
    count = count_targets(batch["targets"], records.features["targets"])
    real = len(batch["targets"])
    rows = rows or real
    out = {
        name: pad(array, records.features[name], rows, lengths[name] if lengths else None)
        if name in records.features
        else np.pad(array, [(0, rows - real)] + [(0, 0)] * (array.ndim - 1))
        for name, array in batch.items()
    }
    out["tokens"] = np.zeros(rows, dtype=np.float32)
    out["tokens"][:real] = count
    return out


def eval_batches(
    records: Records,
    batch_tokens: int,
    *,
    max_examples: int = 0,
    static: bool = False,
    growth: float = 1.3,
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Every example once, longest inputs first, none left out.

    Yields (indices, batch); with `static`, rows beyond len(indices) are padding.
    max_examples: only the first so many records; 0 means all.
    """
    count = min(max_examples or len(records), len(records))
    inputs, targets = records.lengths["inputs"][:count], records.lengths["targets"][:count]
    order = np.lexsort((np.arange(count), -targets, -inputs))
    longest = positions(records.lengths)[:count]
    bounds = np.array(bucket_bounds(max(int(longest.max(initial=1)), FIRST_BOUND), growth))
    shapes = StaticShapes(records.lengths, bounds, np.arange(count))
    if static:
        longest = bounds[np.searchsorted(bounds, longest)]
    start = 0
    while start < count:
        top = int(longest[order[start]])
        stop = start + 1
        while stop < count:
            top_next = max(top, int(longest[order[stop]]))
            if top_next * (stop + 1 - start) > max(batch_tokens, top_next):
                break
            top, stop = top_next, stop + 1
        indices = order[start:stop]
        # One shape for each bound: a batch that stopped early is filled up with rows.
        rows = max(batch_tokens // top, 1) if static else None
        lengths = shapes.of(top)[1] if static else None
        yield indices, complete(records.batch(indices), records, rows, lengths)
        start = stop


def prefetch(batches: Iterator[Any], depth: int = 4) -> Iterator[Any]:
    """Makes the next batches in a thread while the caller uses this one."""
    ready: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def offer(item: tuple[str, Any]) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for batch in batches:
                if not offer(("batch", batch)):
                    return
            offer(("end", None))
        except BaseException as error:  # handed on to the thread that consumes
            offer(("error", error))

    thread = threading.Thread(target=work, daemon=True, name="batches")
    thread.start()
    try:
        while True:
            kind, value = ready.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stop.set()
        thread.join()
