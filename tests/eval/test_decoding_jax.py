"""Tests of the searches and of prediction again, in a process whose backend is JAX."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = ("test_beam.py", "test_greedy.py", "test_sampling.py", "test_predict.py")
# The rest says nothing new about a backend, and JAX compiles each of them for seconds.
CHOSEN = "tensor2tensor or uncached or company or shares or any_size or graphs or moment"


@pytest.mark.slow
def test_the_searches_do_the_same_on_jax():
    pytest.importorskip("jax", exc_type=ImportError)
    folder = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", CHOSEN]
        + [str(folder / file) for file in FILES],
        cwd=folder.parents[1],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=550,
    )
    assert done.returncode == 0, done.stdout[-5000:]
