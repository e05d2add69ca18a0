"""The reason of a failure is what was said where it happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.catalog import UserError
from pipeline.failures import FAILURES, StageFailed, recorded


class Refuses(keras.layers.Layer):
    def __init__(self, error: Exception) -> None:
        super().__init__(name="network")
        self.error = error

    def call(self, x: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UserError("image_size: too small\nand more"), "image_size: too small\nand more"),
        (ValueError("no such axis\nand more"), "ValueError: no such axis"),
        (ValueError(""), "ValueError"),
    ],
)
def test_what_keras_wraps_is_unwrapped(error: Exception, reason: str, tmp_path: Path) -> None:
    for fails in (Refuses(error), lambda _: Refuses(error).call(None)):
        with pytest.raises(StageFailed), recorded(tmp_path, "a.b", "train@a-b"):
            fails(np.zeros((2, 3), np.float32))
        record = json.loads((tmp_path / FAILURES / "a.b.json").read_text())
        assert record["reason"] == reason
