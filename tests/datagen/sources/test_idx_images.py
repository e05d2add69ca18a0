"""Images in the MNIST layout."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from components.datagen.sources.read import read
from components.datagen.sources.source import Source
from tests.datagen.sources.reading import error, rows, shared

SOURCE = Source(("images", "labels"), "idx_images")
COLUMNS = ("image", "label")


def idx(*shape: int, data: bytes | None = None, kind: int = 8) -> bytes:
    size = 1
    for one in shape:
        size *= one
    header = struct.pack(f">HBB{len(shape)}i", 0, kind, len(shape), *shape)
    return header + (bytes(i % 251 for i in range(size)) if data is None else data)


def test_images_and_labels(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(idx(5_000, 2, 3))
    (tmp_path / "labels").write_bytes(gzip.compress(idx(5_000)))
    found = rows(tmp_path, SOURCE, COLUMNS)
    assert len(found) == 5_000
    assert found[0] == (bytes([0, 1, 2, 3, 4, 5]), 0)
    assert found[4_999] == (bytes(i % 251 for i in range(29_994, 30_000)), 4_999 % 251)


def test_colour_images_tell_their_shape(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(idx(2, 4, 5, 3))
    (tmp_path / "labels").write_bytes(idx(2))
    (found,) = read(SOURCE, columns=COLUMNS, cache_dir=tmp_path, base_dir=tmp_path)
    assert found.schema.metadata[b"image_shape"] == b"4,5,3"
    assert len(found["image"][0].as_py()) == 60


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (idx(2), idx(2), "images: not an IDX file of images; expected the magic number 0x00000803"),
        (idx(2, 1, 1, kind=9), idx(2), "images: not an IDX file of images"),
        (b"", idx(2), "images: not an IDX file of images"),
        (idx(2, 1, 1), b"PNG.", "labels: not an IDX file of labels; expected the magic number"),
        (idx(2, 1, 1)[:9], idx(2), "images: ends inside its IDX header"),
        (idx(0, 1, 1), idx(2), "images: its IDX header has the impossible sizes (0, 1, 1)"),
        (idx(2, 1, 1), idx(3), "images holds 2 images, but labels 3 labels"),
        (idx(9, 2, 2, data=bytes(30)), idx(9), "images: ends in entry 8 of the 9 that its header"),
        (idx(2, 1, 1), idx(2, data=b"1"), "labels: ends in entry 2 of the 2"),
        (idx(2, 1, 1) + b"?", idx(2), "images: goes on after the 2 entries of its header"),
    ],
)
def test_errors(tmp_path: Path, images: bytes, labels: bytes, message: str) -> None:
    (tmp_path / "images").write_bytes(images)
    (tmp_path / "labels").write_bytes(labels)
    assert error(tmp_path, SOURCE, COLUMNS).startswith(message)


def test_mnist() -> None:
    folder = shared("mnist")
    source = Source(("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"), "idx_images")
    found = rows(folder, source, COLUMNS)
    assert len(found) == 10_000
    assert [label for _, label in found[:10]] == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert all(len(image) == 28 * 28 for image, _ in found)
