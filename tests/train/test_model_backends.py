"""TensorFlow and JAX give the same logits and losses from the same weights, for every model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.every_model import VARIANTS, computed
from tests.train.on_jax import compare, skip_without_jax
from tests.train.tiny_networks import MODELS


@pytest.mark.slow
def test_every_model_gives_the_same_on_both_backends(tmp_path: Path) -> None:
    skip_without_jax()
    ours = computed(tmp_path)
    assert {key.split()[0] for key in ours} == {*MODELS, *(model for model, _ in VARIANTS)}
    compare(ours, "tests.train.every_model", tmp_path)
