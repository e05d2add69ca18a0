"""The same on JAX, in a process of its own: a backend is chosen before Keras is imported."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def skip_without_jax() -> None:
    """Skips a test where JAX is not installed, or this process is on it already."""
    pytest.importorskip("jax", exc_type=ImportError)
    if keras.backend.backend() != "tensorflow":
        pytest.skip("compares this process, on TensorFlow, with another on JAX")


@contextlib.contextmanager
def undrawn() -> Iterator[None]:
    """Networks are built with NumPy's zeros where their weights would be drawn.

    For weights that a file gives afterwards: JAX would compile a program for every shape for nothing.
    """

    def filled(value: float) -> Callable[..., np.ndarray]:
        def fill(self: Any, shape: Any, dtype: Any = None, **_: Any) -> np.ndarray:
            return np.full(shape, value, keras.backend.standardize_dtype(dtype))

        return fill

    own = keras.initializers
    values = dict.fromkeys((own.RandomNormal, own.RandomUniform, own.VarianceScaling), 0.0)
    values |= dict.fromkeys((own.TruncatedNormal, own.Orthogonal, own.Zeros), 0.0)
    with contextlib.ExitStack() as stack:
        for initializer, value in {**values, own.Ones: 1.0}.items():
            stack.enter_context(mock.patch.object(initializer, "__call__", filled(value)))
        yield


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
