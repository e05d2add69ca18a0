"""Rows know where they stand, also after a task has left some out, doubled them or cut them anew."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from components.datagen.sources.batch import make, place, regrouped
from components.datagen.sources.read import read
from components.datagen.sources.source import Source
from components.datagen.windows import windows

TEXT = pa.array(["a", "b", "c"])


def places(batch: pa.RecordBatch) -> list[str]:
    return [place(batch, row) for row in range(batch.num_rows)]


def test_rows_by_number_or_by_name() -> None:
    counted = make([TEXT], ["x"], file="a.txt", unit="line", first=7)
    assert places(counted) == ["a.txt, line 7", "a.txt, line 8", "a.txt, line 9"]
    told = make([TEXT], ["x"], file="a.txt", unit="line", places=[2, "b/1.png", 9])
    assert places(told) == ["a.txt, line 2", "b/1.png", "a.txt, line 9"]


def test_rows_left_out_and_doubled_twice() -> None:
    batch = make([TEXT], ["x"], file="a.txt", unit="line", first=7)
    rows = [0, 2, 2]
    once = regrouped([TEXT.take(pa.array(rows))], batch, rows)
    twice = regrouped([TEXT.take(pa.array([1, 0]))], once, [1, 0])
    assert places(once) == ["a.txt, line 7", "a.txt, line 9", "a.txt, line 9"]
    assert places(twice) == ["a.txt, line 9", "a.txt, line 7"]


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.csv", 'tree\n"x\ny"\n\nz\n', [2, 5]),
        ("a.mrg", "(A b) (C d)\n\n(E\n f)\n(G h)\n", [1, 1, 3, 5]),
    ],
)
def test_lines_of_rows_over_several(tmp_path: Path, name: str, text: str, lines: list[int]) -> None:
    (tmp_path / name).write_text(text)
    kind = {"csv": "csv", "mrg": "bracketed_trees"}[name[2:]]
    source = Source((name,), kind)
    (batch,) = read(source, columns=("tree",), cache_dir=tmp_path, base_dir=tmp_path)
    assert places(batch) == [f"{name}, line {line}" for line in lines]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 20])
def test_a_window_stands_at_the_line_where_it_begins(tmp_path: Path, size: int) -> None:
    (tmp_path / "1.txt").write_text("one\n\ntwo three\n")
    (tmp_path / "2.txt").write_text("four\nfive\n")
    expected = []
    for name in ("1.txt", "2.txt"):
        for number, line in enumerate((tmp_path / name).read_text().split("\n")[:-1], 1):
            expected += [f"{name}, line {number}"] * (len(line) + 1)
    source = Source(("*.txt",), "lines")
    read_in = read(source, columns=("text",), cache_dir=tmp_path, base_dir=tmp_path)
    found = [one for batch in windows(read_in, size, "characters", size) for one in places(batch)]
    assert found == expected[::size]


@pytest.mark.parametrize(("size", "stride"), [(4, 1), (4, 2), (5, 3), (7, 6), (3, 3), (40, 9)])
def test_windows_with_a_stride_overlap_and_lose_nothing(
    tmp_path: Path, size: int, stride: int
) -> None:
    (tmp_path / "1.txt").write_text("one\n\ntwo three\n")
    (tmp_path / "2.txt").write_text("four\nfive\n")
    text = "one\n\ntwo three\nfour\nfive\n"
    source = Source(("*.txt",), "lines")
    read_in = read(source, columns=("text",), cache_dir=tmp_path, base_dir=tmp_path)
    cut = [one for batch in windows(read_in, size, "characters", stride) for one in batch.column(0)]
    begins = range(0, max(len(text) - size + stride, 1), stride)
    assert [str(one) for one in cut] == [text[begin : begin + size] for begin in begins]
    assert begins[-1] + size >= len(text)
