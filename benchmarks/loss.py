"""How long the vocabulary's softmax takes in a training step, beside what autodiff makes of it.

    python -m benchmarks.loss [--rows 3500] [--classes 6000] [--width 128]

Limit: the three matrix products alone (logits, and the gradients of states and embedding). Peer:
the same loss with the gradient that the backend derives. Interleaved, median of several rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from components.train.hparams import Runtime
from components.train.runtime import configure


def derived(logits: Any, labels: Any, smoothing: float) -> Any:
    """The loss of `components/train/loss.py` from Keras's own cross-entropy."""
    from keras import ops

    classes = logits.shape[-1]
    off = smoothing / (classes - 1)
    nll = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    chosen = ops.take_along_axis(logits, ops.expand_dims(labels, -1), axis=-1)[..., 0]
    return nll + off * (classes * chosen - ops.sum(logits, axis=-1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=3500, help="target positions in a batch")
    parser.add_argument("--classes", type=int, default=6000, help="symbols of the vocabulary")
    parser.add_argument("--width", type=int, default=128, help="d_model")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    configure(Runtime(), seed=1)

    import keras
    import numpy as np
    import tensorflow as tf

    from components.train.loss import smoothed_cross_entropy

    rng = np.random.default_rng(1)
    states = tf.Variable(rng.normal(size=(args.rows, args.width)).astype(np.float32))
    table = tf.Variable(rng.normal(size=(args.classes, args.width)).astype(np.float32) * 0.1)
    labels = tf.constant(rng.integers(1, args.classes, args.rows))
    variants: dict[str, Callable[[Any], Any]] = {
        "limit: matrix products alone": lambda z: z[:, :1],
        "ours": lambda z: smoothed_cross_entropy(z, labels, 0.1),
        "peer: derived gradient": lambda z: derived(z, labels, 0.1),
    }

    def compiled(loss: Callable[[Any], Any]) -> Callable[[], Any]:
        @tf.function
        def step() -> Any:
            with tf.GradientTape() as tape:
                total = tf.reduce_sum(loss(keras.ops.matmul(states, tf.transpose(table))))
            return tape.gradient(total, [states, table])

        return step

    steps = {name: compiled(loss) for name, loss in variants.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(args.rounds + 1):
        for name, step in steps.items():
            began = time.perf_counter()
            step()[0].numpy()
            if number:
                times[name].append(time.perf_counter() - began)
    ours = statistics.median(times["ours"])
    print(f"{args.rows} positions, {args.classes} classes, width {args.width}")
    print(f"{'':30}{'ms':>8}{'x ours':>8}")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:30}{median * 1000:8.1f}{median / ours:8.2f}")


if __name__ == "__main__":
    main()
