"""Greedy decoding against a loop in Python."""

import numpy as np
import pytest
from keras import ops

from components.eval.decoding.greedy import follow
from tests.eval import markov


def decode(logits, limits):
    step, init_cache = markov.make_step(logits, 1)
    batch = {"room": ops.convert_to_tensor(markov.room(limits))}
    ids, total = follow(step, init_cache, batch, {})
    return ops.convert_to_numpy(ids), ops.convert_to_numpy(total)


def by_hand(table, limit):
    prefix: tuple[int, ...] = ()
    while len(prefix) < limit and (not prefix or prefix[-1] != markov.EOS):
        step = markov.log_probs(table, prefix)
        step[markov.PAD] = -np.inf
        prefix = (*prefix, int(np.argmax(step)))
    return prefix


def test_each_symbol_is_the_likeliest_after_those_before_it():
    logits = markov.tables(12, 8, seed=4, sharpness=1.0)
    limits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    ids, total = decode(logits, limits)
    for b, limit in enumerate(limits):
        expected = by_hand(logits[b], limit)
        assert ids[b].tolist() == [*expected, *[0] * (12 - len(expected))]
        assert total[b] == pytest.approx(markov.score(logits[b], expected, 1, 0.0), abs=1e-4)


def test_the_company_of_a_sentence_does_not_matter():
    logits = markov.tables(6, 8, seed=8, sharpness=1.0)
    ids, total = decode(logits, [9, 4, 12, 7, 2, 10])
    alone, alone_total = decode(logits[3:4], [7])
    assert ids[3, :7].tolist() == alone[0].tolist() and not ids[3, 7:].any()
    assert total[3] == alone_total[0]
