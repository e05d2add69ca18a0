"""Broken raw files of the tasks that read text, trees and JSON."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from tests.tasks.broken import case, cut, replaced
from tests.tasks.raw import CLASSES, SIZES, Settings, lines, sentence, tsv

# Text, a row a line.


@case("algorithmic", "train.tsv, line 7: 1 fields between tabs, but the first line has 2")
@case("translation", "train.tsv, line 7: 1 fields between tabs, but the first line has 2")
def a_line_without_its_tab(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.tsv", 7, "a line without its tab")


@case("language_modelling", "dev.txt, line 5: not UTF-8 (byte 0xfc at byte offset ")
@case("masked_lm", "dev.txt, line 5: not UTF-8 (byte 0xfc at byte offset ")
def latin_1(raw: Path, settings: Settings) -> None:
    path = raw / "dev.txt"
    rows = path.read_bytes().split(b"\n")
    rows[4] = "fünf".encode("latin-1")
    path.write_bytes(b"\n".join(rows))


@case("permutation_lm", "test.txt: the file is empty")
def nothing_in_it(raw: Path, settings: Settings) -> None:
    (raw / "test.txt").write_text("")


@case("span_corruption", "train.txt.gz: the gzip data end too early (the file is cut off)")
def packed_and_cut(raw: Path, settings: Settings) -> Settings:
    text = "".join(f"{sentence(Random(number))}\n" for number in range(5000))
    path = raw / "train.txt.gz"
    path.write_bytes(gzip.compress(text.encode()))
    cut(path)
    return {**settings, "train": str(path)}


@case("sentence_order", "train.txt, line 9: 'alone' has no two words to be put in order")
def one_word(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.txt", 9, "alone")


@case("sentence_order", "train.txt, line 40: '", "' has no two words to be put in order")
def one_word_in_a_window(raw: Path, settings: Settings) -> Settings:
    """60 characters that begin in the last line but are not of the two lines before."""
    replaced(raw / "train.txt", 40, "x" * 300)
    return {**settings, "window": 60}


@case("summarization", "train.jsonl, line 3: no column 'summary'; did you mean 'sumary'?")
def a_key_that_is_missing(raw: Path, settings: Settings) -> Settings:
    rows = [{"document": "a b", "summary": "a"}] * 5
    rows[2] = {"document": "a b", "sumary": "a"}
    return {**settings, "columns": {}, "train": jsonl(raw, rows)}


@case("summarization", "train.jsonl, line 2: not JSON (", "{'document'")
def no_json(raw: Path, settings: Settings) -> Settings:
    path = jsonl(raw, [{"document": "a b", "summary": "a"}] * 3)
    replaced(Path(path), 2, "{'document': 'a b'}")
    return {**settings, "columns": {}, "train": path}


@case("text_generation", "train.jsonl, line 4: 'targets' is null; expected text")
def no_text(raw: Path, settings: Settings) -> Settings:
    rows = [{"inputs": "a b", "targets": "a" if number != 3 else None} for number in range(5)]
    return {**settings, "columns": {}, "train": jsonl(raw, rows)}


@case("summarization", "train.jsonl, line 3: not JSON (", "[[[[")
def brackets_without_end(raw: Path, settings: Settings) -> Settings:
    path = jsonl(raw, [{"document": "a b", "summary": "a"}] * 3)
    replaced(Path(path), 3, "[" * 100_000)
    return {**settings, "columns": {}, "train": path}


@case("summarization", "train.parquet, row 2: 'summary' is not UTF-8 (invalid start byte)")
def bytes_that_are_no_text(raw: Path, settings: Settings) -> Settings:
    rows = {"document": [b"a b"] * 3, "summary": [b"a", b"\xff", b"a"]}
    pq.write_table(pa.table(rows), raw / "train.parquet")
    return {**settings, "columns": {}, "train": str(raw / "train.parquet")}


def jsonl(raw: Path, rows: list[dict]) -> str:
    path = raw / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@case("translation", "train.en has 40 lines", "train.de has 39 lines; line 40 is missing in ")
def a_line_less_on_one_side(raw: Path, settings: Settings) -> Settings:
    for ending in ("en", "de"):
        lines(raw, sentence, ending)
    text = (raw / "train.de").read_text().split("\n")
    (raw / "train.de").write_text("\n".join(text[1:]))
    paths = {split: str(raw / split) for split in SIZES}
    return {"vocabulary_size": 60, "suffixes": ["en", "de"], **paths}


# Text with a label or a score.


def csv(raw: Path, header: str, row: Callable[[Random], str]) -> Settings:
    settings = lines(raw, row, "csv")
    for split in SIZES:
        path = raw / f"{split}.csv"
        path.write_text(f"{header}\n{path.read_text()}")
    return {**settings, "vocabulary_size": 60}


def one_label(random: Random) -> str:
    return f'"{sentence(random)}",{random.choice(CLASSES)}'


@case("text_classification", "train.csv, line 1: no column 'label'; did you mean 'lable'?")
def a_column_misspelt(raw: Path, settings: Settings) -> Settings:
    return csv(raw, "text,lable", one_label)


@case("text_classification", "train.csv, line 1: no column 'label'; there are: grade, text")
def a_column_that_is_missing(raw: Path, settings: Settings) -> Settings:
    return csv(raw, "text,grade", one_label)


@case("text_classification", "train.csv, line 12: not a CSV row (", "is a quote left open?")
def a_quote_left_open(raw: Path, settings: Settings) -> Settings:
    settings = csv(raw, "text,label", one_label)
    replaced(raw / "train.csv", 12, '"a cat,no')
    return settings


@case("text_classification", "dev.csv, line 7: label 'yse' of dev does not occur in train; did you")
def a_label_that_train_lacks(raw: Path, settings: Settings) -> Settings:
    settings = csv(raw, "text,label", one_label)
    replaced(raw / "dev.csv", 3, '"a dog\nin two lines",no')
    replaced(raw / "dev.csv", 7, '"a cat",yse')
    return settings


@case("text_classification", "train.csv, line 3: the label is missing", 'say `skip_label: ""`')
def a_label_that_is_missing_from_a_csv(raw: Path, settings: Settings) -> Settings:
    settings = csv(raw, "text,label", one_label)
    replaced(raw / "train.csv", 3, "a b,")
    return settings


@case("text_classification", "dev.csv, line 4: the label is missing", 'skip_label: "  "')
def a_label_of_blanks_where_train_is_cut(raw: Path, settings: Settings) -> Settings:
    settings = csv(raw, "text,label", one_label)
    replaced(raw / "dev.csv", 4, "a b,  ")
    return {**settings, "train": {"from": "dev", "examples": 4}}


@case("text_classification", "test.tsv, line 5: the label is missing")
def a_label_that_is_missing_from_a_tsv(raw: Path, settings: Settings) -> None:
    replaced(raw / "test.tsv", 5, "a b\t")


@case("text_classification", "train.csv, line 3: label 'y\\nes' has a line end in it")
def a_label_of_two_lines(raw: Path, settings: Settings) -> Settings:
    settings = csv(raw, "text,label", one_label)
    replaced(raw / "train.csv", 3, 'a b,"y\nes"')
    return settings


@case("text_classification", "all rows with the label 'rare' are cut away from train; expected a")
def a_label_that_a_cut_takes_away(raw: Path, settings: Settings) -> Settings:
    replaced(raw / "train.tsv", 39, "a b\trare")
    return {**settings, "dev": {"from": "train", "examples": 3, "where": "last"}}


@case("text_classification", "dev.txt, line 3: label '7'; expected one of 0, 1, 2, 3, 4")
def a_tree_with_a_wrong_label(raw: Path, settings: Settings) -> Settings:
    settings = lines(raw, lambda random: f"({random.randrange(5)} (2 It) (3 shines))")
    replaced(raw / "dev.txt", 3, "(3 (7 It) (3 shines))")
    return {**settings, "format": "sentiment_trees", "vocabulary_size": 20}


@case("inference", "test.tsv, line 6: label 'mabye' of test does not occur in train; there are: no")
def a_label_after_rows_that_are_left_out(raw: Path, settings: Settings) -> None:
    for number in (2, 4):
        replaced(raw / "test.tsv", number, "a cat\ta dog\t-")
    replaced(raw / "test.tsv", 6, "a cat\ta dog\tmabye")


@case("inference", "train.tsv, line 9: the label is missing")
def a_missing_label_after_rows_that_are_left_out(raw: Path, settings: Settings) -> None:
    for number in (2, 4):
        replaced(raw / "train.tsv", number, "a cat\ta dog\t-")
    replaced(raw / "train.tsv", 9, "a cat\ta dog\t")


@case("inference", "train.tsv, line 1: no column 'premise'; did you mean 'premis'?")
def a_header_misspelt(raw: Path, settings: Settings) -> Settings:
    path = raw / "train.tsv"
    path.write_text("premis\thypothesis\tlabel\n" + path.read_text())
    return {**settings, "columns": {}}


@case("similarity", "train.tsv, line 5: score 'high': expected a number from 1 to 5")
def a_score_that_is_no_number(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.tsv", 5, "a cat\ta dog\thigh")


@case("similarity", "train.tsv, line 5: score '1_0': expected a number from 1 to 5")
def a_score_that_only_python_reads(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.tsv", 4, "a cat\ta dog\t +3.5 ")
    replaced(raw / "train.tsv", 5, "a cat\ta dog\t1_0")


@case("similarity", "dev.tsv, line 8: score '5.5': expected a number from 1 to 5")
def a_score_out_of_range(raw: Path, settings: Settings) -> None:
    replaced(raw / "dev.tsv", 8, "a cat\ta dog\t5.5")


@case("similarity", "train.csv, line 5: score 'nan': expected a number from 1 to 5")
def a_score_after_a_blank_line(raw: Path, settings: Settings) -> Settings:
    found = csv(raw, "first,second,score", lambda random: f"{sentence(random)},a dog,3")
    replaced(raw / "train.csv", 2, "")
    replaced(raw / "train.csv", 5, "a cat,a dog,nan")
    return {**found, "low": 1.0}


@case("tagging", "train.tsv, line 2: 3 words but 2 tags: 'the cat sees'")
def a_tag_less_than_words(raw: Path, settings: Settings) -> Settings:
    found = tsv(raw, ("words", "tags"), lambda random: ("a dog runs", "D N V"))
    replaced(raw / "train.tsv", 2, "the cat sees\tD N")
    return found


@case("tagging", "train.conll, line 3: 2 fields, but the first word has 4")
def a_word_without_its_tag(raw: Path, settings: Settings) -> None:
    (raw / "train.conll").write_text("a _ _ D\n\ncat _\nsees _ _ V\n")


# Trees.


@case("parsing", "train.mrg, line 40: the tree that begins here is not closed up to the end")
def a_tree_that_is_not_closed(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.mrg", 40, "(S (NP (DT the)) (VP (VB sees))")


@case("parsing", "dev.mrg, line 4: a closing bracket that no bracket opened")
def a_bracket_too_many(raw: Path, settings: Settings) -> None:
    replaced(raw / "dev.mrg", 4, "(S (NP (DT the)) (VP (VB sees))))")


@case("parsing", "dev.mrg, line 6: column 4: (NP has the bare word 'cat' beside constituents")
def a_word_beside_constituents(raw: Path, settings: Settings) -> None:
    replaced(raw / "dev.mrg", 2, "(S (NP (DT the))\n\n  (VP (VB sees)))")
    replaced(raw / "dev.mrg", 6, "(S (NP (DT the) cat) (VP (VB sees)))")


@case("inference_parsed", "dev.tsv, line 3: hypothesis_parse: 1 bracket(s) never closed: '( a")
def a_parse_that_is_not_closed(raw: Path, settings: Settings) -> None:
    replaced(raw / "dev.tsv", 3, "( a cat )\t( a ( red dog )\tno")


@case("inference_parsed", "train.tsv, line 40: premise_parse: a closing bracket that no bracket op")
def a_parse_with_a_bracket_too_many(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.tsv", 40, "( a cat ) )\t( a dog )\tno")


@case(
    "inference_parsed", "train.tsv, line 7: premise_parse: the bracket closed after 'dog' holds 3"
)
def a_parse_that_is_not_binary(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.tsv", 6, "( a cat )\t( a dog )\t-")
    replaced(raw / "train.tsv", 7, "( a red dog )\t( a dog )\tno")


@case("inference_parsed", "test.tsv, line 2: hypothesis_parse: expected one tree, found 2: 'a dog'")
def a_sentence_without_its_parse(raw: Path, settings: Settings) -> None:
    replaced(raw / "test.tsv", 2, "( a cat )\ta dog\tno")


@case("inference_parsed", "train.tsv, line 2: the label is missing")
def a_label_that_is_missing(raw: Path, settings: Settings) -> None:
    replaced(raw / "train.tsv", 2, "( a cat )\t( a dog )\t")
