"""By how much a word's best segmentation in a unigram model wins, and where that is enough.

SentencePiece adds the float32 scores of a sentence's pieces from left to right and keeps the best
sum at every place (Kudo 2018, https://arxiv.org/abs/1804.10959). No piece reaches over a blank, so
in exact arithmetic a word has the same best segmentation everywhere. In float32 each addition errs
by at most u = 2^-24 of the sum, so over the L characters of a word each segmentation's sum is wrong
by at most L u M, where M bounds the sums: the scores of the words before plus those within. A best
segmentation that wins by more than 2 L u M is found in either way; here it must win by four times
that. Ties and near ties, and words that are very long, are left to SentencePiece.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from components.datagen.sentencepiece_model import MARK

LONGEST = 64
"""Characters; a longer word is never safe."""
UNIT = 2.0**-24
SLACK = 8.0
UNKNOWN = 10.0
"""kUnkPenalty of unigram_model.cc: an unknown character scores so much below the worst piece."""
_SHIFT = np.int64(21)  # a code point has 21 bits


@lru_cache(maxsize=4)
def margins(pieces: tuple[tuple[str, float], ...]) -> Margins:
    """The margins of a model, made once in a process."""
    return Margins(pieces)


class Margins:
    """The pieces of a model as a tree of characters.

    pieces: (text, score) of the normal ones.
    """

    def __init__(self, pieces: Sequence[tuple[str, float]]) -> None:
        edges: dict[int, int] = {}
        scores = [-np.inf]
        for text, score in pieces:
            node = 0
            for character in text:
                key = node << 21 | ord(character)
                if key not in edges:
                    edges[key] = len(scores)
                    scores.append(-np.inf)
                node = edges[key]
            scores[node] = score
        self._keys = np.array(sorted(edges), np.int64)
        self._next = np.array([edges[key] for key in sorted(edges)], np.int64)
        self._scores = np.array(scores)
        found = [score for _, score in pieces]
        self._unknown = min(found) - UNKNOWN
        self._largest = max(map(abs, (*found, self._unknown)))

    def of(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """float64 [words], twice: the largest sum of scores in a row in which a word is safe, and
        what the word itself adds to that sum. A word may begin with a blank."""
        reach, sizes = np.full(len(words), -1.0), np.zeros(len(words))
        texts = [word.lstrip(" ") for word in words]
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        reach[lengths == 0] = np.inf
        some = np.flatnonzero((lengths > 0) & (lengths < LONGEST))
        if len(some):
            best, second = self._best_two([MARK + texts[row] for row in some], lengths[some] + 1)
            length = lengths[some] + 1
            reach[some] = (best - second) / (SLACK * UNIT * length) - length * self._largest
            sizes[some] = -best
        return reach, np.abs(sizes)

    def _best_two(self, texts: list[str], lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The sums of the best and the next best segmentation of each text."""
        width = int(lengths.max())
        padded = "".join(text.ljust(width, "\0") for text in texts).encode("utf-32-le")
        codes = np.frombuffer(padded, "<u4").reshape(len(texts), width).astype(np.int64)
        best, second = (np.full((len(texts), width + 1), -np.inf) for _ in range(2))
        best[:, 0] = 0.0
        for start in range(width):
            rows = np.flatnonzero(lengths > start)
            node = np.zeros(len(rows), np.int64)
            for end in range(start + 1, width + 1):
                node, alive = self._step(node, codes[rows, end - 1])
                score = np.where(alive, self._scores[node], -np.inf)
                if end == start + 1:
                    score = np.where(np.isneginf(score), self._unknown, score)
                _offer(best, second, rows, start, end, score)
                rows, node = rows[alive], node[alive]
                if not len(rows):
                    break
        every = np.arange(len(texts))
        return best[every, lengths], second[every, lengths]

    def _step(self, node: np.ndarray, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The node that a character leads to, and whether there is one."""
        key = node << _SHIFT | code
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        alive = self._keys[place] == key
        return np.where(alive, self._next[place], 0), alive


def _offer(
    best: np.ndarray,
    second: np.ndarray,
    rows: np.ndarray,
    start: int,
    end: int,
    score: np.ndarray,
) -> None:
    """Takes a piece from `start` to `end` into the two best sums at its end."""
    first, other = best[rows, start] + score, second[rows, start] + score
    now = best[rows, end]
    second[rows, end] = np.maximum(np.minimum(now, first), np.maximum(second[rows, end], other))
    best[rows, end] = np.maximum(now, first)
