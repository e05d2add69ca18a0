"""Learning rates at the steps where the formulas bend, worked by hand."""

from __future__ import annotations

import math

import pytest

from components.train.schedules import Schedule

STEPS = (0, 1, 7999, 8000, 8001, 100_000)


@pytest.mark.parametrize("step", STEPS)
def test_noam_is_tensor2tensors(step: int) -> None:
    expected = 2.0 * min(1.0, step / 8000) * max(step, 8000) ** -0.5 * 512**-0.5
    found = float(Schedule("noam", 2.0, 8000, 512, 300_000)(step))
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_peak_of_transformer_base_is_the_published_one() -> None:
    assert float(Schedule("noam", 2.0, 8000, 512, 0)(8000)) == pytest.approx(9.88e-4, rel=1e-3)


@pytest.mark.parametrize("step", STEPS)
def test_rsqrt_has_no_width(step: int) -> None:
    expected = 0.1 * min(1.0, step / 16000) * max(step, 16000) ** -0.5
    found = float(Schedule("rsqrt", 0.1, 16000, 512, 0)(step))
    assert found == pytest.approx(expected, rel=1e-6)


def test_cosine_and_linear_fall_to_zero_at_the_last_step() -> None:
    for name in ("cosine", "linear"):
        schedule = Schedule(name, 0.004, 100, 128, 1100)
        # Half-way up, the decay has not begun.
        assert float(schedule(50)) == pytest.approx(0.002, rel=1e-5)
        assert float(schedule(100)) == pytest.approx(0.004, rel=1e-5)
        assert float(schedule(600)) == pytest.approx(0.002, rel=1e-5)
        assert float(schedule(1100)) == pytest.approx(0.0, abs=1e-9)


def test_constant_warms_up_linearly_or_from_a_hundredth() -> None:
    assert float(Schedule("constant", 0.3, 10, 1, 0)(5)) == pytest.approx(0.15)
    assert float(Schedule("constant", 0.3, 0, 1, 0)(0)) == pytest.approx(0.3)
    exp = Schedule("constant_exp_warmup", 2e-4, 100, 1, 0)
    assert float(exp(0)) == pytest.approx(2e-6)
    assert float(exp(50)) == pytest.approx(2e-4 * math.sqrt(0.01))
    assert float(exp(1000)) == pytest.approx(2e-4)
