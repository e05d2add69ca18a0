"""Problems that read their published archive themselves, on small archives of the same form."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from components.catalog import UserError
from components.datagen.problems import lm_enwik8, lm_shakespeare_characters, sentiment_imdb
from tests.datagen.shared_data import SHARED


def enwik8(folder: Path, content: bytes) -> str:
    with zipfile.ZipFile(folder / "enwik8.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("enwik8", content)
    return str(folder / "enwik8.zip")


def test_enwik8_is_cut_at_its_bytes_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lm_enwik8, "MILLION", 5000)
    rng = np.random.default_rng(3)
    content = rng.choice(np.frombuffer("ab \r\n\né".encode(), np.uint8), 100 * 5000).tobytes()
    content = content[: 90 * 5000 - 1] + b"\n" + content[90 * 5000 :]
    archive = enwik8(tmp_path, content)
    for split, (start, end) in {"train": (0, 90), "dev": (90, 95), "test": (95, 100)}.items():
        batches = lm_enwik8.rows(split, 1, archive=archive)
        lines = [line for batch in batches for line in batch["text"]]
        wanted = content[start * 5000 : end * 5000]
        # A line's end is what separates it from the next; the last one has none of its own.
        assert "\n".join(lines).encode("latin-1") == wanted.removesuffix(b"\n")
        assert split != "train" or wanted.endswith(b"\n")


def test_an_enwik8_that_is_cut_off_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lm_enwik8, "MILLION", 5)
    archive = enwik8(tmp_path, b"a" * 499)
    with pytest.raises(UserError, match="enwik8.zip:enwik8: expected 500 bytes, found 499"):
        list(lm_enwik8.rows("test", 1, archive=archive))


def test_tiny_shakespeare_is_cut_as_nanogpt_cuts_it(tmp_path: Path) -> None:
    parts = [
        SHARED / "lm" / f"tinyshakespeare.{name}.txt.gz" for name in ("train", "valid", "test")
    ]
    if not all(part.is_file() for part in parts):
        pytest.skip(f"needs {parts[0].parent}")
    texts = [gzip.decompress(part.read_bytes()) for part in parts]
    (tmp_path / "input.txt").write_bytes(b"".join(texts))
    for split, wanted in zip(("train", "dev", "test"), texts, strict=True):
        batches = lm_shakespeare_characters.rows(split, 1, file=str(tmp_path / "input.txt"))
        lines = [line for batch in batches for line in batch["text"]]
        assert "\n".join(lines).encode() == wanted.removesuffix(b"\n")


def test_imdb_is_read_by_its_folders_in_the_order_of_names(tmp_path: Path) -> None:
    archive = tmp_path / "aclImdb_v1.tar.gz"
    reviews = {
        "train/pos/1_9.txt": "Fine,\tand<br />long \n",
        "train/pos/0_10.txt": "Ein schöner Film",
        "train/neg/0_2.txt": "Bad",
        "train/unsup/0_0.txt": "Neither",
        "test/pos/0_7.txt": "Good enough",
        "test/neg/0_1.txt": "Awful",
    }
    with tarfile.open(archive, "w:gz") as file:
        for name, text in reviews.items():
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(data := text.encode())
            file.addfile(member, io.BytesIO(data))
    found = {}
    for split in ("train", "test"):
        batches = list(sentiment_imdb.rows(split, 1, archive=str(archive)))
        found[split] = [
            pair for one in batches for pair in zip(one["text"], one["label"], strict=True)
        ]
    assert found["train"] == [
        ("Bad", "neg"),
        ("Ein schöner Film", "pos"),
        ("Fine, and<br />long", "pos"),
    ]
    assert found["test"] == [("Awful", "neg"), ("Good enough", "pos")]
