"""Source, its formats, its local files and their checksums."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from components.catalog import UserError
from components.datagen.sources.locate import local_files
from components.datagen.sources.read import READERS
from components.datagen.sources.source import FORMATS, Source, format_of
from tests.datagen.sources.reading import REPOSITORY, error, rows

READER_FILES = REPOSITORY / "components" / "datagen" / "sources" / "formats"


def test_a_format_is_a_file() -> None:
    files = {path.stem for path in READER_FILES.glob("*.py") if path.stem != "__init__"}
    assert files == set(FORMATS) == set(READERS)


def test_unknown_format(tmp_path: Path) -> None:
    message = error(tmp_path, Source(("a",), "json"), ("inputs",))
    assert message == "there is no format 'json' for data files; did you mean 'jsonl'?"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("train.en", "train.de"), "parallel_text"),
        (("src.txt", "tgt.txt.gz"), "parallel_text"),
        (("corpus.txt",), "lines"),
        (("a/train.tsv.gz",), "tsv"),
        (("A.CSV", "b.csv"), "csv"),
        (("https://host/x/a.jsonl.xz",), "jsonl"),
        (("train.clean.mrg.gz",), "bracketed_trees"),
        (("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"), "idx_images"),
        (("newstest2014-deen-src.en.sgm", "newstest2014-deen-ref.de.sgm"), "sgm"),
    ],
)
def test_names_tell_the_format(paths: tuple[str, ...], expected: str) -> None:
    assert format_of(paths) == expected


@pytest.mark.parametrize("paths", [("corpus",), ("a.csv", "b.tsv")])
def test_names_that_tell_nothing(paths: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="write format: and one of parallel_text, lines"):
        format_of(paths)


def test_local_files(tmp_path: Path) -> None:
    for name in ("b.tsv", "a.tsv", "c.txt"):
        (tmp_path / name).write_text("x\n")
    source = Source(("c.txt", "*.tsv", "https://host/d.tsv"), "lines")
    found = local_files(source, tmp_path)
    assert found == [tmp_path / "c.txt", tmp_path / "a.tsv", tmp_path / "b.tsv"]
    assert local_files(Source((str(tmp_path / "?.tsv"),), "tsv"), Path("/")) == found[1:]
    with pytest.raises(UserError, match="did you mean 'c.txt'"):
        local_files(Source(("c.text",), "lines"), tmp_path)


def test_checksums_of_local_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one\n")
    good = hashlib.sha256(b"one\n").hexdigest()
    assert rows(tmp_path, Source(("a",), "lines", sha256=(good.upper(),)), ("t",)) == [("one",)]
    message = error(tmp_path, Source(("a",), "lines", sha256=("0" * 64,)), ("t",))
    assert message == f"a: wrong sha256; expected {'0' * 64}, seen {good}"
    message = error(tmp_path, Source(("a",), "lines", sha256=(good, good)), ("t",))
    assert message == "sha256: 2 given for 1 paths (a); expected one each"
    (tmp_path / "b").write_bytes(b"two\n")
    message = error(tmp_path, Source(("[ab]",), "lines", sha256=(good,)), ("t",))
    assert "has a sha256 but matches 2 files" in message
    assert "at least one path" in error(tmp_path, Source((), "lines"), ("t",))


def test_source_needs_only_the_standard_library() -> None:
    code = (
        "import sys, components.datagen.sources.source, components.datagen.sources.locate\n"
        "heavy = {'numpy', 'pyarrow', 'requests', 'tensorflow', 'apache_beam'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


def test_reading_imports_no_tensorflow_and_no_beam() -> None:
    code = (
        "import sys, components.datagen.sources.read\n"
        "heavy = {'requests', 'tensorflow', 'apache_beam', 'keras'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
