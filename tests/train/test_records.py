"""What was written is read, in any order; what is damaged is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.catalog import UserError
from components.train.records import Records
from tests.eval import tiny


def test_symbols_come_back_padded_and_in_the_order_asked_for(tmp_path: Path) -> None:
    records = Records(tmp_path, tiny.copying(tmp_path), "test")
    every = records.batch(range(len(records)))
    some = records.batch([5, 2])
    width = some["inputs"].shape[1]
    np.testing.assert_array_equal(some["inputs"][0], every["inputs"][5][:width])
    np.testing.assert_array_equal(some["inputs"][1], every["inputs"][2][:width])
    np.testing.assert_array_equal(records.lengths["inputs"], (every["inputs"] != 0).sum(1))
    words = [" ".join(tiny.WORDS[i] for i in row[row > 1]) for row in every["inputs"]]
    assert records.texts("inputs") == words


def test_images_and_labels_come_back(tmp_path: Path) -> None:
    records = Records(tmp_path, tiny.animals(tmp_path), "test")
    batch = records.batch([0, 3])
    assert batch["inputs"].shape == (2, 4, 4, 1) and batch["inputs"].dtype == np.uint8
    assert [tiny.LABELS[label] for label in batch["targets"][:, 0]] == [
        records.texts("targets")[i] for i in (0, 3)
    ]


def test_a_shard_cut_short_or_missing_is_named(tmp_path: Path) -> None:
    manifest = tiny.copying(tmp_path)
    shard = tmp_path / manifest.splits["dev"].shards[0].file
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-3])
    with pytest.raises(UserError, match=f"{shard.name} is damaged"):
        Records(tmp_path, manifest, "dev")
    shard.unlink()
    with pytest.raises(UserError, match=f"{shard.name} is missing"):
        Records(tmp_path, manifest, "dev")
