"""Target tokens a second in training on a GPU, beside PyTorch and the rate at which the GPU multiplies.

    python -m benchmarks.gpu_training [--size base|big] [--batch-tokens 32768] [--row 64]
                                      [--only packed torch ...] [--rounds 1] [--steps 30]

Multi30k en-de (../shared/data), bf16, dropout 0.1 everywhere (on attention's weights too), label
smoothing and Adam. Ours is Keras on JAX. `packed`: several sentences in each row of --row positions, one
shape; `buckets`: a sentence a row, padded to the longest of its batch (PyTorch) or to one of few lengths
(ours). Both hold --batch-tokens positions a side. Limit: the model's own multiplications, padding not
counted, at the rate of a large bf16 matrix product on this GPU. `waited`: share of the time in which
the training loop waited for a batch. `weights`: the beginning of the sha256 of all of ours after the
last step, equal for `packed` and `packed, once more`, the same training in two processes.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.multi30k import generated
from benchmarks.rounds import add_step_arguments, answer, contend, table, wanted
from benchmarks.training import Sizes, flops

SIZES = {"base": Sizes(512, 6, 8, 2048), "big": Sizes(1024, 6, 16, 4096)}
LONGEST = 64  # no sentence of Multi30k has more pieces than a row


def stream_of(args: Any, packed: bool, static: bool) -> Any:
    from components.datagen.schema import Manifest
    from components.train.batches import Plan, Stream
    from components.train.packing import PackedStream
    from components.train.records import Records

    plan = Plan(
        args.batch_tokens,
        max_length=args.row if packed else LONGEST,
        seed=1,
        static=static,
        growth=1.5 if static else 1.1,
        packing=packed,
    )
    records = Records(args.folder, Manifest.load(args.folder), "train")
    return (PackedStream if packed else Stream)(records, plan)


class Clock:
    """What the steps after the warm-up take; `now` is called when the device has done them."""

    def __init__(self, sizes: Sizes, warmup: int) -> None:
        self.sizes, self.warmup = sizes, warmup
        self.began, self.waited = time.perf_counter(), 0.0
        self.timed: list[dict[str, np.ndarray]] = []
        self.seen = 0

    def watch(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The same batches, the time until each is there measured."""
        while True:
            began = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                return
            self.seen += 1
            if self.seen > self.warmup:
                self.waited += time.perf_counter() - began
                self.timed.append(batch[0] if isinstance(batch, tuple) else batch)
            yield batch

    def first_done(self) -> None:
        self.first = time.perf_counter() - self.began

    def start(self) -> None:
        self.started = time.perf_counter()

    def stop(self) -> None:
        self.seconds = time.perf_counter() - self.started

    def answer(self, **more: Any) -> None:
        seconds = self.seconds
        tokens = real = positions = 0
        work = 0.0
        for batch in self.timed:
            sides = [batch["inputs"] != 0, batch["targets"] != 0]
            tokens += int(sides[1].sum())
            real += sum(int(side.sum()) for side in sides)
            positions += sum(side.size for side in sides)
            work += flops(self.sizes, *(lengths(batch, name) for name in ("inputs", "targets")))
        answer(
            tokens=tokens / seconds,
            tflops=work / seconds / 1e12,
            milliseconds=1000 * seconds / len(self.timed),
            waste=1 - real / positions,
            waited=self.waited / seconds,
            first=self.first,
            **more,
        )


