"""What a run holds, from what a cell's files hold: the same for live and for rebuilt runs."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from pipeline.cells import Cell

CELL = "tensorgrid.cell"
SYNCED = "tensorgrid.synced"
PROCESS = "tensorgrid.process"
HOST = "tensorgrid.host"
FAILURE = "tensorgrid.failure"
MAX_KEYS = 60
"""Metric keys a run, system metrics included: the charts of MLflow's page degrade beyond."""
SYSTEM_KEYS = 16
"""What the system metrics of one machine with two GPUs take of them."""
POSITIONS = frozenset({"event", "split", "step", "steps", "seconds_left", "timestamp"})
"""Fields of an event that say where the training is, not how good."""
COSTS = ("params", "train_seconds", "examples_per_second", "tokens_per_second")


def parameters(cell: Cell, record: Mapping[str, Any]) -> dict[str, str]:
    """The run's params: the cell's four names, the hparams flat, `train.*` and `runtime.*`."""
    values: dict[str, Any] = {
        "problem": cell.problem,
        "model": cell.model,
        "hparams": cell.hparams,
        "seed": cell.seed,
    }
    values.update(_flat(record.get("hparams", {}), ""))
    values.update(_flat(record.get("settings", {}), "train."))
    values.update(_flat(record.get("runtime", {}), "runtime."))
    return {key: str(value)[:6000] for key, value in values.items()}


def tags(cell: Cell, record: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, str]:
    """The run's tags: the cell's hash first of all, then where data, code and numbers came from."""
    tagged = {
        CELL: record["cell_hash"],
        "tensorgrid.problem": cell.problem,
        "tensorgrid.model": cell.model,
        "dvc.stage": cell.stage(),
        "mlflow.source.type": "PROJECT",
        "mlflow.source.name": cell.stage(),
        "mlflow.note.content": f"Again, alone: `dvc repro {cell.stage()}`",
    }
    for key in ("data_hash", "code_hash", "git_revision", "git_dirty", "devices"):
        if record.get(key) is not None:
            tagged[f"tensorgrid.{key}"] = str(record[key])
    for library, version in record.get("versions", {}).items():
        tagged[f"version.{library}"] = str(version)
    if record.get("git_revision"):
        tagged["mlflow.source.git.commit"] = str(record["git_revision"])
    return {**tagged, **{key: str(value) for key, value in own.items()}}


def process_tags() -> dict[str, str]:
    """Which process trains. A pid is used again by others; with its start time it is unique."""
    process = psutil.Process(os.getpid())
    return {
        HOST: socket.gethostname(),
        PROCESS: f"{process.pid}:{process.create_time():.2f}",
        "tensorgrid.pid": str(process.pid),
    }


def process_lives(tagged: Mapping[str, str]) -> bool:
    """Whether the process that the tags name runs. Another host's process is taken to be alive."""
    if PROCESS not in tagged or tagged.get(HOST) != socket.gethostname():
        return True
    pid, _, started = tagged[PROCESS].partition(":")
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - float(started)) < 1.0
    except psutil.NoSuchProcess:
        return False


def points(event: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a `step` or `dev` event, or of the same line in history.jsonl, by metric key.

    `{"event": "dev", "step": 5, "dev_loss": 2.0, "bleu": 9.0}` gives dev/loss and dev/bleu.
    """
    kind = event.get("event", event.get("split"))
    if kind not in ("step", "train", "dev"):
        return {}
    split = "dev" if kind == "dev" else "train"
    return {
        f"{split}/{key.removeprefix(split + '_')}": float(value)
        for key, value in event.items()
        if key not in POSITIONS and isinstance(value, int | float)
    }


def history(file: Path) -> Iterable[tuple[int, dict[str, float]]]:
    """(step, metrics) for each line of a history.jsonl."""
    for line in file.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if values := points(event):
            yield int(event["step"]), values


def final_metrics(
    train: Mapping[str, Any],
    metrics: Mapping[str, Any] | None,
    headlines: Iterable[str] = (),
    split: str = "test",
) -> dict[str, float]:
    """What is one number a run: costs under their own names, the evaluation under `test/`.

    headlines: keys of metrics that come first, as there is not room for all numbers of a mixture.
    """
    values = {f"cost/{key}": train[key] for key in COSTS if _is_number(train.get(key))}
    evaluated = metrics or {}
    for key in (*headlines, *evaluated):
        if _is_number(evaluated.get(key)) and key not in COSTS:
            values[f"{split}/{key}"] = evaluated[key]
    room = MAX_KEYS - SYSTEM_KEYS - 10
    return {key: float(values[key]) for key in list(values)[:room]}


def fingerprint(folder: Path, extra: str) -> str:
    """Changes when the training or the evaluation of a cell does; `sync` tags with it."""
    digest = hashlib.sha256(extra.encode())
    for file in ("train.json", "metrics.json"):
        path = folder / file
        digest.update(path.read_bytes() if path.is_file() else b"absent")
    return digest.hexdigest()[:32]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flat(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
