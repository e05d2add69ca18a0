"""Margins of unigram models against all segmentations, and rows at the edge against SentencePiece."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
import sentencepiece

from components.datagen.sentencepiece_model import read_model
from components.datagen.unigram_margins import MARK, UNKNOWN, Margins
from components.datagen.vocabulary import SentencePiece

PIECES = ((MARK, -2.0), ("a", -3.0), ("b", -3.5), ("ab", -5.0), (f"{MARK}a", -4.5), ("ba", -6.75))


def segmentations(text: str, scores: dict[str, float], unknown: float) -> Iterator[float]:
    """The sums of all segmentations, one by one."""
    if not text:
        yield 0.0
    for end in range(1, len(text) + 1):
        score = scores.get(text[:end], unknown if end == 1 else None)
        if score is not None:
            yield from (score + rest for rest in segmentations(text[end:], scores, unknown))


def test_the_two_best_are_those_of_all_segmentations() -> None:
    margins = Margins(PIECES)
    scores, unknown = dict(PIECES), -6.75 - UNKNOWN
    words = ["a", "b", "ab", "aba", "abab", "x", "axb", "bbaabab", "日a"]
    texts = [MARK + word for word in words]
    best, second = margins._best_two(texts, np.array([len(text) for text in texts]))
    for row, text in enumerate(texts):
        sums = sorted(segmentations(text, scores, unknown), reverse=True)
        assert best[row] == pytest.approx(sums[0])
        assert second[row] == (pytest.approx(sums[1]) if len(sums) > 1 else -np.inf)


def test_reach_falls_with_the_gap_and_ties_are_never_safe() -> None:
    tied = Margins((*PIECES[:3], ("ab", -6.5)))
    reach, sizes = tied.of([" ab", "b", "", "  ", "c" * 100])
    assert reach[0] < 0 < reach[1] and sizes[1] == 5.5
    assert reach[2] == reach[3] == np.inf and sizes[2] == sizes[3] == 0
    assert reach[4] < 0
    near = [Margins((*PIECES[:3], ("ab", -6.5 + gap))).of([" ab"])[0][0] for gap in (1e-5, 1e-2, 1)]
    assert near == sorted(near)


def tied_model() -> bytes:
    """A trained model whose scores are made equal by tens, so that segmentations tie often."""
    rng = np.random.default_rng(6)
    stems = ["".join(rng.choice(list("abcdefghij"), rng.integers(1, 5))) for _ in range(60)]
    rows = [" ".join("".join(rng.choice(stems, 2)) for _ in range(6)) for _ in range(600)]
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(rows),
        model_writer=written,
        vocab_size=120,
        model_type="unigram",
        normalization_rule_name="identity",
        minloglevel=2,
        **{"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
    )
    content = written.getvalue()
    for text, score in read_model(content).pieces:
        rounded = np.float32(len(text) * round(float(score) / len(text), 1))
        assert _entry(text, score) in content
        content = content.replace(_entry(text, score), _entry(text, float(rounded)))
    return content


def _entry(text: str, score: float) -> bytes:
    """Fields 1 and 2 of ModelProto.SentencePiece."""
    written = text.encode()
    return b"\x0a" + bytes([len(written)]) + written + b"\x15" + np.float32(score).tobytes()


def test_rows_with_ties_are_those_of_sentencepiece() -> None:
    vocabulary = SentencePiece(tied_model())
    assert vocabulary._words is not None
    rng = np.random.default_rng(5)
    letters = list("abcdefghijk")
    words = ["".join(rng.choice(letters, rng.integers(1, 9))) for _ in range(300)]
    rows = [" ".join(rng.choice(words, rng.integers(1, 200))) for _ in range(400)]
    found = vocabulary._words.encode_batch(pa.array(rows), True)
    assert found is not None
    flat, offsets = found.flat()
    expected = vocabulary._processor.encode(rows, add_eos=True)
    assert [row.tolist() for row in np.split(flat, offsets[1:-1])] == expected
    # Both ways were taken, and what they would say by themselves is not always the same.
    reach, _ = vocabulary._words._margins.of(words)  # type: ignore[union-attr]
    assert (reach < 0).any() and (reach > 0).any()
