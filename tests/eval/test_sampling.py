"""Drawn symbols have the distribution that temperature, top-k and top-p leave."""

import numpy as np
import pytest
from keras import ops

from components.eval.decoding.greedy import follow
from components.eval.decoding.sampling import sampler
from components.eval.input_batches import NOISE_LEVELS
from tests.eval import markov

DRAWS = 20_000
# P of symbols 0 (padding, never drawn), 1, 2, 3, 4.
P = np.array([0.0, 0.1, 0.4, 0.2, 0.3])


def draw(noise, **settings):
    logits = np.broadcast_to(np.log(np.maximum(P, 1e-30)), (len(noise), 5)).astype(np.float32)
    first = ops.convert_to_tensor(0, dtype="int32")
    choose = sampler(**settings)
    symbols = choose(ops.convert_to_tensor(logits), first, ops.convert_to_tensor(noise))
    return ops.convert_to_numpy(symbols)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, P),
        ({"temperature": 0.5}, P**2 / np.sum(P**2)),
        ({"top_k": 2}, [0, 0, 4 / 7, 0, 3 / 7]),
        ({"top_p": 0.75}, [0, 0, 4 / 9, 2 / 9, 3 / 9]),  # .4 + .3 is not yet .75
        ({"top_p": 0.69}, [0, 0, 4 / 7, 0, 3 / 7]),
        ({"top_k": 3, "top_p": 0.4}, [0, 0, 1, 0, 0]),  # .4 / .9 is more than .4 alone
        ({"top_k": 1}, [0, 0, 1, 0, 0]),
    ],
)
def test_shares_are_within_three_standard_deviations(settings, expected):
    noise = np.random.default_rng(1).integers(NOISE_LEVELS, size=(DRAWS, 1), dtype=np.int32)
    symbols = draw(noise, **{"temperature": 1.0, "top_k": 0, "top_p": 1.0, **settings})
    shares = np.bincount(symbols, minlength=5) / DRAWS
    expected = np.array(expected)
    sigma = np.sqrt(expected * (1 - expected) / DRAWS)
    assert (np.abs(shares - expected) <= 3 * sigma).all()


def test_the_running_sum_decides():
    shares = np.array([0.0, 0.39, 0.41, 0.69, 0.71, 0.89, 0.91, 1.0])
    noise = (shares * NOISE_LEVELS).astype(np.int32)[:, None]
    symbols = draw(noise, temperature=1.0, top_k=0, top_p=1.0)
    assert symbols.tolist() == [2, 2, 4, 4, 3, 3, 1, 1]


def test_the_same_numbers_draw_the_same_output_in_any_company():
    logits = markov.tables(6, 8, seed=8, sharpness=1.0)
    noise = np.random.default_rng(3).integers(NOISE_LEVELS, size=(6, 9), dtype=np.int32)

    def sample(rows):
        step, init_cache = markov.make_step(logits[rows], 1)
        choose = sampler(temperature=1.0, top_k=0, top_p=0.9)
        places = ops.convert_to_tensor(markov.room([9] * len(rows)))
        batch = {"room": places, "noise": ops.convert_to_tensor(noise[rows])}
        return ops.convert_to_numpy(follow(step, init_cache, batch, {}, choose=choose)[0])

    together = sample([0, 1, 2, 3, 4, 5])
    assert (sample([4, 2]) == together[[4, 2]]).all()
    assert len({tuple(row) for row in together}) > 1
