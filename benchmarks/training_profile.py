"""What a training step is made of: milliseconds of each kind of operation, by TensorFlow's profiler.

    python -m benchmarks.training_profile [--size d256|base] [--precision float32|mixed_bfloat16]
                                          [--steps 5] [--threads 1]

The network and the batches of `benchmarks.training`. With one thread operations follow each other, so
that their times add up to the step's; with more they overlap.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.multi30k import generated
from benchmarks.rounds import table
from benchmarks.training import SIZES, network_of, stream_of

WARMUP = 4


def operations(folder: str) -> tuple[Counter[str], Counter[str]]:
    """Picoseconds and calls of each kind of operation in what the profiler wrote."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    times: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for file in Path(folder).glob("**/*.xplane.pb"):
        space = xplane_pb2.XSpace.FromString(file.read_bytes())
        for plane in space.planes:
            for event in (one for line in plane.lines for one in line.events):
                # `node:Kind`; functions and C++ scopes are named otherwise.
                node, colon, kind = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if colon and "/" in node and kind.isidentifier():
                    times[kind] += event.duration_ps
                    calls[kind] += 1
    return times, calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="d256")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(".work/benchmark"), help="for the data")
    args = parser.parse_args()
    generated(args.folder)
    network = network_of(args, "tensorflow", threads=args.threads)
    import keras
    import tensorflow as tf

    from components.train.feeding import feed

    stream = stream_of(args.folder)
    count = WARMUP + args.steps

    with tempfile.TemporaryDirectory() as folder:

        class Profiled(keras.callbacks.Callback):
            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                if batch == WARMUP - 1:
                    tf.profiler.experimental.start(folder)
                if batch == count - 1:
                    tf.profiler.experimental.stop()

        batches = feed(lambda: stream.batches(0, count), stream)
        network.fit(batches, steps_per_epoch=count, verbose=0, callbacks=[Profiled()])
        times, calls = operations(folder)
    total = times.total()
    rows = [
        [
            kind,
            f"{time / 1e9 / args.steps:,.1f}",
            f"{100 * time / total:.1f} %",
            f"{calls[kind] // args.steps}",
        ]
        for kind, time in times.most_common(16)
    ]
    rows.append(["all", f"{total / 1e9 / args.steps:,.1f}", "", ""])
    title = f"{args.size}, {args.precision}, {args.threads} thread(s), {args.steps} steps"
    print(table(title, ["operation", "ms a step", "of all", "calls"], rows))


if __name__ == "__main__":
    main()
