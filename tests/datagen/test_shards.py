from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from tfx_bsl.coders import example_coder

from components.datagen import ragged, shards
from components.datagen.ids import Rows, Words
from components.datagen.wire import varints
from tests.datagen.records import read_tfrecord, slow_crc32c


def test_the_checksum_is_the_published_one():
    assert slow_crc32c(b"123456789") == 0xE3069283  # RFC 3720, appendix B.4


def test_framing_can_be_read_back_and_its_checksums_hold():
    records = [b"", b"a", b"hello" * 100, bytes(range(256))]
    framed = b"".join(shards.frame(pa.array(records, pa.large_binary())).to_pylist())
    assert list(read_tfrecord(framed, check=True)) == records


def test_columns_come_back_from_examples():
    columns = {
        "targets": (np.array([5, 6, 1, 1], np.int32), np.array([0, 3, 4])),
        "inputs": (np.array([7, 1, 300, 2**40]), np.array([0, 2, 4])),
        "inputs_text": (pa.array(["Straße", ""]), np.array([0, 1, 2])),
        "image": (pa.array([b"\x00\xff", b"x" * 40_000]), np.array([0, 1, 2])),
    }
    first, second = map(example_coder.ExampleToNumpyDict, shards.serialize(columns).to_pylist())
    assert first["targets"].tolist() == [5, 6, 1] and first["inputs"].tolist() == [7, 1]
    assert first["inputs_text"][0].decode() == "Straße" and first["image"][0] == b"\x00\xff"
    assert second["targets"].tolist() == [1] and second["inputs"].tolist() == [300, 2**40]
    assert second["image"][0] == b"x" * 40_000


def test_features_are_written_in_the_order_of_their_names():
    one = (np.array([1]), np.array([0, 1]))
    columns = dict.fromkeys(("d", "b", "a", "c", "e", "f"), one)
    (example,) = shards.serialize(columns).to_pylist()
    found = [example.index(b"\x0a\x01" + name) for name in (b"a", b"b", b"c", b"d", b"e", b"f")]
    assert found == sorted(found)


def test_rows_of_words_are_the_bytes_that_tfx_bsl_writes():
    rng = np.random.default_rng(3)
    table = [
        rng.integers(0, 2 ** rng.integers(1, 31), rng.integers(0, 90)).tolist() for _ in range(40)
    ]
    table += [[], [0], [127], [128], [2**14 - 1, 2**14], [2**21 - 1, 2**21], [2**31 - 1]]
    values, offsets = ragged.of_lists(table)
    starts = ragged.offsets_of(rng.integers(1, 5, 300))
    index = rng.integers(0, len(table), int(starts[-1]))
    words = Words(index, starts, values, offsets, ragged.binary(*varints(values, offsets)))
    assert words.lengths().tolist() == np.diff(words.flat()[1]).tolist()
    other = (pa.array(["a", ""] * 150), np.arange(301))
    for name in ("x", "inputs", "n" * 200):
        by_words = shards.serialize({name: words, "other": other})
        assert by_words.equals(shards.serialize({name: words.flat(), "other": other}))


def test_counts_are_those_of_the_ids():
    rng = np.random.default_rng(4)
    values, offsets = ragged.of_lists([[], [3, 3, 1], [7], [0, 2]])
    starts = ragged.offsets_of(rng.integers(1, 5, 30))
    index = rng.integers(0, 4, int(starts[-1]))
    words = Words(index, starts, values, offsets, ragged.binary(*varints(values, offsets)))
    kept = rng.random(30) < 0.5
    for mask in (None, kept, ~kept, np.zeros(30, bool)):
        found = words.counts(9, mask).tolist()
        lists = np.split(words.flat()[0], words.flat()[1][1:-1])
        rows = range(30) if mask is None else np.flatnonzero(mask)
        expected = np.concatenate([np.zeros(0, np.int32), *(lists[row] for row in rows)])
        assert found == np.bincount(expected, minlength=9).tolist()
        assert found == Rows(*words.flat()).counts(9, mask).tolist()


def test_the_size_of_a_header_is_known_from_the_whole():
    for size in (*range(0, 300), 16_382, 16_383, 16_384, 2_097_151, 2_097_152):
        header = shards._message_header(size)
        assert shards._message_header_size(len(header) + size) == len(header)


def test_a_shard_file_and_its_entry(tmp_path):
    shard = shards.write_shard(tmp_path / shards.shard_name("train", 2, 12), [b"a", b"bc"])
    content = (tmp_path / "train-00002-of-00012.tfrecord").read_bytes()
    assert (shard.file, shard.examples) == ("train-00002-of-00012.tfrecord", 2)
    assert shard.bytes == len(content) == 2 * 16 + 3
    assert shard.sha256 == hashlib.sha256(content).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == [shard.file]
