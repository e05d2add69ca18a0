"""Trains one cell: shards in, checkpoints and history out; knows neither DVC nor MLflow.

The training is a row of intervals of `eval_steps` batches. Each is one `keras.Model.fit`; after it
come the dev evaluation, the checkpoints and the state to resume from. A training that was killed
goes on from its last interval and, on a deterministic device, ends with the same weights, bit for
bit, as one that was not.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.catalog import UserError
from components.datagen.schema import Manifest
from components.train import checkpoint, state
from components.train.batches import Plan, Stream
from components.train.callbacks import Callbacks
from components.train.compile_clock import CompileClock
from components.train.dev_loss import open_dev
from components.train.feeding import feed
from components.train.history import History
from components.train.hparams import FALLING, NO_END, Runtime, TrainSettings
from components.train.mixed_steps import train_steps
from components.train.mixed_stream import MixedStream, open_stream
from components.train.network import Network, build_network, count_params, describe
from components.train.optimizers import make_optimizer
from components.train.packing import count_examples
from components.train.runtime import (
    described_devices,
    shared_devices,
    strategy_scope,
    undivided,
)

Report = Callable[[dict[str, Any]], None]
UNBOUNDED = 10**9


def train(
    *,
    data_dir: Path,
    model: str,
    hparams: dict[str, Any],
    settings: TrainSettings,
    runtime: Runtime,
    seed: int,
    out_dir: Path,
    work_dir: Path,
    report: Report,
    dev_metric: Callable[[Any], Mapping[str, float]] | None = None,
    dev_metric_name: str = "dev_metric",
    higher_is_better: bool = True,
    plugins: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Trains and writes `checkpoint/`, `history.jsonl` and `history.csv` under out_dir.

    `runtime.configure` must have run. State to resume from is kept under work_dir, which belongs
    to this cell alone. `dev_metric` decodes dev and returns numbers by name for the curves;
    `dev_metric_name` is the one of them, or of the dev losses, that chooses `best`, and without a
    `dev_metric` the dev loss does. Returns what the caller records of the run (steps, seconds, params, ...).

    Raises UserError where the data, the settings or the devices do not fit together.
    """
    manifest = Manifest.load(data_dir)
    members = {name: Manifest.load(data_dir / name) for name in manifest.members}
    with strategy_scope(runtime):
        network = build_network(manifest, model, hparams, plugins, members)
        hp = network.hp
        stream = open_stream(data_dir, manifest, make_plan(hp, runtime, seed))
        if hp.packing and not getattr(network.body, "packs", False):
            raise UserError(
                f"the model {model} cannot keep the texts of a row apart, so packing must be false; "
                "transformer can"
            )
        several = len(shared_devices(runtime)) > 1
        if hp.accumulate_steps > 1 and several and runtime.backend == "tensorflow":
            raise UserError(
                "accumulate_steps above 1 needs one device on tensorflow (runtime.devices: auto or "
                "gpu:1); runtime.backend: jax has it on several"
            )
        total = total_steps(settings, stream.batches_per_epoch)
        if total == UNBOUNDED and hp.learning_rate_schedule in FALLING:
            raise UserError(f"learning_rate_schedule {hp.learning_rate_schedule} {NO_END}")
        optimizer = make_optimizer(hp, total)
        network.compile(optimizer=optimizer, jit_compile=runtime.backend == "jax")
        network.optimizer.build(network.trainable_variables)
    run = _Run(
        network=network,
        stream=stream,
        dev=open_dev(network, data_dir, manifest, hp.batch_tokens, runtime),
        settings=settings,
        total=total,
        out_dir=out_dir,
        work_dir=work_dir,
        report=report,
        dev_metric=dev_metric,
        metric_name=dev_metric_name if dev_metric else "dev_loss",
        higher=higher_is_better if dev_metric else False,
        schedule=make_optimizer(hp, total)._learning_rate,
    )
    report(
        {
            "event": "start",
            "params": count_params(network),
            "steps": total,
            "steps_per_epoch": stream.batches_per_epoch,
            "examples": manifest.splits["train"].examples,
            "left_out": stream.left_out,
            "shapes": stream.shapes,
            "devices": described_devices(runtime),
        }
    )
    compiling = CompileClock()
    progress = run.run()
    seconds = max(progress.seconds, 1e-9)
    return {
        "hparams": describe(hp),
        "params": count_params(network),
        "steps": progress.step,
        "epochs": round(progress.step / stream.batches_per_epoch, 3),
        "train_seconds": round(progress.seconds, 3),
        "first_step_seconds": round(run.first_step_seconds, 3),
        "compiled_shapes": stream.shapes,
        "compile_seconds": compiling.seconds,
        "batching_seconds": round(run.batching_seconds, 3),
        "examples_per_second": round(progress.examples / seconds, 2),
        "tokens_per_second": round(progress.tokens / seconds, 2),
        "best": {
            "step": progress.best_step,
            "metric": run.metric_name,
            "value": progress.best_value,
        },
        "dev_loss": progress.dev_loss,
        "best_dev_loss": progress.best_loss,
        "left_out": stream.left_out,
        "devices": described_devices(runtime),
    }


