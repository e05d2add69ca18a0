"""Batches are made ahead of the steps, deterministic or not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.train.batches import Plan, Stream
from components.train.feeding import feed
from components.train.hparams import Runtime
from components.train.records import Records
from components.train.runtime import configure
from tests.eval import tiny


def test_batches_are_made_while_a_step_is_at_work(tmp_path: Path) -> None:
    configure(Runtime(deterministic=True), seed=1)
    stream = Stream(Records(tmp_path, tiny.copying(tmp_path), "train"), Plan(16, 32, seed=3))
    made = 0

    def batches() -> Iterator[dict[str, Any]]:
        nonlocal made
        for batch in stream.batches(0, 12):
            made += 1
            yield batch

    fed = iter(feed(batches, stream))
    next(fed)
    # The step: nobody asks for a batch meanwhile.
    limit = time.monotonic() + 20
    while made < 4 and time.monotonic() < limit:
        time.sleep(0.01)
    assert made >= 4
    assert sum(1 for _ in fed) == 11


def test_nothing_tunes_in_the_background(tmp_path: Path) -> None:
    """The end of a `fit` would wait until the tuning thread wakes up: 5 s after 5 s of training."""
    configure(Runtime(), seed=1)
    stream = Stream(Records(tmp_path, tiny.copying(tmp_path), "train"), Plan(16, 32, seed=3))
    dataset = feed(lambda: stream.batches(0, 4), stream)
    assert dataset.options().autotune.enabled is False
