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


@cache
def _triton() -> bool:
    import jax

    device = jax.devices()[0]
    major = str(getattr(device, "compute_capability", "")).split(".")[0]
    return device.platform == "gpu" and major.isdigit() and int(major) >= 8


def runs_triton() -> bool:
    """Whether our kernels run here: on one NVIDIA GPU of Ampere or later, which is what Triton needs for
    bfloat16 (other makers' have a name where these have a number), and arrays are not spread over more."""
    return accelerator() == "gpu" and keras.distribution.distribution() is None and _triton()


def repeats_sums() -> bool:
    """Whether XLA was told (`runtime.configure`) that sums on the GPU must give the same bits each time."""
    return accelerator() == "gpu" and "xla_gpu_deterministic_ops=true" in os.environ.get(
        "XLA_FLAGS", ""
    )
