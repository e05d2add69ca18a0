"""Stand-in for components/train/runtime.py: no Keras."""

from __future__ import annotations

from components.train.hparams import Runtime


def parse_devices(devices: str) -> tuple[str, int]:
    """Anything goes."""
    return devices, 1


def configure(runtime: Runtime, seed: int) -> None:
    """Nothing to prepare."""


def available_cores() -> int:
    """As many as a test asks for."""
    return 2
