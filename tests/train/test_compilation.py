"""How often TensorFlow sees the Python of a step: what a first step costs, and every new shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.train.network import Network
from tests.train.test_stopping import run


def test_one_graph_serves_all_lengths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten intervals of batches of many shapes, and the dev losses between them."""
    traced: list[bool | None] = []
    call = Network.call

    def counted(self: Network, batch: Any, training: bool | None = None) -> Any:
        traced.append(training)
        return call(self, batch, training=training)

    monkeypatch.setattr(Network, "call", counted)
    done = run(tmp_path, steps=20, eval_steps=2)
    assert done["steps"] == 20
    # A step's graph is made once. That of the dev loss is made for one shape, then for all.
    assert traced.count(True) == 1
    assert len(traced) <= 4
