"""What this process computes on, for layers that have a faster way there."""

from __future__ import annotations

import os
from functools import cache

import keras


@cache
def accelerator() -> str | None:
    """ "gpu" or "tpu" under JAX; None for a CPU and under TensorFlow."""
    if keras.backend.backend() != "jax":
        return None
    kinds = {
        name.split(":")[0].replace("cuda", "gpu") for name in keras.distribution.list_devices()
    }
    return next((kind for kind in ("gpu", "tpu") if kind in kinds), None)


def repeats_sums() -> bool:
    """Whether XLA was told (`runtime.configure`) that sums on the GPU must give the same bits each time."""
    return accelerator() == "gpu" and "xla_gpu_deterministic_ops=true" in os.environ.get(
        "XLA_FLAGS", ""
    )
