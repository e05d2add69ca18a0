"""Words with tags, a word a line."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from components.datagen.problem import Problem
from components.datagen.sources import chunks, text
from components.datagen.sources.source import Source
from components.datagen.tasks import tagging
from tests.datagen.sources.reading import error, rows

COLUMNS = ("words", "tags")
SOURCE = Source(("a.conllu",), "conllu")
UNIVERSAL = """# newdoc
# text = Zum Haus gibt's 10 000.
1-2\tZum\t_\t_\t_\t_\t_\t_\t_\t_
1\tzu\tzu\tADP\tAPPR\t_\t3\tcase\t_\t_
2\tdem\tder\tDET\tART\t_\t3\tdet\t_\t_
3\tHaus\tHaus\tNOUN\tNN\t_\t0\troot\t_\t_
3.1\telided\telided\tVERB\t_\t_\t_\t_\t_\t_
4\t10 000\t10000\tNUM\tCARD\t_\t3\tnummod\t_\t_

# sent_id = 2
1\t#\t#\tSYM\t$(\t_\t0\troot\t_\t_

"""
ENTITIES = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O

# # B-NP O
1,5\u00a0m CD I-NP O"""


def found(folder: Path, content: str, **columns: int) -> list[tuple[str, ...]]:
    (folder / "a.conllu").write_bytes(content.encode())
    return rows(folder, Source(("a.conllu",), "conllu", columns), COLUMNS)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_universal_dependencies(tmp_path: Path, end: str) -> None:
    content = UNIVERSAL.replace("\n", end)
    words = "zu dem Haus 10\u00a0000"
    assert found(tmp_path, content) == [(words, "ADP DET NOUN NUM"), ("#", "SYM")]
    assert found(tmp_path, content, tags=5) == [(words, "APPR ART NN CARD"), ("#", "$(")]
    assert found(tmp_path, content, words=3, tags=2)[0] == (
        "zu der Haus 10000",
        "zu dem Haus 10\u00a0000",
    )


def test_a_word_with_a_blank_has_one_tag() -> None:
    batch = pa.RecordBatch.from_pydict(
        {"words": ["zu 10\u00a0000", "a\u3000b c"], "tags": ["ADP NUM", "X Y"]}
    )
    problem = Problem("tagging")
    assert tagging.rows(batch, problem).column("inputs").equals(batch.column("words"))


def test_entities(tmp_path: Path) -> None:
    expected = [("EU rejects", "B-ORG O"), ("# 1,5\u00a0m", "O O")]
    assert found(tmp_path, ENTITIES) == expected
    assert found(tmp_path, ENTITIES, tags=2) == [
        ("EU rejects", "NNP VBZ"),
        ("# 1,5\u00a0m", "# CD"),
    ]


def test_two_fields_and_comments_of_another_width(tmp_path: Path) -> None:
    content = "# a comment here\n#tag\tO\nBonn\tB-LOC\n\n\n\n# another one of these\nja\tO\n\n\n"
    assert found(tmp_path, content, words=1, tags=2) == [("#tag Bonn", "O B-LOC"), ("ja", "O")]


@pytest.mark.parametrize("block", range(1, 60, 7))
def test_block_borders_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    content = "EU NNP B-NP B-ORG\nx y z O\n\n" * 20
    monkeypatch.setattr(chunks, "CHUNK", 1 + block % 4)
    monkeypatch.setattr(text, "BLOCK", block)
    assert found(tmp_path, content) == [("EU x", "B-ORG O")] * 20


def test_many_sentences(tmp_path: Path) -> None:
    content = "".join(f"w{i} A B C\nx A B T{i}\n\n" for i in range(50_000))
    assert found(tmp_path, content) == [(f"w{i} x", f"C T{i}") for i in range(50_000)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (UNIVERSAL.replace("\tSYM", ""), "a.conllu, line 11: 9 fields, but the first word has 10"),
        (UNIVERSAL.replace("\tDET", "\t"), "a.conllu, line 5: field 4 is empty"),
        (UNIVERSAL.replace("3\tHaus", "x\tHaus"), "a.conllu, line 6: id 'x'; expected a number"),
        (ENTITIES.replace("VBZ ", ""), "a.conllu, line 4: 3 fields, but the first word has 4"),
        ("a\tA\nb\tB\n", "a.conllu: which of the 2 fields is words? say it with columns: {words: "),
        ("# nothing\n\n", "a.conllu: no line with a word in the first 11 bytes"),
        ("", "a.conllu: the file is empty"),
    ],
)
def test_errors(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.conllu").write_text(content)
    assert error(tmp_path, SOURCE, COLUMNS).startswith(message)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"tags": 11}, "a.conllu: 10 fields, but columns asks for number 11"),
        ({"tags": 0}, "format conllu: columns: tags: 0; expected a position from 1"),
        ({"tags": "UPOS"}, "format conllu: columns: tags: 'UPOS'; expected a position from 1"),
    ],
)
def test_wrong_positions(tmp_path: Path, columns: dict[str, int | str], message: str) -> None:
    (tmp_path / "a.conllu").write_text(UNIVERSAL)
    assert error(tmp_path, Source(("a.conllu",), "conllu", columns), COLUMNS) == message
