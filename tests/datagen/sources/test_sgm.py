"""WMT test sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.datagen.sources.source import Source
from tests.datagen.sources.reading import error, rows

SOURCE = Source(("src.en.sgm", "ref.de.sgm"), "sgm")
COLUMNS = ("inputs", "targets")


def sgm(kind: str, *segments: str) -> str:
    lines = (f'<seg id="{i}">{text}</seg>' for i, text in enumerate(segments, 1))
    body = "\n".join(lines)
    return f'<{kind} setid="t">\n<doc docid="d">\n<p>\n{body}\n</p>\n</doc>\n</{kind}>\n'


def write(folder: Path, source: str, reference: str) -> None:
    (folder / "src.en.sgm").write_text(source, encoding="utf-8")
    (folder / "ref.de.sgm").write_text(reference, encoding="utf-8")


def test_segments(tmp_path: Path) -> None:
    write(tmp_path, sgm("srcset", " a  &amp; b ", "c"), sgm("refset", "ä", "&quot;d\ne&quot;"))
    assert rows(tmp_path, SOURCE, COLUMNS) == [("a & b", "ä"), ("c", '"d e"')]


@pytest.mark.parametrize(
    ("source", "reference", "message"),
    [
        (
            sgm("srcset", "a", "b"),
            sgm("refset", "a"),
            "misaligned test set: src.en.sgm has 2 segments and ref.de.sgm 1; "
            "segment 2 is missing in ref.de.sgm",
        ),
        (
            sgm("srcset", "a", "b"),
            sgm("refset", "a", "b").replace('"2"', '"3"'),
            "misaligned test set: src.en.sgm, line 5 is segment d:2, but ref.de.sgm, line 5 is d:3",
        ),
        (
            sgm("srcset", "a", "b").replace("a</seg>", "a"),
            sgm("refset", "a", "b"),
            "src.en.sgm, line 4: this <seg> is not closed",
        ),
        ("plain\n", sgm("refset", "a"), "src.en.sgm: has no <seg>; expected a WMT test set"),
    ],
)
def test_errors(tmp_path: Path, source: str, reference: str, message: str) -> None:
    write(tmp_path, source, reference)
    assert error(tmp_path, SOURCE, COLUMNS).startswith(message)
