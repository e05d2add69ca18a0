"""What every transform must do, over every file found under `transforms/`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train import transforms
from tests.train.transforms.drawing import rngs, text

HELPERS = ("__init__", "load", "settings")
FOUND = {path.stem for path in Path(transforms.__path__[0]).glob("*.py")} - set(HELPERS)


def pixels(channels: int) -> np.ndarray:
    return np.random.default_rng(6).integers(20, 230, (6, 8, 7, channels), dtype=np.uint8)


def speech(*lengths: int) -> np.ndarray:
    out = np.zeros((len(lengths), max(lengths), 80), np.float32)
    for row, length in enumerate(lengths):
        out[row, :length] = np.random.default_rng(row).normal(size=(length, 80))
    return out


MASKING = {"mask_id": 3, "random_high": 1_000}
STARTS = np.random.default_rng(9).random(1_000) < 0.5
SENTINELS = list(range(2_000, 2_100))
CASES: list[tuple[str, np.ndarray, dict[str, Any]]] = [
    *(
        ("image_augment", pixels(channels), settings)
        for channels in (1, 3)
        for settings in (
            {},
            {"flip": True},
            {"crop": 2},
            {"cutout": 3},
            {"flip": True, "crop": 1, "rand_augment": 0.7},
        )
    ),
    *(("rand_augment", pixels(channels), {"magnitude": 0.6}) for channels in (1, 3)),
    ("spec_augment", speech(90, 400, 3), {}),
    ("masking", text(0, 1, 7, 60), MASKING),
    ("masking", text(0, 1, 7, 60), {**MASKING, "ngram": 3}),
    ("masking", text(0, 1, 7, 60), {**MASKING, "whole_word": True, "word_starts": STARTS}),
    (
        "masking",
        text(0, 1, 7, 60),
        {**MASKING, "whole_word": True, "ngram": 4, "word_starts": STARTS},
    ),
    ("span_corruption", text(0, 1, 30, 90), {"sentinels": SENTINELS}),
    ("permutation", text(0, 1, 30, 50), {"sentinels": SENTINELS[:10]}),
]
every_case = pytest.mark.parametrize(
    ("name", "inputs", "settings"), CASES, ids=[f"{n}{i}" for i, (n, _, _) in enumerate(CASES)]
)


def test_no_transform_is_forgotten() -> None:
    assert {name for name, _, _ in CASES} == FOUND


@every_case
def test_equal_generators_give_equal_batches_and_change_nothing_that_came_in(
    name: str, inputs: np.ndarray, settings: dict[str, Any]
) -> None:
    apply = import_module(f"components.train.transforms.{name}").apply
    batch = {"inputs": inputs, "other": np.arange(len(inputs))}
    before = inputs.copy()
    one = apply(batch, settings, rngs(len(inputs)))
    two = apply(batch, settings, rngs(len(inputs)))
    np.testing.assert_array_equal(inputs, before)
    assert one["other"] is batch["other"]
    assert one.keys() == two.keys() >= batch.keys()
    for key, array in one.items():
        np.testing.assert_array_equal(array, two[key])


@every_case
def test_a_row_depends_on_no_other(name: str, inputs: np.ndarray, settings: dict[str, Any]) -> None:
    apply = import_module(f"components.train.transforms.{name}").apply
    whole = apply({"inputs": inputs}, settings, rngs(len(inputs)))
    for row, rng in enumerate(rngs(len(inputs))):
        alone = apply({"inputs": inputs[row : row + 1]}, settings, [rng])
        for key, array in whole.items():
            same = alone[key][0]
            assert not array[row][len(same) :].any(), "a batch is padded to its longest row"
            np.testing.assert_array_equal(array[row][: len(same)], same)
