"""How long the backend has compiled programs in this process."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras


class CompileClock:
    """Counts from when it is made. A program that was in the cache on disk counts for its reading."""

    def __init__(self) -> None:
        self._durations = _durations() if keras.backend.backend() == "jax" else None
        self._before = len(self._durations or ())

    @property
    def seconds(self) -> float | None:
        """None on TensorFlow, which traces a step once: in the first step."""
        return None if self._durations is None else round(sum(self._durations[self._before :]), 3)


@cache
def _durations() -> list[float]:
    import jax

    found: list[float] = []

    def heard(event: str, duration_secs: float, **_: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            found.append(duration_secs)

    jax.monitoring.register_event_duration_secs_listener(heard)
    return found
