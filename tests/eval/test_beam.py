"""Beam search against enumeration, against Tensor2Tensor's algorithm in Python, and itself."""

import numpy as np
import pytest
from keras import ops

from components.eval.decoding.beam import beam_search, length_penalty, pick
from components.eval.decoding.greedy import follow
from tests.eval import markov


def search(logits, limits, *, size, alpha, length=0):
    step, init_cache = markov.make_step(logits, size)
    places = ops.convert_to_tensor(markov.room(limits, length))
    ids, scores = beam_search(step, init_cache, places, {}, beam_size=size, alpha=alpha)
    return ops.convert_to_numpy(ids), ops.convert_to_numpy(scores)


def output(row):
    return tuple(int(symbol) for symbol in row if symbol)


def test_length_penalty_is_one_at_one_symbol_and_two_at_seven():
    values = ops.convert_to_numpy(length_penalty(ops.convert_to_tensor([1, 7]), 1.0))
    assert values.tolist() == [1.0, 2.0]


def test_pick_takes_rows_within_their_own_sentence():
    x = np.array([[10, 11, 12], [20, 21, 22]])
    index = np.array([[2, 0], [1, 1]], dtype="int32")
    picked = pick(ops.convert_to_tensor(x), ops.convert_to_tensor(index))
    assert ops.convert_to_numpy(picked).tolist() == [[12, 10], [21, 21]]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.5])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_wide_beam_finds_what_enumeration_finds(seed, alpha):
    logits = markov.tables(6, 5, seed)
    limit = 5
    ids, scores = search(logits, [limit] * 6, size=128, alpha=alpha)
    for b in range(6):
        best, score = markov.brute_force(logits[b], limit, alpha)
        assert output(ids[b, 0]) == best
        assert scores[b, 0] == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.5])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_small_beam_does_what_tensor2tensor_does(size, alpha):
    logits = markov.tables(24, 9, seed=10 * size, sharpness=1.0)
    limits = [int(limit) for limit in np.random.default_rng(size).integers(1, 14, size=24)]
    ids, scores = search(logits, limits, size=size, alpha=alpha)
    for b in range(24):
        expected = markov.t2t_beam(logits[b], size, limits[b], alpha)
        for k, (score, hypothesis) in enumerate(expected):
            assert output(ids[b, k]) == hypothesis
            assert scores[b, k] == pytest.approx(score, abs=1e-4)
        assert (scores[b, len(expected) :] < -1e8).all()


def test_without_an_end_the_best_alive_is_returned_under_the_penalty_of_the_limit():
    logits = np.full((1, 4, 4, 4), 0.0, np.float32)
    logits[..., markov.EOS] = -2e9
    logits[..., 3] = 1.0
    ids, scores = search(logits, [7], size=2, alpha=1.0)
    assert ids[0, 0].tolist() == [3] * 7
    each = 1.0 - np.log(2 + np.e)  # PAD and UNK have logit 0
    assert scores[0, 0] == pytest.approx(7 * each / 2.0, abs=1e-5)


def test_the_order_and_company_of_sentences_do_not_matter():
    logits = markov.tables(8, 7, seed=5, sharpness=1.0)
    limits = [3, 9, 5, 12, 4, 7, 8, 6]
    ids, scores = search(logits, limits, size=3, alpha=0.6)
    order = [6, 1, 3, 0, 7, 2, 5, 4]
    again, scores_again = search(
        logits[order], [limits[b] for b in order], size=3, alpha=0.6, length=20
    )
    assert (again[:, :, :12] == ids[order]).all() and not again[:, :, 12:].any()
    assert scores_again == pytest.approx(scores[order], abs=1e-5)
    for b in range(8):
        alone, score = search(logits[b : b + 1], limits[b : b + 1], size=3, alpha=0.6)
        assert (alone[0] == ids[b, :, : limits[b]]).all()
        assert score[0] == pytest.approx(scores[b], abs=1e-5)


def test_rows_without_room_stay_empty():
    logits = markov.tables(2, 5, seed=3)
    ids, _ = search(logits, [0, 6], size=2, alpha=0.6)
    assert not ids[0].any() and ids[1].any()


def greedy(logits, limits):
    step, init_cache = markov.make_step(logits, 1)
    ids, scores = follow(step, init_cache, {"room": ops.convert_to_tensor(markov.room(limits))}, {})
    return ops.convert_to_numpy(ids), ops.convert_to_numpy(scores)


def test_one_beam_without_penalty_is_greedy_where_the_model_is_sure():
    logits = markov.tables(32, 6, seed=1, sharpness=200.0)
    logits[..., markov.PAD] = -1e6
    ids, scores = search(logits, [10] * 32, size=1, alpha=0.0)
    expected, total = greedy(logits, [10] * 32)
    ended = (expected == markov.EOS).any(axis=1)
    assert ended.sum() > 10
    assert (ids[ended, 0] == expected[ended]).all()
    assert scores[ended, 0] == pytest.approx(total[ended], abs=1e-3)


def test_one_beam_without_penalty_is_never_less_probable_than_greedy():
    # It is not always the same: an end that was second best stays in the finished set.
    logits = markov.tables(64, 6, seed=2, sharpness=1.0)
    _, scores = search(logits, [10] * 64, size=1, alpha=0.0)
    expected, total = greedy(logits, [10] * 64)
    ended = (expected == markov.EOS).any(axis=1)
    assert ended.sum() > 10
    assert (scores[ended, 0] >= total[ended] - 1e-4).all()
