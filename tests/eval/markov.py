"""Second-order Markov language models, one a sentence, and slow searches that need no tensors.

The symbol before the previous one is known from the cache alone, so a search that does not reorder
its cache with its beams gets other probabilities.
"""

from __future__ import annotations

import itertools

import numpy as np
from keras import ops

EOS, PAD = 1, 0


def tables(sentences: int, vocabulary: int, seed: int, sharpness: float = 2.0) -> np.ndarray:
    """Logits [sentence, symbol before, previous symbol, next symbol]."""
    rng = np.random.default_rng(seed)
    shape = (sentences, vocabulary, vocabulary, vocabulary)
    return (rng.normal(size=shape) * sharpness).astype(np.float32)


def log_probs(table: np.ndarray, prefix: tuple[int, ...]) -> np.ndarray:
    """log P(next symbol | prefix) of one sentence's [V, V, V]."""
    before, previous = (0, 0, *prefix)[-2:]
    logits = table[before, previous].astype(np.float64)
    return logits - np.log(np.sum(np.exp(logits)))


def make_step(logits: np.ndarray, beams: int):
    """`step` and `init_cache` over `tables`."""
    flat = ops.convert_to_tensor(logits.reshape(-1, logits.shape[-1]))
    sentences, size = logits.shape[0], logits.shape[-1]

    def init_cache(memory, length):
        sentence = np.repeat(np.arange(sentences, dtype="int32"), beams)
        return {
            "sentence": ops.convert_to_tensor(sentence),
            "before": ops.zeros((sentences * beams,), dtype="int32"),
        }

    def step(ids, position, cache, memory):
        row = (cache["sentence"] * size + cache["before"]) * size + ids
        return ops.take(flat, row, axis=0), {**cache, "before": ids}

    return step, init_cache


def room(limits: list[int], length: int = 0) -> np.ndarray:
    """The positions each sentence may take, [B, T]."""
    return np.arange(max(length, *limits))[None, :] < np.array(limits)[:, None]


def score(table: np.ndarray, output: tuple[int, ...], length: int, alpha: float) -> float:
    """log P(output) under the length penalty of `length` symbols."""
    total = sum(log_probs(table, output[:i])[symbol] for i, symbol in enumerate(output))
    return total / ((5 + length) / 6) ** alpha


def brute_force(table: np.ndarray, limit: int, alpha: float) -> tuple[tuple[int, ...], float]:
    """The best of all outputs that end with EOS within the limit."""
    symbols = range(EOS + 1, table.shape[-1])
    outputs = (
        (*words, EOS) for n in range(limit) for words in itertools.product(symbols, repeat=n)
    )
    scored = ((score(table, output, len(output), alpha), output) for output in outputs)
    best, output = max(scored)
    return output, best


def t2t_beam(table: np.ndarray, size: int, limit: int, alpha: float):
    """Tensor2Tensor's beam search on one sentence, as its source reads, in Python lists.

    Returns (score, output) of every finished hypothesis, best first; if there is none, of the
    alive ones, under the penalty of the limit.
    """
    alive: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    finished: list[tuple[float, tuple[int, ...]]] = []
    for position in range(limit):
        grown = [
            (total + step, (*prefix, symbol))
            for total, prefix in alive
            for symbol, step in enumerate(log_probs(table, prefix))
            if symbol != PAD
        ]
        top = sorted(grown, reverse=True)[: 2 * size]
        alive = [(total, ids) for total, ids in top if ids[-1] != EOS][:size]
        penalty = ((5 + position + 1) / 6) ** alpha
        ended = [(total / penalty, ids) for total, ids in top if ids[-1] == EOS]
        finished = sorted(finished + ended, reverse=True)[:size]
        bound = alive[0][0] / ((5 + limit) / 6) ** alpha
        if finished and finished[0][0] > bound:
            break
    return finished or [(total / ((5 + limit) / 6) ** alpha, ids) for total, ids in alive]
