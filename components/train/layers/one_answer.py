"""The half of a body that answers once: what it made of the inputs is the answer.

    decode(y) = y + answer

y is the zero vector that a label's or a number's modality asks with, or the command of a mixture.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class OneAnswer(keras.layers.Layer):
    """A body whose `encode` leaves the answer [B, 1, D] in its memory under the name `answer`.

    See `components/train/body.py` for the shapes; T is 1.
    """

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        return y + memory["answer"]

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return {}

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        batch, width = ops.shape(memory["answer"])[0], y.shape[-1]
        beams = ops.reshape(y, (batch, -1, width)) + memory["answer"]
        return ops.reshape(beams, ops.shape(y)), cache
