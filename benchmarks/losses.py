"""How long the teacher-forced losses of a batch take, which every dev evaluation is made of.

    python -m benchmarks.losses

Beside attention as it is stands the same attention with its bias added plainly, which TensorFlow fuses
into the product before it. Width 128, 4 layers, TensorFlow on the CPU; median of 3.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from keras import ops

from components.train.hparams import Runtime
from components.train.layers.attention import Attention
from components.train.network import Losses, build_network
from components.train.runtime import configure
from tests.tiny import WORDS, tiny_data

SHAPES = ((128, 30), (64, 60), (32, 120))
HPARAMS = {"d_model": 128, "num_layers": 4, "num_heads": 4, "d_ff": 512}


def plainly(
    self: Attention, q: Any, k: Any, v: Any, bias: Any, places: Any = None, training: Any = None
) -> Any:
    """`Attention.weigh` of plain heads as its formula stands."""
    logits = ops.matmul(q * self.d_head**-0.5, ops.transpose(k, (0, 1, 3, 2)))
    return ops.matmul(ops.softmax(logits + bias, axis=-1), v)


def timed(rows: int, length: int) -> tuple[float, float]:
    """Seconds a batch, and its losses' sum."""
    with tempfile.TemporaryDirectory() as folder:
        network = build_network(tiny_data(Path(folder)), "transformer", HPARAMS)
    drawn = np.random.default_rng(1).integers(3, len(WORDS), (2, rows, length)).astype(np.int32)
    tokens = np.full(rows, rows * length, np.float32)
    batch = {"inputs": drawn[0], "targets": drawn[1], "tokens": tokens}
    losses = Losses(network)
    total = float(np.asarray(losses.predict_on_batch(batch))[:, 0].sum())
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        losses.predict_on_batch(batch)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), total


def main() -> None:
    configure(Runtime(), seed=1)
    print("examples x positions   plain sum     as it is    ratio   losses apart")
    for rows, length in SHAPES:
        configure(Runtime(), seed=1)
        with mock.patch.object(Attention, "weigh", plainly):
            before, sum_before = timed(rows, length)
        configure(Runtime(), seed=1)
        after, sum_after = timed(rows, length)
        apart = abs(sum_before - sum_after) / sum_before
        shape = f"{rows} x {length}"
        print(f"{shape:20s} {before:8.3f} s {after:10.3f} s {before / after:8.1f} {apart:14.1e}")


if __name__ == "__main__":
    main()
