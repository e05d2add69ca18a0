"""`python -m pipeline check` asks of a patch just what the modalities that cut images ask of it."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest

from components.datagen.schema import Feature
from components.train.patches import CUTTING

HEIGHT, WIDTH = 96, 48


def can_make(modality: str, patch: int) -> bool:
    feature = Feature("image", shape=(HEIGHT, WIDTH, 3), options={"patch": patch})
    try:
        import_module(f"components.train.modalities.{modality}").Modality(
            feature, SimpleNamespace(d_model=16)
        )
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("modality", CUTTING)
def test_the_patches_are_those_that_it_can_make(modality: str) -> None:
    made = CUTTING[modality]
    wanted = {n for n in range(1, WIDTH + 1) if WIDTH % n == 0 and (made is None or n in made)}
    assert {n for n in range(1, WIDTH + 1) if can_make(modality, n)} == wanted
