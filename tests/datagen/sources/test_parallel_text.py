"""Parallel text: rows, line ends, encodings, packed files, and every way in which they break."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from components.datagen.sources import batch, chunks, text
from components.datagen.sources.read import read
from components.datagen.sources.source import Source
from tests.datagen.sources.reading import error, rows, shared

COLUMNS = ("inputs", "targets")
PAIR = Source(("a.en", "a.de"), "parallel_text")


def write(folder: Path, english: bytes, german: bytes) -> None:
    (folder / "a.en").write_bytes(english)
    (folder / "a.de").write_bytes(german)


def test_line_n_of_each_file_is_row_n(tmp_path: Path) -> None:
    write(tmp_path, b"one\ntwo\n", "eins\nzwölf\n".encode())
    assert rows(tmp_path, PAIR, COLUMNS) == [("one", "eins"), ("two", "zwölf")]


def test_only_newlines_end_a_line(tmp_path: Path) -> None:
    odd = "a\u2028b\x0bc\x0cd\x85e\rf"
    write(tmp_path, (odd + "\r\n" + "\n" + "last").encode(), b"1\n2\r\n3")
    assert rows(tmp_path, PAIR, COLUMNS) == [(odd, "1"), ("", "2"), ("last", "3")]


def test_many_blocks_keep_their_lines_together(tmp_path: Path) -> None:
    english = [f"{i} " + "x" * (i % 97) for i in range(60_000)]
    german = [f"{i} " + "ü" * (i % 53) for i in range(60_000)]
    write(tmp_path, "\n".join(english).encode(), "\r\n".join(german).encode())
    assert rows(tmp_path, PAIR, COLUMNS) == list(zip(english, german, strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_block_borders_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 1 + seed % 5)
    monkeypatch.setattr(text, "BLOCK", 1 + seed % 7)
    draw = random.Random(seed)
    content = "".join(draw.choice(["a", "ü", "\n", "\r\n", "\r", "𝄞"]) for _ in range(300))
    (tmp_path / "a").write_bytes(content.encode())
    (tmp_path / "b").write_bytes(content.encode("utf-16"))
    expected = content.replace("\r\n", "\n").removesuffix("\n").split("\n")
    assert [line for (line,) in rows(tmp_path, Source(("a",), "lines"), ("t",))] == expected
    utf16 = Source(("b",), "lines", encoding="utf-16")
    assert [line for (line,) in rows(tmp_path, utf16, ("t",))] == expected


def test_a_batch_knows_where_its_rows_stand(tmp_path: Path) -> None:
    lines = "\n".join(map(str, range(1, 10_001))).encode()
    write(tmp_path, lines, lines)
    for found in read(PAIR, columns=COLUMNS, cache_dir=tmp_path, base_dir=tmp_path):
        assert len(found) <= batch.ROWS
        for row in (0, len(found) - 1):
            assert batch.place(found, row) == f"a.en, line {found['inputs'][row].as_py()}"


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_packed_files(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    # Two streams in one file, as `cat a.gz b.gz` makes them.
    (tmp_path / f"a.en{suffix}").write_bytes(pack(b"one\nt") + pack(b"wo\n"))
    (tmp_path / "a.de").write_bytes(pack(b"eins\nzwei\n"))  # packed, though the name is silent
    source = Source((f"a.en{suffix}", "a.de"), "parallel_text")
    assert rows(tmp_path, source, COLUMNS) == [("one", "eins"), ("two", "zwei")]


def test_globs_pair_the_sorted_files(tmp_path: Path) -> None:
    for part in (2, 1, 3):
        (tmp_path / f"{part}.en").write_text(f"en {part}\n")
        (tmp_path / f"{part}.de").write_text(f"de {part}\n")
    source = Source(("*.en", "*.de"), "parallel_text")
    expected = [("en 1", "de 1"), ("en 2", "de 2"), ("en 3", "de 3")]
    assert rows(tmp_path, source, COLUMNS) == expected
    (tmp_path / "2.de").unlink()
    assert "3 for inputs, 2 for targets" in error(tmp_path, source, COLUMNS)


def test_other_encodings(tmp_path: Path) -> None:
    write(tmp_path, "one\nfür\n".encode("utf-16"), "eins\nfür\n".encode("utf-16"))
    utf16 = Source(PAIR.paths, "parallel_text", encoding="utf-16")
    assert rows(tmp_path, utf16, COLUMNS) == [("one", "eins"), ("für", "für")]
    write(tmp_path, b"\xef\xbb\xbfone\n", b"\xef\xbb\xbfeins\n")  # byte order marks
    assert rows(tmp_path, PAIR, COLUMNS) == [("one", "eins")]
    wrong = Source(PAIR.paths, "parallel_text", encoding="utf-9")
    assert "encoding: there is no 'utf-9'" in error(tmp_path, wrong, COLUMNS)


def test_misaligned_files(tmp_path: Path) -> None:
    write(tmp_path, b"x\n" * 9_000, b"y\n" * 8_999)
    assert error(tmp_path, PAIR, COLUMNS) == (
        "misaligned parallel text: a.en has 9000 lines and a.de has 8999 lines; "
        "line 9000 is missing in a.de"
    )
    write(tmp_path, b"x\n" * 4096, b"y\n" * 700_000)  # the rest of the longer file is counted too
    assert "a.de has 700000 lines; line 4097 is missing in a.en" in error(tmp_path, PAIR, COLUMNS)


@pytest.mark.parametrize("before", [2, 400_000])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_broken_utf8(tmp_path: Path, before: int, mark: bytes) -> None:
    good = mark + "ß\r\n".encode() * before
    write(tmp_path, good + b"abc\xffd\n" + b"rest\n" * 1000, b"x\n" * (before + 1001))
    message = error(tmp_path, PAIR, COLUMNS)
    assert f"a.en, line {before + 1}: not UTF-8" in message
    assert f"byte 0xff at byte offset {len(good) + 3}" in message


def test_broken_bytes_in_another_encoding(tmp_path: Path) -> None:
    write(tmp_path, b"\x93\xfa\n" * 50_000 + b"a\x81", b"")  # Shift JIS, cut inside a character
    source = Source(("a.en",), "lines", encoding="shift_jis")
    message = error(tmp_path, source, ("text",))
    assert message == "a.en, line 50001: not shift_jis (byte 0x81 at byte offset 150001)"


def test_truncated_gzip_tells_the_last_whole_line(tmp_path: Path) -> None:
    lines = [f"{i} {i * i} {i**3}" for i in range(100_000)]
    packed = gzip.compress("\n".join(lines).encode())
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    source = Source(("a.gz",), "lines")
    message = error(tmp_path, source, ("text",))
    prefix = "a.gz: the gzip data end too early (the file is cut off), after line "
    assert message.startswith(prefix)
    last = int(message.removeprefix(prefix))
    assert 40_000 < last < 60_000
    unpacked = zlib.decompressobj(wbits=31).decompress(packed[: len(packed) // 2])
    assert unpacked.count(b"\n") == last
    (tmp_path / "a.gz").write_bytes(packed[:20])
    assert error(tmp_path, source, ("text",)) == prefix + "0"


def test_broken_gzip(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"one\ntwo\n"))
    packed[-5] ^= 0xFF  # the checksum
    (tmp_path / "a.gz").write_bytes(packed)
    assert "a.gz: the gzip data are broken" in error(tmp_path, Source(("a.gz",), "lines"), ("t",))
    (tmp_path / "a.gz").write_bytes(b"<html>Not found</html>")
    message = error(tmp_path, Source(("a.gz",), "lines"), ("t",))
    assert message == "a.gz: not gzip, although its name says so; it begins b'<html>Not '"


def test_empty_and_missing_files(tmp_path: Path) -> None:
    write(tmp_path, b"", b"eins\n")
    assert error(tmp_path, PAIR, COLUMNS) == "a.en: the file is empty"
    (tmp_path / "a.en").rename(tmp_path / "a.en.gz")
    message = error(tmp_path, PAIR, COLUMNS)
    assert message.startswith("a.en: there is no such file;")
    assert message.endswith("did you mean 'a.en.gz'?")
    assert "is a folder" in error(tmp_path.parent, Source((tmp_path.name,), "lines"), ("t",))
    assert "matches no file" in error(tmp_path, Source(("*.fr",), "lines"), ("t",))
    far = error(tmp_path, Source(("no/where/a.en",), "lines"), ("t",))
    assert f"{tmp_path} has no 'no'" in far


def test_a_line_that_never_ends(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ok\n" + b"\0" * ((1 << 26) + (1 << 21)))
    message = error(tmp_path, Source(("a",), "lines"), ("t",))
    assert message == "a, line 2: more than 64 MiB with no line end"


def test_one_path_a_column(tmp_path: Path) -> None:
    write(tmp_path, b"one\n", b"eins\n")
    message = error(tmp_path, Source(("a.en",), "parallel_text"), COLUMNS)
    assert "one path (or member of an archive) for each of inputs, targets: 2" in message
    message = error(tmp_path, Source(("a.en", "a.de"), "lines"), COLUMNS)
    assert "use format parallel_text" in message


def test_multi30k() -> None:
    folder = shared("multi30k") / "task1"
    found = rows(folder, Source(("train.en.gz", "train.de.gz"), "parallel_text"), COLUMNS)
    assert len(found) == 29_000
    assert found[0] == (
        "Two young, White males are outside near many bushes.",
        "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.",
    )