def make_plan(hp: Any, runtime: Runtime, seed: int) -> Plan:
    """How this backend wants its batches: few fixed shapes for JAX, as small as possible for TF."""
    return Plan(
        batch_tokens=hp.batch_tokens,
        max_length=hp.max_length,
        seed=seed,
        static=runtime.backend == "jax",
        growth=1.25 if runtime.backend == "jax" else 1.1,
        rows_multiple=len(shared_devices(runtime)),
        packing=hp.packing,
    )


def total_steps(settings: TrainSettings, batches_per_epoch: int) -> int:
    """The last step that `steps` and `epochs` allow; raises UserError if nothing ever stops it."""
    limits = []
    if settings.steps:
        limits.append(settings.steps)
    if settings.epochs:
        limits.append(math.ceil(settings.epochs * batches_per_epoch))
    if not limits and not settings.minutes and not settings.patience:
        raise UserError(
            "params.yaml: train sets no limit; give one of steps, epochs, minutes, patience"
        )
    return min(limits) if limits else UNBOUNDED


class _Run:
    """One training under way."""

    def __init__(
        self,
        *,
        network: Network,
        stream: Stream | MixedStream,
        dev: Callable[[], dict[str, float]],
        settings: TrainSettings,
        total: int,
        out_dir: Path,
        work_dir: Path,
        report: Report,
        dev_metric: Callable[[Any], Mapping[str, float]] | None,
        metric_name: str,
        higher: bool,
        schedule: Any,
    ) -> None:
        self.network, self.stream, self.dev, self.settings = network, stream, dev, settings
        self.total, self.out_dir, self.work_dir, self.report = total, out_dir, work_dir, report
        self.dev_metric, self.metric_name, self.higher = dev_metric, metric_name, higher
        self.schedule = schedule
        # Of this process: tracing and compiling are in the first step, batches are made beside it.
        self.first_step_seconds = self.batching_seconds = 0.0
        work_dir.mkdir(parents=True, exist_ok=True)
        restored = state.restore(work_dir, network, network.optimizer)
        self.progress = restored or state.Progress()
        if restored:
            report({"event": "resume", "step": restored.step, "steps": total})
        board = work_dir / "tensorboard" if settings.tensorboard else None
        self.history = History(work_dir, self.progress.step, board)

    def run(self) -> state.Progress:
        while not self.progress.finished:
            self.interval()
        self.publish()
        self.history.close()
        return self.progress

    def interval(self) -> None:
        """Trains to the next dev evaluation, evaluates, keeps what is worth keeping."""
        p = self.progress
        count = min(self.settings.eval_steps, self.total - p.step)
        began, before = time.monotonic(), p.seconds
        meter = _Meter(self, p.step, before, began)
        first = p.step
        stream = self.stream
        if isinstance(stream, MixedStream):
            train_steps(self.network, stream, first, count, meter)
        else:
            dataset = feed(lambda: meter.watch(stream.batches(first, count)), stream)
            self.network.fit(
                dataset,
                epochs=1,
                steps_per_epoch=count,
                verbose=0,
                shuffle=False,
                callbacks=Callbacks(meter, model=self.network),
            )
        p.step += meter.steps
        p.examples += meter.examples
        p.tokens += meter.tokens
        swapped = self.swap_in_average()
        with undivided():
            result = self.dev()
            result |= self.dev_metric(self.network) if self.dev_metric else {}
            value = result[self.metric_name]
        self.keep(value, result)
        self.swap_out(swapped)
        p.dev_loss = result["dev_loss"]
        p.seconds = before + time.monotonic() - began
        limit = self.settings.minutes * 60
        p.finished = (
            p.step >= self.total
            or bool(limit and p.seconds >= limit)
            or bool(self.settings.patience and p.stale >= self.settings.patience)
        )
        self.history.add({"step": p.step, "split": "dev", **result})
        self.report({"event": "dev", "step": p.step, "steps": self.total, **result})
        state.save(self.work_dir, p, self.network, self.network.optimizer)
        self.tidy()

    def keep(self, value: float, result: dict[str, float]) -> None:
        """Writes `last`, one of the checkpoints to average, and `best` where it is, of a mixture also
        for each of its members."""
        p, dev_loss = self.progress, result["dev_loss"]
        if not math.isfinite(dev_loss):
            raise UserError(
                f"the dev loss is {dev_loss} at step {p.step}: the training diverged; lower "
                "learning_rate, raise warmup_steps or set clip_norm in the hparams set"
            )
        weights = checkpoint.arrays(checkpoint.weights(self.network))
        checkpoint.save(weights, self.kept(p.step))
        p.kept = [*p.kept, p.step][-self.settings.average :]
        better = (
            p.best_value is None
            or (value > p.best_value if self.higher else value < p.best_value)
            # A dev metric may not have been a number so far, with which all comparisons are false.
            or (math.isnan(p.best_value) and not math.isnan(value))
        )
        if better:
            p.best_step, p.best_value, p.best_loss, p.stale = p.step, value, dev_loss, 0
            self.keep_best(self.best(p.step))
        else:
            p.stale += 1
        for key, loss in result.items():
            name = key.removeprefix("dev_loss/")
            if name != key and (name not in p.best_of or loss < p.best_of[name][1]):
                p.best_of[name] = [p.step, loss]
                self.keep_best(self.best(p.step))

    def keep_best(self, path: Path) -> None:
        """A copy of what was just kept, whole or not at all."""
        partial = self.work_dir / "best.partial"
        shutil.copyfile(self.kept(self.progress.step), partial)
        os.replace(partial, path)

    def tidy(self) -> None:
        """Removes checkpoints that the state just saved no longer names; a kill before loses none."""
        p = self.progress
        best = (p.best_step, *(int(step) for step, _ in p.best_of.values()))
        wanted = {*map(self.best, best), *map(self.kept, p.kept)}
        for pattern in ("kept-*.safetensors", "best-*.safetensors"):
            for old in set(self.work_dir.glob(pattern)) - wanted:
                old.unlink()

    def kept(self, step: int) -> Path:
        return self.work_dir / f"kept-{step:09d}.safetensors"

    def best(self, step: int) -> Path:
        return self.work_dir / f"best-{step:09d}.safetensors"

    def publish(self) -> None:
        """Moves the results into place: checkpoints, history, curves."""
        p = self.progress
        folder = self.out_dir / "checkpoint"
        folder.mkdir(parents=True, exist_ok=True)
        self.history.write_curves()
        for name in ("history.jsonl", "history.csv"):
            shutil.copyfile(self.work_dir / name, self.out_dir / name)
        shutil.copyfile(self.kept(p.step), folder / "last.safetensors")
        shutil.copyfile(self.best(p.best_step), folder / "best.safetensors")
        for name, (step, _) in p.best_of.items():
            shutil.copyfile(self.best(int(step)), folder / f"best.{name}.safetensors")
        average = checkpoint.mean([self.kept(step) for step in p.kept])
        checkpoint.save(average, folder / "average.safetensors")
        self.report({"event": "end", "step": p.step, "seconds": p.seconds})

    def swap_in_average(self) -> list[np.ndarray] | None:
        """Puts the optimizer's moving averages in the place of the weights, where there are any."""
        optimizer = self.network.optimizer
        inner: Any = getattr(optimizer, "inner_optimizer", optimizer)
        if not inner.use_ema:
            return None
        trained = self.network.trainable_variables
        saved = [keras.ops.convert_to_numpy(variable.value) for variable in trained]
        for variable, average in zip(trained, inner._model_variables_moving_average, strict=True):
            # A copy, because JAX gives the buffers of a network that it evaluates away.
            variable.assign(keras.ops.copy(average.value))
        return saved

    def swap_out(self, saved: list[np.ndarray] | None) -> None:
        if saved is not None:
            for variable, value in zip(self.network.trainable_variables, saved, strict=True):
                variable.assign(value)


