"""The trees of the Stanford Sentiment Treebank."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from components.datagen import trees
from components.datagen.sources.source import Source
from tests.datagen.sources.reading import error, rows, shared

SOURCE = Source(("a.txt",), "sentiment_trees")
COLUMNS = ("text", "label", "tree")


def test_rows(tmp_path: Path) -> None:
    lines = [
        "(3 (2 It) (4 (2 's) (4 (3 lovely) (2 film))))",
        "(0 Bad)",
        "(2 (2 ½\u00a0star) (1 -LRB-) (2 x))",
    ]
    (tmp_path / "a.txt").write_text(f"{lines[0]}\r\n\n {lines[1]} \n{lines[2]}")
    found = rows(tmp_path, SOURCE, COLUMNS)
    assert found == [
        ("It 's lovely film", "3", lines[0]),
        ("Bad", "0", "(0 Bad)"),
        ("½\u00a0star -LRB- x", "2", lines[2]),
    ]
    named = Source(("a.txt",), "sentiment_trees", {"targets": "label"})
    assert rows(tmp_path, named, ("targets",)) == [("3",), ("0",), ("2",)]
    classes = Source(("a.txt",), "sentiment_trees", {"label": "polarity"})
    assert rows(tmp_path, classes, ("label",)) == [("1",), ("0",), ("-",)]


def test_phrases(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("(3 (2 It) (4 (2 's) (4 (2 It) (1 old))))\n\n(0 Bad)\n")
    source = Source(("a.txt",), "sentiment_phrases")
    assert rows(tmp_path, source, ("text", "label", "polarity")) == [
        ("It", "2", "-"),
        ("'s", "2", "-"),
        ("old", "1", "0"),
        ("It old", "4", "1"),
        ("'s It old", "4", "1"),
        ("It 's It old", "3", "1"),
        ("Bad", "0", "0"),
    ]
    (tmp_path / "a.txt").write_text("(3 (2 It) (2 is))\n(3 (2 It)\n")
    message = error(tmp_path, source, ("text", "label"))
    assert message == "a.txt, line 2: 1 brackets are not closed"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("(3 (2 It) (2 is)", "1 brackets are not closed"),
        ("(3 (2 (1 It", "3 brackets are not closed"),
        ("(3 (2 It) (2 is)))", "')' follows the end of the tree"),
        ("(3 It) (2 is)", "'(2 is)' follows the end of the tree"),
        ("(5 (2 It) (2 is))", "label '5'; expected one of 0, 1, 2, 3, 4"),
        ("(3 (12 It) (2 is))", "label '12'; expected one of"),
        ("(3 (It) (2 is))", "label 'It'; expected one of"),
        ("(3 (2 It is) (2 is))", "'(3 (2 It is) (2 is))', at character 10; expected phrases"),
        ("(3 (2 It) is)", "'(3 (2 It) is)', at character 11; expected phrases such as (3 (2 It)"),
        ("(3 It (2 is))", "'(3 It (2 is))', at character 7; expected phrases"),
        ("((2 It) (2 is))", "'((2 It) (2 is))', at character 2; expected phrases"),
        ("(3 (2) (2 is))", "'(3 (2) (2 is))', at character 7; expected phrases"),
        ("(3)", "'(3)', at character 4; expected phrases"),
        ("It is", "'It is', at character 1; expected phrases"),
        (")", "')', at character 2; expected phrases"),
    ],
)
def test_errors(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(f"(2 (2 a) (2 b))\n\n{line}\n")
    assert error(tmp_path, SOURCE, COLUMNS).startswith(f"a.txt, line 3: {message}")


def test_wrong_column_and_no_tree(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n\n")
    message = error(tmp_path, SOURCE, ("text", "lable"))
    assert message == "format sentiment_trees: no column 'lable'; did you mean 'label'?"
    assert error(tmp_path, SOURCE, COLUMNS) == "a.txt: no rows"


@pytest.mark.parametrize(("split", "count"), [("train", 8_544), ("dev", 1_101), ("test", 2_210)])
def test_treebank_against_the_reader_of_constituency_trees(split: str, count: int) -> None:
    found = rows(shared("sst"), Source((f"{split}.txt.gz",), "sentiment_trees"), COLUMNS)
    assert len(found) == count
    assert set(Counter(label for _, label, _ in found)) == set("01234")

    def words(tree: trees.Tree) -> list[str]:
        inner = [word for child in tree.children for word in words(child)]
        return inner if tree.word is None else [tree.word]

    # That reader takes a no-break space for the end of a word, and refuses what follows.
    for text, label, line in found[:500]:
        if "\u00a0" not in line:
            tree = trees.parse(line)
            assert (tree.label, words(tree)) == (label, text.split(" "))
