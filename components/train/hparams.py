"""Every setting of a training, declared once: type, default, meaning, limits (standard library only).

`Hparams` is what a named set in `params.yaml` may hold; what one model alone needs is declared in
that model's file, as its `Options`. `TrainSettings` is the section `train:` (a set may override any
of its keys, so that a set is a whole recipe) and `Runtime` the section `runtime:`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def setting(
    default: Any,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    open_high: bool = False,
    choices: tuple[Any, ...] | None = None,
) -> Any:
    """A dataclass field that carries its meaning and limits: low <= value <= high (< if open_high)."""
    limits = {"low": low, "high": high, "open_high": open_high, "choices": choices}
    return dataclasses.field(default=default, metadata={"meaning": meaning, **limits})


SCHEDULES = ("noam", "rsqrt", "constant", "constant_exp_warmup", "cosine", "linear")
FALLING = ("cosine", "linear")
"""Schedules that fall until the last step, which must then be known."""
NO_END = "falls until the last step; expected steps or epochs above 0"
OPTIMIZERS = ("adam", "adamw", "lamb", "lion", "adafactor", "sgd", "muon")


@dataclass(frozen=True)
class Hparams:
    """The settings that every model shares."""

    d_model: int = setting(512, "width of every position's vector", low=1)
    num_layers: int = setting(6, "layers of the body (of each stack, if it has two)", low=1)
    dropout: float = setting(
        0.1, "dropped share of layer inputs and outputs", low=0, high=1, open_high=True
    )
    symbol_dropout: float = setting(
        0.0, "share of input symbols replaced by UNK in training", low=0, high=1, open_high=True
    )
    mark_repeats: bool = setting(
        False,
        "a learned vector is added to input symbols that occur again in the same input; of two texts "
        "read as one, to those that both have",
    )
    label_smoothing: float = setting(
        0.1, "probability given to all other labels (Szegedy 2016)", low=0, high=1, open_high=True
    )
    shared_embedding: bool = setting(
        True, "one matrix for inputs, targets and softmax where the vocabulary is one"
    )
    tied_softmax: bool = setting(
        True, "symbols' logits come from the matrix that embeds them, not from one of their own"
    )
    batch_tokens: int = setting(
        4096, "positions a batch holds: examples x longest of inputs and targets", low=1
    )
    max_length: int = setting(256, "training examples longer than this are left out", low=1)
    packing: bool = setting(
        False, "several texts in a row of max_length: one shape of batch, hardly any padding"
    )
    optimizer: str = setting("adam", "Keras optimizer", choices=OPTIMIZERS)
    learning_rate: float = setting(2.0, "constant factor of the schedule", low=0)
    learning_rate_schedule: str = setting(
        "noam", "shape over steps; see components/train/schedules.py", choices=SCHEDULES
    )
    warmup_steps: int = setting(8000, "steps of rising learning rate", low=0)
    beta1: float = setting(
        0.9, "Adam's first decay, or SGD's momentum", low=0, high=1, open_high=True
    )
    beta2: float = setting(0.997, "Adam's second decay", low=0, high=1, open_high=True)
    epsilon: float = setting(1e-9, "Adam's epsilon", low=0)
    weight_decay: float = setting(0.0, "decoupled weight decay of every weight; 0: none", low=0)
    clip_norm: float = setting(0.0, "global gradient norm is cut to this; 0: never", low=0)
    accumulate_steps: int = setting(1, "batches whose gradients are averaged for one update", low=1)
    ema_decay: float = setting(
        0.0,
        "decay of the moving average of weights that is evaluated and kept; 0: none; update t decays "
        "by (1 + t) / (10 + t) as long as that is less",
        low=0,
        high=1,
        open_high=True,
    )


@dataclass(frozen=True)
class TrainSettings:
    """When a training stops, and what it reports and keeps. The first limit that is reached ends it."""

    steps: int = setting(3000, "batches to train on; 0: no limit", low=0)
    epochs: float = setting(0, "passes over the training data; 0: no limit", low=0)
    minutes: float = setting(0, "wall time (not reproducible); 0: no limit", low=0)
    patience: int = setting(0, "dev evaluations without improvement; 0: no limit", low=0)
    eval_steps: int = setting(
        500, "steps between dev evaluations, each with a checkpoint to resume from", low=1
    )
    log_steps: int = setting(50, "steps between two lines of history.jsonl", low=1)
    dev_examples: int = setting(
        200, "dev examples decoded for the dev metric; 0: choose by dev loss", low=0
    )
    average: int = setting(5, "checkpoints in average.safetensors, the last ones", low=1)
    tensorboard: bool = setting(False, "also write event files to .work/tensorboard/<cell>")


@dataclass(frozen=True)
class Runtime:
    """Where and how precisely the arithmetic is done."""

    backend: str = setting("tensorflow", "Keras backend", choices=("tensorflow", "jax"))
    precision: str = setting(
        "float32",
        "Keras dtype policy of the layers",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    devices: str = setting(
        "auto", "auto: one accelerator or the CPU; all; cpu; or kind:count, as gpu:4 or cpu:2"
    )
    deterministic: bool = setting(True, "same seed and machine kind: bit-identical weights")
    threads: int = setting(0, "CPU threads of a cell; 0: all cores", low=0)
    warm: bool = setting(
        True, "fork cells from one process that has the libraries; changes no result"
    )


def of_results(runtime: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a `runtime` that a result can depend on."""
    return {name: value for name, value in runtime.items() if name != "warm"}


def flat(value: Any) -> dict[str, Any]:
    """A settings dataclass as a plain dict, in the order of declaration."""
    return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
