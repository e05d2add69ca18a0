"""Counts that explain the speed of data generation: what Beam and the encoders are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.datagen import beam_graph, encoding, spool
from components.datagen.generate import generate
from components.datagen.vocabulary import SentencePiece
from components.datagen.word_cache import WordCache
from tests.datagen.tiny import tiny_problem

CHUNK = 64
ROWS = {"train": 300, "dev": 20, "test": 20}


def test_beam_sees_chunks_and_each_is_encoded_by_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Beam element, no call of an encoder and no serialization for each example."""
    elements: list[str] = []
    encoded: list[int] = []
    serialized: list[int] = []
    words: list[int] = []
    process, encode = beam_graph.EncodeChunk.process, SentencePiece.ids_of
    serialize, ask = encoding.serialize, WordCache.__init__

    def process_counted(self: Any, chunk: str) -> Any:
        elements.append(chunk)
        return process(self, chunk)

    def encode_counted(self: Any, texts: Any, eos: bool = True) -> Any:
        encoded.append(len(texts))
        return encode(self, texts, eos)

    def serialize_counted(columns: Any) -> Any:
        examples = serialize(columns)
        serialized.append(len(examples))
        return examples

    def remember(self: Any, given: Any, *others: Any) -> None:
        def counted(texts: list[str]) -> list[list[int]]:
            words.extend([1] * len(texts))
            return given(texts)

        ask(self, counted, *others)

    monkeypatch.setattr(spool, "CHUNK_ROWS", CHUNK)
    monkeypatch.setattr(beam_graph.EncodeChunk, "process", process_counted)
    monkeypatch.setattr(SentencePiece, "ids_of", encode_counted)
    monkeypatch.setattr(encoding, "serialize", serialize_counted)
    monkeypatch.setattr(WordCache, "__init__", remember)
    problem = tiny_problem(tmp_path / "raw")
    generate(problem, "tiny", tmp_path / "data")

    chunks = sum(-(-rows // CHUNK) for rows in ROWS.values())
    assert len(elements) == len(set(elements)) == chunks
    assert len(serialized) == chunks and sum(serialized) == sum(ROWS.values())
    assert len(encoded) == 2 * chunks and sum(encoded) == 2 * sum(ROWS.values())
    # Some 3 words a side; each different one is encoded once, however many rows hold it.
    different = {word for file in (tmp_path / "raw").iterdir() for word in file.read_text().split()}
    assert len(words) <= 2 * len(different)
