"""Batches are a function of (seed, epoch): complete, in budget, and reachable from any start."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from components.catalog import UserError
from components.train.batches import Plan, Stream, bucket_bounds, eval_batches, prefetch
from components.train.records import Records
from tests.eval import tiny


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Records:
    monkeypatch.setattr(tiny, "SIZES", {"train": 300, "dev": 9, "test": 14})
    manifest = tiny.copying(tmp_path)
    return Records(tmp_path, manifest, "train")


def test_the_bounds_are_tensor2tensors() -> None:
    bounds, x = [], 8
    while x < 256:
        bounds.append(x)
        x = max(x + 1, int(x * 1.1))
    assert bucket_bounds(256, 1.1) == [*bounds, 256]
    assert len(bounds) == 41  # the list that T2T logs for transformer_base
    assert bounds[:4] == [8, 9, 10, 11]


def test_an_epoch_holds_every_example_once(records: Records) -> None:
    stream = Stream(records, Plan(batch_tokens=64, max_length=32, seed=3))
    for number in (0, 1):
        seen = np.concatenate(stream.epoch(number))
        assert sorted(seen) == list(range(300))
    assert not np.array_equal(np.concatenate(stream.epoch(0)), np.concatenate(stream.epoch(1)))


def test_the_same_seed_gives_the_same_order_and_any_start_can_be_reached(records: Records) -> None:
    plan = Plan(batch_tokens=64, max_length=32, seed=3)
    whole = list(Stream(records, plan).batches(0, 90))
    tail = list(Stream(records, plan).batches(70, 20))
    for one, other in zip(whole[70:], tail, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_no_batch_is_larger_than_its_budget(records: Records) -> None:
    stream = Stream(records, Plan(batch_tokens=64, max_length=32, seed=3))
    for batch in stream.batches(0, stream.batches_per_epoch):
        assert batch["inputs"].size <= 64 and batch["targets"].size <= 64
        assert batch["tokens"][0] == np.count_nonzero(batch["targets"])


def test_all_batches_but_one_are_full(records: Records) -> None:
    stream = Stream(records, Plan(batch_tokens=64, max_length=32, seed=3))
    longest = np.max([*records.lengths.values()], axis=0)
    small = [
        indices
        for indices in stream.epoch(0)
        if len(indices) < stream.rows(np.searchsorted(stream.bounds, longest[indices].max()))
    ]
    assert len(stream.bounds) > 2 and len(small) <= 1
    assert stream.batches_per_epoch == len(stream.epoch(7))


def test_little_is_padding() -> None:
    """The share of positions that hold nothing, for lengths like those of captions."""
    rng = np.random.default_rng(0)
    words = np.clip(rng.lognormal(2.5, 0.35, 6000), 4, 60)
    inputs = words.astype(int)
    targets = np.clip(inputs + rng.normal(0, 1.5, 6000), 3, 60).astype(int)
    lengths = {"inputs": inputs, "targets": targets}

    class Lengths(SimpleNamespace):
        def __len__(self) -> int:
            return len(self.lengths["inputs"])

    stream = Stream(Lengths(lengths=lengths), Plan(4096, 128, seed=1))  # type: ignore[arg-type]
    positions = sum(
        len(indices) * (inputs[indices].max() + targets[indices].max())
        for indices in stream.epoch(0)
    )
    assert 1 - (inputs.sum() + targets.sum()) / positions < 0.1


def test_static_batches_have_few_shapes_and_their_filling_weighs_nothing(records: Records) -> None:
    stream = Stream(records, Plan(64, 32, 3, static=True, growth=1.25))
    shapes = set()
    for indices in stream.epoch(0):
        batch = stream.make(indices)
        shapes.add(batch["inputs"].shape)
        assert batch["inputs"].shape == batch["targets"].shape
        assert np.all(batch["tokens"][len(indices) :] == 0)
        assert np.all(batch["targets"][len(indices) :] == 0)
    assert len(shapes) <= len(stream.bounds)


def test_the_number_of_shapes_is_known_before_any_batch_is_made(records: Records) -> None:
    stream = Stream(records, Plan(64, 32, 3, static=True, growth=1.25))
    batches = stream.batches(0, 3 * stream.batches_per_epoch)
    seen = {batch["inputs"].shape + batch["targets"].shape for batch in batches}
    assert 1 < len(seen) <= stream.shapes
    assert Stream(records, Plan(64, 32, 3)).shapes == 1  # TensorFlow traces a step once


def test_examples_that_cannot_be_trained_on_are_named(records: Records) -> None:
    longest = int(records.lengths["inputs"].max())
    assert Stream(records, Plan(64, longest - 1, 1)).left_out > 0
    with pytest.raises(UserError, match="raise max_length"):
        Stream(records, Plan(64, 1, 1))
    with pytest.raises(UserError, match=f"batch_tokens 5 .* {longest} positions"):
        Stream(records, Plan(5, 32, 1))


def test_evaluation_reads_everything_once_longest_first(records: Records) -> None:
    batches = list(eval_batches(records, 64))
    assert sorted(np.concatenate([indices for indices, _ in batches])) == list(range(300))
    tops = [batch["inputs"].shape[1] for _, batch in batches]
    assert tops == sorted(tops, reverse=True)


def test_static_evaluation_has_one_shape_a_bound(records: Records) -> None:
    batches = list(eval_batches(records, 64, static=True))
    assert sorted(np.concatenate([indices for indices, _ in batches])) == list(range(300))
    shapes = {batch["inputs"].shape for _, batch in batches}
    assert len(shapes) == len({length for _, length in shapes}) < len(batches)
    for indices, batch in batches:
        rows, length = batch["inputs"].shape
        assert len(indices) <= rows and rows * length <= max(64, length)
        assert not np.any(batch["tokens"][len(indices) :])


def test_an_error_in_the_thread_reaches_the_consumer() -> None:
    def broken():
        yield 1
        raise ValueError("cut short")

    ready = prefetch(broken())
    assert next(ready) == 1
    with pytest.raises(ValueError, match="cut short"):
        next(ready)
