"""The same on JAX, in a process of its own: a backend is chosen before Keras is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def skip_without_jax() -> None:
    """Skips a test where JAX is not installed, or this process is on it already."""
    pytest.importorskip("jax", exc_type=ImportError)
    if keras.backend.backend() != "tensorflow":
        pytest.skip("compares this process, on TensorFlow, with another on JAX")


def on_jax(*arguments: str, timeout: float) -> str:
    """What Python prints on JAX and the CPU, from the repository; it must not fail."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return done.stdout


def compare(ours: Mapping[str, np.ndarray], module: str, folder: Path) -> None:
    """`python -m module folder` on JAX must write the same arrays to folder/jax.npz, to 1e-5."""
    on_jax("-m", module, str(folder), timeout=580)
    theirs = np.load(folder / "jax.npz")
    assert set(theirs.files) == set(ours)
    for key, value in ours.items():
        np.testing.assert_allclose(theirs[key], value, rtol=1e-5, atol=1e-5, err_msg=key)
        assert np.all(np.isfinite(value)), key
