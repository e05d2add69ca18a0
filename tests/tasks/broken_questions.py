"""Broken raw files of questions and their answers."""

from __future__ import annotations

import json
from pathlib import Path

from tests.tasks.broken import case, cut, replaced
from tests.tasks.raw import Settings, tsv


@case("question_answering", "train.json, question 'train5': answer_start ", " is not where '")
def an_answer_at_a_wrong_offset(raw: Path, settings: Settings) -> None:
    path = raw / "train.json"
    data = json.loads(path.read_text())
    data["data"][0]["paragraphs"][5]["qas"][0]["answers"][0]["answer_start"] += 1
    path.write_text(json.dumps(data))


@case("question_answering", "train.tsv, line 2: the answer 'cat' is not at 3, where ' ca' is")
def an_answer_at_a_wrong_offset_of_a_table(raw: Path, settings: Settings) -> Settings:
    columns = ("question", "context", "answer", "answers", "start")
    found = tsv(raw, columns, lambda random: ("who ?", "the cat", "cat", "cat", "4"))
    replaced(raw / "train.tsv", 2, "who ?\tthe cat\tcat\tcat\t3")
    return {**found, "vocabulary_size": 30}


@case("question_answering", "train.tsv, line 2: the answer ' ' is blank; start -1 says: no answer")
def an_answer_of_blanks(raw: Path, settings: Settings) -> Settings:
    settings = an_answer_at_a_wrong_offset_of_a_table(raw, settings)
    replaced(raw / "train.tsv", 2, "who ?\tthe cat\t \t \t3")
    return settings


@case("question_answering", "train.tsv, line 3: start 'four': expected a whole number")
def an_offset_that_is_no_number(raw: Path, settings: Settings) -> Settings:
    settings = an_answer_at_a_wrong_offset_of_a_table(raw, settings)
    replaced(raw / "train.tsv", 2, "who ?\tthe cat\tcat\tcat\t4")
    replaced(raw / "train.tsv", 3, "who ?\tthe cat\tcat\tcat\tfour")
    return settings


@case("question_answering", "dev.json, line 1: not JSON (")
def json_cut(raw: Path, settings: Settings) -> None:
    cut(raw / "dev.json")
