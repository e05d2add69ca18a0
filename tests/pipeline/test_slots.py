"""Sharing out a machine: how many cells at once, and which device each one sees."""

from __future__ import annotations

import pytest

from pipeline.slots import VISIBLE, gpus, slots

CPU = {"devices": "auto", "threads": 0}


@pytest.mark.parametrize(
    ("jobs", "threads", "cores", "count", "warned"),
    [
        (0, 0, 8, 1, True),  # each takes all cores
        (0, 2, 8, 4, False),
        (0, 3, 8, 2, False),
        (0, 16, 8, 1, False),
        (3, 1, 2, 3, False),
        (2, 0, 8, 2, True),
        (2, 0, 1, 2, False),
    ],
)
def test_cells_on_cores(jobs: int, threads: int, cores: int, count: int, warned: bool) -> None:
    found = slots(jobs, {**CPU, "threads": threads}, [], cores)
    assert found.environments == ({},) * count
    assert bool(found.warning) == warned


@pytest.mark.parametrize(
    ("jobs", "devices", "seen"),
    [
        (0, "auto", ["0", "1", "2", "3"]),
        (0, "gpu:2", ["0,1", "2,3"]),
        (0, "gpu:3", ["0,1,2"]),
        (0, "all", ["0,1,2,3"]),
        (6, "auto", ["0", "1", "2", "3", "0", "1"]),
        (1, "gpu:2", ["0,1"]),
    ],
)
def test_cells_on_gpus(jobs: int, devices: str, seen: list[str]) -> None:
    found = slots(jobs, {"devices": devices, "threads": 0}, ["0", "1", "2", "3"], 8)
    assert [one[VISIBLE] for one in found.environments] == seen
    assert not found.warning


def test_cells_that_are_to_run_on_the_cpu_see_every_device() -> None:
    found = slots(0, {"devices": "cpu", "threads": 1}, ["0"], 2)
    assert found.environments == ({}, {})


def test_only_the_gpus_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "2, 5")
    assert gpus() == ["2", "5"]
    for none in ("", "-1"):
        monkeypatch.setenv(VISIBLE, none)
        assert gpus() == []
