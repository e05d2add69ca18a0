"""TensorFlow and JAX give the same logits and losses from the same weights, for every model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.train.every_model import computed
from tests.train.tiny_networks import MODELS

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_model_gives_the_same_on_both_backends(tmp_path: Path) -> None:
    pytest.importorskip("jax", exc_type=ImportError)
    if keras.backend.backend() != "tensorflow":
        pytest.skip("compares this process, on TensorFlow, with another on JAX")
    ours = computed(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.train.every_model", str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    theirs = np.load(tmp_path / "jax.npz")
    assert set(theirs.files) == set(ours)
    assert {key.split()[0] for key in ours} == set(MODELS)
    for key, value in ours.items():
        np.testing.assert_allclose(theirs[key], value, rtol=1e-5, atol=1e-5, err_msg=key)
        assert np.all(np.isfinite(value)), key
