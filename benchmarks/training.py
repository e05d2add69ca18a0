"""Target tokens a second in training, beside PyTorch and the rate at which this machine multiplies.

    python -m benchmarks.training [--size d256|base] [--precision float32|mixed_bfloat16]
                                  [--only ours torch ...] [--rounds 3] [--steps 30]

Batches: Multi30k en-de (../shared/data), 4,096 positions in length buckets, the same arrays in the
same order for everyone. Peers: `torch.nn.Transformer` and Transformers' Marian, eager and compiled.
Limit: the model's own multiplications, padding not counted, at the rate of a large matrix product
of the same precision, measured in the same round. All with dropout 0.1, label smoothing and Adam.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.multi30k import generated
from benchmarks.rounds import add_step_arguments, answer, contend, table, wanted

BATCH_TOKENS = 4096


@dataclass(frozen=True)
class Sizes:
    """Layers are counted for each stack."""

    d_model: int
    layers: int
    heads: int
    d_ff: int
    vocabulary: int = 6000
    dropout: float = 0.1


SIZES = {"d256": Sizes(256, 3, 4, 1024), "base": Sizes(512, 6, 8, 2048)}


def flops(sizes: Sizes, inputs: np.ndarray, targets: np.ndarray) -> float:
    """Multiplications and additions of a training step's matrix products, by real lengths [B].

    The backward pass multiplies twice as much as the forward pass.
    """
    d, layers = sizes.d_model, sizes.layers
    source, target = float(inputs.sum()), float(targets.sum())
    encoder = layers * (4 * d * d + 2 * d * sizes.d_ff) * source
    encoder += layers * 2 * d * float((inputs.astype(float) ** 2).sum())
    decoder = layers * (6 * d * d + 2 * d * sizes.d_ff) * target + layers * 2 * d * d * source
    decoder += layers * 2 * d * float((targets * (targets.astype(float) + inputs)).sum())
    return 3 * 2 * (encoder + decoder + d * sizes.vocabulary * target)


def stream_of(folder: Path, static: bool = False) -> Any:
    from components.datagen.schema import Manifest
    from components.train.batches import Plan, Stream
    from components.train.records import Records

    growth = 1.25 if static else 1.1
    plan = Plan(BATCH_TOKENS, max_length=128, seed=1, static=static, growth=growth)
    return Stream(Records(folder, Manifest.load(folder), "train"), plan)


class Timed:
    """Counts what steps take: the first one, and those after the warm-up."""

    def __init__(self, sizes: Sizes, warmup: int) -> None:
        self.sizes, self.warmup = sizes, warmup
        self.began = time.perf_counter()
        self.first = self.start = 0.0
        self.steps = self.tokens = self.real = self.positions = 0
        self.flops = 0.0

    def ended(self, batch: dict[str, Any]) -> None:
        """A step on this batch has just ended."""
        now = time.perf_counter()
        self.steps += 1
        if self.steps == 1:
            self.first = now - self.began
        if self.steps == self.warmup:
            self.start = now
        if self.steps > self.warmup:
            real = batch["targets"] != 0
            self.tokens += int(real.sum())
            self.positions += batch["inputs"].size + batch["targets"].size
            self.real += int(real.sum() + (batch["inputs"] != 0).sum())
            self.flops += flops(self.sizes, (batch["inputs"] != 0).sum(1), real.sum(1))
            self.seconds = now - self.start

    def answer(self) -> None:
        answer(
            tokens=self.tokens / self.seconds,
            gflops=self.flops / self.seconds / 1e9,
            first=self.first,
            waste=1 - self.real / self.positions,
            milliseconds=1000 * self.seconds / (self.steps - self.warmup),
        )


def network_of(args: Any, backend: str, threads: int = 0) -> Any:
    """Our network of `args.size`, compiled, on this backend; Keras is imported here."""
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(backend=backend, precision=args.precision, threads=threads), seed=1)
    from components.datagen.schema import Manifest
    from components.train.network import build_network
    from components.train.optimizers import make_optimizer

    sizes = SIZES[args.size]
    hparams = {
        "d_model": sizes.d_model,
        "num_layers": sizes.layers,
        "num_heads": sizes.heads,
        "d_ff": sizes.d_ff,
        "batch_tokens": BATCH_TOKENS,
    }
    network = build_network(Manifest.load(args.folder), "transformer", hparams)
    network.compile(optimizer=make_optimizer(network.hp, 100_000), jit_compile=backend == "jax")
    return network


def ours(args: Any, backend: str) -> None:
    network = network_of(args, backend)
    import keras

    from components.train.feeding import feed

    stream = stream_of(args.folder, static=backend == "jax")
    seen: list[dict[str, Any]] = []
    timed = Timed(SIZES[args.size], args.warmup)

    class Ended(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            timed.ended(seen[batch])

    def batches() -> Any:
        for batch in stream.batches(0, args.warmup + args.steps):
            seen.append(batch)
            yield batch

    network.fit(
        feed(batches, stream),
        steps_per_epoch=args.warmup + args.steps,
        verbose=0,
        callbacks=[Ended()],
    )
    timed.answer()


def pytorch(args: Any, model: str, compiled: bool) -> None:
    from benchmarks.torch_peers import Trainer

    batches = list(stream_of(args.folder).batches(0, args.warmup + args.steps))
    timed = Timed(SIZES[args.size], args.warmup)
    trainer = Trainer(model, SIZES[args.size], compiled=compiled, precision=args.precision)
    for batch in batches:
        float(trainer.step(batch))
        timed.ended(batch)
    timed.answer()


def matmul(args: Any, library: str) -> None:
    """The best of several products of 2,048 x 2,048 matrices."""
    n = 2048
    bf16 = args.precision == "mixed_bfloat16"
    if library == "torch":
        import torch

        a = torch.randn(n, n).to(torch.bfloat16 if bf16 else torch.float32)

        def multiply() -> None:
            a @ a
    else:
        import tensorflow as tf

        b = tf.cast(tf.random.normal([n, n]), tf.bfloat16 if bf16 else tf.float32)

        def multiply() -> None:
            tf.matmul(b, b)

    times = []
    for _ in range(30):
        began = time.perf_counter()
        multiply()
        times.append(time.perf_counter() - began)
    answer(gflops=2 * n**3 / min(times) / 1e9)


WAYS: dict[str, Any] = {
    "limit: matrix product, TensorFlow": lambda args: matmul(args, "tensorflow"),
    "limit: matrix product, PyTorch": lambda args: matmul(args, "torch"),
    "ours": lambda args: ours(args, "tensorflow"),
    "Keras on JAX": lambda args: ours(args, "jax"),
    "torch.nn, eager": lambda args: pytorch(args, "nn", False),
    "torch.nn, torch.compile": lambda args: pytorch(args, "nn", True),
    "Marian, eager": lambda args: pytorch(args, "marian", False),
    "Marian, torch.compile": lambda args: pytorch(args, "marian", True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="d256")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    add_step_arguments(parser, rounds=3, warmup=20)
    args = parser.parse_args()
    if args.way:
        return WAYS[args.way](args)
    ways = wanted(WAYS, args.only)
    for library, word in (("torch", "torch"), ("transformers", "Marian"), ("jax", "JAX")):
        if not importlib.util.find_spec(library):
            print(f"{library} is not installed: left out (`make benchmark` installs it)")
            ways = [name for name in ways if word.lower() not in name.lower()]
    generated(args.folder)
    found = contend("benchmarks.training", ways, args, ("size", "precision"))
    limit = max(one["gflops"] for name, one in found.items() if name.startswith("limit"))
    rows = [
        [
            name,
            f"{one['tokens']:,.0f}",
            f"{one['milliseconds']:,.0f}",
            f"{one['gflops']:,.0f}",
            f"{100 * one['gflops'] / limit:.0f} %",
            f"{100 * one['waste']:.1f} %",
            f"{one['first']:.1f}",
        ]
        for name, one in found.items()
        if not name.startswith("limit")
    ]
    head = ["", "tokens/s", "ms/step", "GFLOP/s", "of limit", "padding", "first step, s"]
    size = SIZES[args.size]
    title = (
        f"{size.layers}+{size.layers} layers of width {size.d_model}, {args.precision}; "
        f"a large matrix product: {limit:,.0f} GFLOP/s"
    )
    print(table(title, head, rows))


if __name__ == "__main__":
    main()