class _Meter(keras.callbacks.Callback):
    """Counts what went by and reports it every `log_steps`."""

    def __init__(self, run: _Run, first: int, before: float, began: float) -> None:
        super().__init__()
        self.run, self.first, self.before, self.began = run, first, before, began
        self.sizes: dict[int, tuple[int, int, int]] = {}
        self._members: dict[str, list[float]] = {}
        self.steps = self.rows = self.examples = self.tokens = 0
        self._rows_before, self._sum_before = 0, 0.0
        self._mark = (time.monotonic(), 0)

    def of_member(self, name: str, loss: float) -> None:
        """The loss of a batch of a mixture's member, for its own curve."""
        self._members.setdefault(name, []).append(loss)

    def watch(self, batches: Iterator[dict[str, np.ndarray]]) -> Iterator[dict[str, np.ndarray]]:
        began = time.monotonic()
        for number, batch in enumerate(batches):
            tokens = batch["tokens"]
            self.sizes[number] = (len(tokens), count_examples(batch), int(tokens.max()))
            self.run.batching_seconds += time.monotonic() - began
            yield batch
            began = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        rows, examples, tokens = self.sizes[self.steps]
        self.steps += 1
        self.rows += rows
        self.examples += examples
        self.tokens += tokens
        step = self.first + self.steps
        settings = self.run.settings
        if not self.run.first_step_seconds:
            float((logs or {})["loss"])  # until the device has done it
        now = time.monotonic()
        if not self.run.first_step_seconds:
            self.run.first_step_seconds = now - self.began
            self.run.report({"event": "first_step", "seconds": self.run.first_step_seconds})
        elapsed = self.before + now - self.began
        if settings.minutes and elapsed >= settings.minutes * 60:
            self.model.stop_training = True
        if step % settings.log_steps and step != self.run.total:
            return
        # Keras hands out the mean since fit began, weighted by rows; the mean since the last line
        # is the difference of two sums.
        total = float((logs or {})["loss"]) * self.rows
        now = time.monotonic()  # the device has caught up
        loss = (total - self._sum_before) / max(self.rows - self._rows_before, 1)
        self._sum_before, self._rows_before = total, self.rows
        seconds, tokens_before = self._mark
        speed = (self.tokens - tokens_before) / max(now - seconds, 1e-9)
        self._mark = (now, self.tokens)
        rate = float(keras.ops.convert_to_numpy(self.run.schedule(step - 1)))
        line = {"step": step, "split": "train", "loss": round(loss, 6), "learning_rate": rate}
        members = {f"loss/{name}": sum(v) / len(v) for name, v in sorted(self._members.items())}
        self._members.clear()
        self.run.history.add({**line, **members, "tokens_per_second": round(speed, 1)})
        done = self.run.progress.step + self.steps
        left = (self.run.total - done) * elapsed / max(done, 1)
        self.run.report(
            {
                "event": "step",
                "step": step,
                "steps": self.run.total,
                "loss": loss,
                "learning_rate": rate,
                "tokens_per_second": speed,
                "seconds_left": left if self.run.total < UNBOUNDED else None,
            }
        )
