"""Decoding with CTranslate2 (https://opennmt.net/CTranslate2) in the place of the network.

Greedy outputs are ours. Beam search is CTranslate2's: it goes on until K hypotheses have ended; they
are asked for with their log probabilities, and ranked here by our formula,

    score = log P(y | x) / ((5 + |y|) / 6)^alpha          |y| counts EOS

What remains different is the search itself: ours goes on until no alive hypothesis can still win
(see `decoding/beam.py`), so it now and then finds a better one. And padding, which neither ever
chooses, is left out of its probabilities; a trained network gives it none to speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from components.datagen.schema import EOS, PAD
from components.datagen.vocabulary import Vocabulary
from components.eval.outputs import Outputs
from components.eval.settings import EvalSettings
from components.train.records import Records


class Engine:
    """Answers of a CTranslate2 model on a split, as `Predictor` gives them.

    Args:
        translator: a `ctranslate2.Translator` of a model from `export_ctranslate2.write`.
        pieces: of `inputs` and `targets`, by id.
        vocabulary: of the targets.
        settings: how to decode; method beam or greedy.
    """

    def __init__(
        self,
        translator: Any,
        pieces: Mapping[str, list[str]],
        vocabulary: Vocabulary,
        settings: EvalSettings,
    ) -> None:
        self.translator, self.pieces, self.vocabulary = translator, pieces, vocabulary
        self.settings = settings
        self.ids = {piece: i for i, piece in enumerate(pieces["targets"])}

    def predict(
        self,
        records: Records,
        *,
        max_examples: int = 0,
        done: Callable[[int], None] | None = None,
    ) -> Outputs:
        """Texts and scores of a split, or of its first so many records; see `Predictor.predict`."""
        count = min(max_examples or len(records), len(records))
        texts, scores = [""] * count, np.zeros(count, np.float32)
        lengths = records.lengths["inputs"][:count]
        finished = 0
        for length in sorted(set(lengths.tolist()), reverse=True):  # each has its own limit
            indices = np.flatnonzero(lengths == length)
            rows = [words(row, self.pieces["inputs"]) for row in records.batch(indices)["inputs"]]
            found = self._translate(rows, int(length) + self.settings.extra_length)
            for index, (score, ids) in zip(indices, found, strict=True):
                texts[index], scores[index] = self.vocabulary.decode(ids), score
            finished += len(indices)
            if done:
                done(finished)
        return Outputs(texts, scores, [[text] for text in texts])

    def _translate(self, rows: list[list[str]], limit: int) -> list[tuple[float, list[int]]]:
        """The best (score, ids with EOS) of every row; at most `limit` symbols each."""
        settings = self.settings
        if limit == 0:
            return [(0.0, [])] * len(rows)
        beams = settings.beam_size if settings.method == "beam" else 1
        results = self.translator.translate_batch(
            rows,
            beam_size=beams,
            num_hypotheses=beams,
            length_penalty=0,  # scores are then log probabilities
            return_scores=True,
            return_end_token=True,
            max_input_length=0,
            max_decoding_length=limit,
            max_batch_size=settings.batch_tokens,
            batch_type="tokens",
            suppress_sequences=[[self.pieces["targets"][PAD]]],
        )
        return [self._best(one, limit) for one in results]

    def _best(self, result: Any, limit: int) -> tuple[float, list[int]]:
        """Of one sentence's hypotheses; those that ended come first, as in our search."""
        found = []
        alpha = self.settings.length_penalty if self.settings.method == "beam" else 0.0
        for log_prob, hypothesis in zip(result.scores, result.hypotheses, strict=True):
            ids = [self.ids[piece] for piece in hypothesis]
            ended = EOS in ids
            score = log_prob / ((5 + (len(ids) if ended else limit)) / 6) ** alpha
            found.append((ended, score, ids))
        _, score, ids = max(found, key=lambda one: one[:2])
        return score, ids


def words(row: np.ndarray, pieces: list[str]) -> list[str]:
    """The pieces of ids up to EOS, which CTranslate2 adds by itself."""
    return [pieces[i] for i in row if i > EOS]
