"""Tensor2Tensor's sets for parsing, with what was meant by their dead and misspelt fields."""

from __future__ import annotations

import pytest

from components.train.schedules import Schedule
from tests.train.test_image_sets import values_of


@pytest.mark.parametrize("name", ["transformer_parsing_base", "transformer_parsing_big"])
def test_the_rate_is_half_the_papers(name: str) -> None:
    """0.5 d_model^-.5 min(step^-.5, step warmup^-1.5), where transformer_base and big have 2.0."""
    values = values_of(name)
    assert (values["learning_rate"], values["num_layers"]) == (0.5, 4)
    warmup = values["warmup_steps"]
    schedule = Schedule(
        values["learning_rate_schedule"], values["learning_rate"], warmup, values["d_model"], 10**6
    )
    # Steps are counted from 0, T2T's from 1.
    peak = 0.5 * values["d_model"] ** -0.5 * warmup**-0.5
    assert float(schedule(warmup - 1)) == pytest.approx(peak, rel=1e-3)


def test_what_they_share() -> None:
    base, big = values_of("transformer_parsing_base"), values_of("transformer_parsing_big")
    assert (base["shared_embedding"], base["tied_softmax"]) == (False, False)
    assert big["shared_embedding"] is False and big.get("tied_softmax", True)
