"""Bracketed trees over one or several lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.datagen.sources import chunks, text
from components.datagen.sources.source import Source
from tests.datagen.sources.reading import error, rows, shared

SOURCE = Source(("a.mrg",), "bracketed_trees")
COLUMNS = ("tree",)


def read_text(folder: Path, content: str) -> list[str]:
    (folder / "a.mrg").write_bytes(content.encode())
    return [tree for (tree,) in rows(folder, SOURCE, COLUMNS)]


def test_a_tree_may_span_lines_and_lines_may_hold_trees(tmp_path: Path) -> None:
    content = "\n( (S\r\n    (NP (PRP Ich))\n\t(VP (VB höre\u00a0dich))) )\n\n(A b)(C d) (E\nf)\n"
    assert read_text(tmp_path, content) == [
        "( (S (NP (PRP Ich)) (VP (VB höre\u00a0dich))) )",
        "(A b)",
        "(C d)",
        "(E f)",
    ]


def test_many_blocks(tmp_path: Path) -> None:
    trees = [f"(S (A {'x' * (i % 200)}{i})\n   (B c))" for i in range(30_000)]
    assert read_text(tmp_path, "\n".join(trees)) == [" ".join(tree.split()) for tree in trees]


@pytest.mark.parametrize("block", range(1, 12))
def test_block_borders_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 1 + block % 4)
    monkeypatch.setattr(text, "BLOCK", block)
    assert read_text(tmp_path, "(A\n(B c))\n\n (D e)(F\n\n(G h)\n)\n ") == [
        "(A (B c))",
        "(D e)",
        "(F (G h) )",
    ]
    (tmp_path / "a.mrg").write_text("(A\n(B c))\n\n (D e\n(F g)\n")
    message = error(tmp_path, SOURCE, COLUMNS)
    assert message.startswith("a.mrg, line 4: the tree that begins here is not closed")


@pytest.mark.parametrize("before", [1, 120_000])
@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("(S (A b)\n(C d)\n", "line {0}: the tree that begins here is not closed up to the end"),
        ("(S\n(A b)))\n(C d)\n", "line {1}: a closing bracket that no bracket opened"),
        ("words (S a)\n", "line {0}: 'words' is outside of any tree"),
        ("\nwords\n", "line {1}: 'words' is outside of any tree"),
    ],
)
def test_unbalanced(tmp_path: Path, before: int, rest: str, message: str) -> None:
    (tmp_path / "a.mrg").write_text("(GOOD tree)\n" * before + rest)
    expected = f"a.mrg, {message.format(before + 1, before + 2)}"
    assert error(tmp_path, SOURCE, COLUMNS).startswith(expected)


def test_an_open_tree_does_not_swallow_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.mrg").write_text("(A b)\n(C (D e)\n" + "(A b)\n" * 2_000_000)
    message = error(tmp_path, SOURCE, COLUMNS)
    assert message.startswith("a.mrg, line 2: the tree that begins here is not closed within")


def test_no_tree(tmp_path: Path) -> None:
    (tmp_path / "a.mrg").write_text("\n \n")
    assert error(tmp_path, SOURCE, COLUMNS) == "a.mrg: there is no tree in the file"
    message = error(tmp_path, SOURCE, ("inputs", "targets"))
    assert message == ("format bracketed_trees has one column, but the task wants inputs, targets")


@pytest.mark.parametrize(("split", "count"), [("train", 3_401), ("dev", 268), ("test", 245)])
def test_treebank(split: str, count: int) -> None:
    source = Source((f"{split}.clean.mrg.gz",), "bracketed_trees")
    found = rows(shared("treebank"), source, COLUMNS)
    assert len(found) == count
    assert all(tree.startswith("(TOP ") for (tree,) in found)