def lengths(batch: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Of every sentence in the batch, packed or not."""
    segments = batch.get(f"{name}_segments")
    if segments is None:
        return (batch[name] != 0).sum(1)
    _, counts = np.unique(
        (segments + 1000 * np.arange(len(segments))[:, None])[segments != 0], return_counts=True
    )
    return counts


def ours(args: Any, packed: bool, deterministic: bool) -> None:
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(
        Runtime(backend="jax", precision="mixed_bfloat16", deterministic=deterministic), seed=1
    )
    import jax
    import keras

    from components.datagen.schema import Manifest
    from components.train.callbacks import Callbacks
    from components.train.feeding import feed
    from components.train.network import build_network
    from components.train.optimizers import make_optimizer

    sizes = SIZES[args.size]
    hparams = {
        "d_model": sizes.d_model,
        "num_layers": sizes.layers,
        "num_heads": sizes.heads,
        "d_ff": sizes.d_ff,
        "batch_tokens": args.batch_tokens,
    }
    network = build_network(Manifest.load(args.folder), "transformer", hparams)
    network.compile(optimizer=make_optimizer(network.hp, 100_000), jit_compile=True)
    stream = stream_of(args, packed, static=True)
    clock = Clock(sizes, args.warmup)
    last = args.warmup + args.steps

    class Ends(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch in (0, args.warmup - 1, last - 1):
                float(logs["loss"])  # until the device has done it
            if batch == 0:
                clock.first_done()
            if batch == args.warmup - 1:
                clock.start()
                if args.trace:
                    jax.profiler.start_trace(args.trace)
            if batch == last - 1:
                clock.stop()  # `fit` hands all variables back after it, once

    network.fit(
        clock.watch(feed(lambda: stream.batches(0, last), stream)),
        steps_per_epoch=last,
        verbose=0,
        shuffle=False,
        callbacks=Callbacks(Ends(), model=network),
    )
    if args.trace:
        jax.profiler.stop_trace()
    memory = jax.local_devices()[0].memory_stats() or {}
    digest = hashlib.sha256()
    for variable in network.trainable_variables:
        digest.update(np.asarray(variable).tobytes())
    clock.answer(
        gib=memory.get("peak_bytes_in_use", 0) / 2**30, weights=int(digest.hexdigest()[:8], 16)
    )


def pytorch(args: Any, packed: bool, compiled: bool) -> None:
    import torch

    from benchmarks.torch_peers import Trainer
    from components.train.batches import prefetch

    stream = stream_of(args, packed, static=False)
    clock = Clock(SIZES[args.size], args.warmup)
    trainer = Trainer(
        "nn", SIZES[args.size], compiled=compiled, precision="mixed_bfloat16", dynamic=not packed
    )
    batches = prefetch(stream.batches(0, args.warmup + args.steps))
    for number, batch in enumerate(clock.watch(batches)):
        loss = trainer.step(batch)
        if number in (0, args.warmup - 1, args.warmup + args.steps - 1):
            float(loss)
        if number == 0:
            clock.first_done()
        if number == args.warmup - 1:
            clock.start()
    clock.stop()
    clock.answer(
        gib=(torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0) / 2**30
    )


def matmul(args: Any, library: str, n: int = 8192) -> None:
    """The median of ten runs of ten products of random matrices."""
    if library == "torch":
        import torch

        a, b = (torch.randn(n, n, device="cuda", dtype=torch.bfloat16) for _ in range(2))

        def multiply() -> None:
            for _ in range(10):
                a @ b
            torch.cuda.synchronize()
    else:
        import jax

        c, d = (jax.random.normal(jax.random.key(i), (n, n), "bfloat16") for i in range(2))
        product = jax.jit(lambda x, y: x @ y)

        def multiply() -> None:
            found = [product(c, d) for _ in range(10)]
            found[-1].block_until_ready()

    times = []
    for _ in range(12):
        began = time.perf_counter()
        multiply()
        times.append((time.perf_counter() - began) / 10)
    answer(tflops=2 * n**3 / float(np.median(times[2:])) / 1e12)


WAYS: dict[str, Any] = {
    "limit: matrix product, PyTorch": lambda args: matmul(args, "torch"),
    "limit: matrix product, JAX": lambda args: matmul(args, "jax"),
    "ours, packed": lambda args: ours(args, True, True),
    "ours, packed, once more": lambda args: ours(args, True, True),
    "ours, packed, deterministic: false": lambda args: ours(args, True, False),
    "ours, buckets": lambda args: ours(args, False, True),
    "torch.nn, buckets, eager": lambda args: pytorch(args, False, False),
    "torch.nn, buckets, torch.compile": lambda args: pytorch(args, False, True),
    "torch.nn, packed, torch.compile": lambda args: pytorch(args, True, True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="base")
    parser.add_argument("--batch-tokens", type=int, default=32768, help="positions a side")
    parser.add_argument("--row", type=int, default=64, help="positions of a packed row")
    parser.add_argument("--trace", help="a folder for JAX's profile of the timed steps")
    add_step_arguments(parser, rounds=1, warmup=10)
    args = parser.parse_args()
    if args.way:
        return WAYS[args.way](args)
    for library in ("torch", "jax"):
        if not importlib.util.find_spec(library):
            parser.error(f"{library} is not installed")
    generated(args.folder)
    options = ("size", "batch_tokens", "row", "trace")
    found = contend("benchmarks.gpu_training", wanted(WAYS, args.only), args, options)
    limit = max(one["tflops"] for name, one in found.items() if name.startswith("limit"))
    rows = [
        [
            name,
            f"{one['tokens']:,.0f}",
            f"{one['milliseconds']:,.1f}",
            f"{one['tflops']:,.0f}",
            f"{100 * one['tflops'] / limit:.1f} %",
            f"{100 * one['waste']:.1f} %",
            f"{100 * one['waited']:.1f} %",
            f"{one['gib']:.1f}",
            f"{one['first']:.1f}",
            f"{int(one['weights']):08x}" if "weights" in one else "",
        ]
        for name, one in found.items()
        if not name.startswith("limit")
    ]
    head = [
        "",
        "tokens/s",
        "ms/step",
        "TFLOP/s",
        "of limit",
        "padding",
        "waited",
        "GiB",
        "first, s",
        "weights",
    ]
    size = SIZES[args.size]
    title = (
        f"transformer_{args.size}: {size.layers}+{size.layers} layers of width {size.d_model}, bf16, "
        f"{args.batch_tokens:,} positions a side; a large matrix product: {limit:,.0f} TFLOP/s"
    )
    print(table(title, head, rows))


if __name__ == "__main__":
    main()
