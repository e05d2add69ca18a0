"""Target tokens a second from shards to padded batches, beside what a training step consumes.

    python -m benchmarks.reading [--rounds 3] [--steps 40]

Data: Multi30k en-de (../shared/data), token-budget batches of 4,096 positions in length buckets.
Limit: tfx-bsl decoding the same examples in stored order, no batches made. Peer: `tf.data` with
`TFRecordDataset`, `parse_example` and `bucket_by_sequence_length`. Consumer: the set `multi30k` (4+4
layers of width 128) trained on this machine; a model that is larger consumes less.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.multi30k import generated
from benchmarks.rounds import alone, answer, interleaved, table

TOKENS = 4096


def limit(folder: Path, steps: int) -> None:
    import numpy as np
    from tfx_bsl.coders import example_coder

    from components.datagen.schema import Manifest
    from components.train.records import Records

    records = Records(folder, Manifest.load(folder), "train")
    everything = np.arange(len(records))
    decoder = example_coder.ExamplesToRecordBatchDecoder()
    slices = [_bytes(records, i) for i in everything]
    began = time.perf_counter()
    for start in range(0, len(slices), 256):
        decoder.DecodeBatch(slices[start : start + 256])
    answer(tokens=int(records.lengths["targets"].sum()) / (time.perf_counter() - began))


def _bytes(records: Any, i: int) -> bytes:
    start = records._start[i]
    return records._maps[records._shard[i]][start : start + records._size[i]]


def ours(folder: Path, steps: int) -> None:
    import numpy as np

    from components.datagen.schema import Manifest
    from components.train.batches import Plan, Stream
    from components.train.records import Records

    records = Records(folder, Manifest.load(folder), "train")
    stream = Stream(records, Plan(TOKENS, 128, seed=1))
    real = {"inputs": 0, "targets": 0}
    positions = 0
    began = time.perf_counter()
    for batch in stream.batches(0, stream.batches_per_epoch):
        for name in real:
            real[name] += int(np.count_nonzero(batch[name]))
            positions += batch[name].size
    seconds = time.perf_counter() - began
    answer(tokens=real["targets"] / seconds, waste=1 - sum(real.values()) / positions)


def tf_data(folder: Path, steps: int) -> None:
    import numpy as np
    import tensorflow as tf

    from components.train.batches import bucket_bounds

    bounds = bucket_bounds(128, 1.1)
    sizes = [max(TOKENS // bound, 1) for bound in bounds]
    ragged = tf.io.RaggedFeature(tf.int64)
    parsed = (
        tf.data.TFRecordDataset([str(path) for path in sorted(folder.glob("train-*.tfrecord"))])
        .batch(256)
        .map(lambda x: tf.io.parse_example(x, {"inputs": ragged, "targets": ragged}))
        .unbatch()
        .map(lambda x: {name: value for name, value in x.items()})
        .shuffle(10_000, seed=1)
        .bucket_by_sequence_length(
            lambda x: tf.maximum(tf.size(x["inputs"]), tf.size(x["targets"])),
            [bound + 1 for bound in bounds[:-1]],
            sizes,
        )
        .prefetch(4)
    )
    count = 0
    began = time.perf_counter()
    for batch in parsed.as_numpy_iterator():
        count += int(np.count_nonzero(batch["targets"]))
    answer(tokens=count / (time.perf_counter() - began))


def consumer(folder: Path, steps: int) -> None:
    from components.train.hparams import Runtime, TrainSettings
    from components.train.runtime import configure

    configure(Runtime(), seed=1)
    from components.train.trainer import train

    speeds: list[float] = []

    def report(event: dict[str, Any]) -> None:
        if event["event"] == "step":
            speeds.append(event["tokens_per_second"])

    with tempfile.TemporaryDirectory() as out:
        train(
            data_dir=folder,
            model="transformer",
            hparams={"d_model": 128, "num_layers": 4, "num_heads": 4, "d_ff": 256},
            settings=TrainSettings(steps=2 * steps, eval_steps=2 * steps, log_steps=steps),
            runtime=Runtime(),
            seed=1,
            out_dir=Path(out),
            work_dir=Path(out) / "work",
            report=report,
        )
    answer(tokens=speeds[-1])  # the first half holds the compilation


WAYS = {
    "limit: tfx-bsl decoding alone": limit,
    "ours: batches in length buckets": ours,
    "tf.data, parse and bucket": tf_data,
    "consumed by training": consumer,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40, help="training steps that are timed")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        return WAYS[args.way](args.folder, args.steps)
    with tempfile.TemporaryDirectory() as made:
        folder = generated(Path(made) / "data")

        def run(name: str) -> dict[str, Any]:
            words = ["--way", name, "--steps", str(args.steps), "--folder", str(folder)]
            return alone("benchmarks.reading", words)

        found = interleaved({name: lambda name=name: run(name) for name in WAYS}, args.rounds)
    consumed = found["consumed by training"]["tokens"]
    rows = [
        [name, f"{one['tokens']:,.0f}", f"{one['tokens'] / consumed:.1f}"]
        for name, one in found.items()
    ]
    print(table("Multi30k, target tokens a second", ["", "tokens/s", "x consumed"], rows))
    waste = found["ours: batches in length buckets"]["waste"]
    print(f"\npadding: {100 * waste:.1f} % of the positions of an epoch, both sides")


if __name__ == "__main__":
    main()
