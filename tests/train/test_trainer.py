"""Whole trainings: killed, on several devices, on another backend, in low precision, diverging."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from components.catalog import UserError
from components.train.hparams import Runtime
from components.train.runtime import configure
from tests.eval import tiny
from tests.train import train_once

REPOSITORY = Path(__file__).resolve().parents[2]
WEIGHTS = ("best", "last", "average")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tiny, "SIZES", {"train": 200, "dev": 9, "test": 4})
    folder = tmp_path / "data"
    folder.mkdir()
    tiny.copying(folder)
    return folder


@pytest.fixture
def as_before() -> Iterator[None]:
    """Gives this process the runtime back that other tests expect."""
    yield
    configure(Runtime(), 1)


def start(data: Path, trainings: dict[Path, dict[str, Any]]) -> subprocess.Popen[str]:
    """A process that trains into each of the folders, one after another."""
    for out in trainings:
        out.mkdir(exist_ok=True)
    given = json.dumps({str(out): changes for out, changes in trainings.items()})
    return subprocess.Popen(
        [sys.executable, "-m", "tests.train.train_once", str(data), given],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(data: Path, trainings: dict[Path, dict[str, Any]]) -> list[dict[str, Any]]:
    """What each of the trainings returned."""
    process = start(data, trainings)
    said, errors = process.communicate(timeout=120 * len(trainings))
    assert process.returncode == 0, said[-2000:] + errors[-3000:]
    return [json.loads((out / "done.json").read_text()) for out in trainings]


def losses(out: Path, split: str, key: str) -> list[float]:
    lines = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    return [line[key] for line in lines if line["split"] == split]


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_bytes(
    data: Path, tmp_path: Path, as_before: None
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    long = {"settings": {"steps": 120, "eval_steps": 10}}
    train_once.run(data, whole, long, print)
    moments = random.Random(4)
    restarts = 0
    for _ in range(2):
        process = start(data, {killed: long})
        assert process.stdout is not None
        left = moments.randint(2, 9)
        for line in process.stdout:
            left -= json.loads(line)["event"] in ("step", "dev")
            if left == 0:
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        restarts += process.returncode == -signal.SIGKILL
    assert restarts == 2
    done = train_once.run(data, killed, long, print)
    assert done["steps"] == 120
    for name in WEIGHTS:
        file = f"checkpoint/{name}.safetensors"
        assert (whole / file).read_bytes() == (killed / file).read_bytes(), name
    for key in ("loss", "learning_rate", "step"):
        assert losses(whole, "train", key) == losses(killed, "train", key)
    assert losses(whole, "dev", "dev_loss") == losses(killed, "dev", "dev_loss")

    # The three checkpoints are what their names say.
    dev = losses(whole, "dev", "dev_loss")
    assert done["best"]["value"] == min(dev) and done["best"]["step"] == 10 * (1 + np.argmin(dev))
    kept = [load_file(str(p)) for p in sorted((whole / "work").glob("kept-*.safetensors"))[-3:]]
    average = load_file(str(whole / "checkpoint/average.safetensors"))
    for name, value in average.items():
        mean = np.mean([one[name].astype(np.float64) for one in kept], axis=0)
        np.testing.assert_allclose(value, mean, atol=1e-7)


@pytest.mark.slow
def test_jax_goes_on_too_and_keeps_moving_averages(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("jax")
    short = {"runtime": {"backend": "jax"}, "settings": {"steps": 12, "eval_steps": 4}}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(data, {killed: short})
    assert process.stdout is not None
    seen = 0
    for line in process.stdout:
        seen += json.loads(line)["event"] == "dev"
        if seen == 2:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    # It goes on in a process that then makes the whole.
    for done in finish(data, {killed: short, whole: short}):
        assert done["steps"] == 12
    for name in WEIGHTS:
        file = f"checkpoint/{name}.safetensors"
        assert (whole / file).read_bytes() == (killed / file).read_bytes(), name


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_give_the_losses_of_one(backend: str, data: Path, tmp_path: Path) -> None:
    pytest.importorskip(backend)
    # Dropout draws other numbers where a batch is cut in two; everything else must agree.
    still = {"dropout": 0.0, "attention_dropout": 0.0, "relu_dropout": 0.0, "ema_decay": 0.0}
    settings = {"steps": 10, "eval_steps": 10, "log_steps": 1}
    # What a gradient is cut to must be that of the whole batch; Adam would not tell.
    clipped = {"optimizer": "sgd", "clip_norm": 0.05, "learning_rate_schedule": "constant"}
    trainings: dict[Path, dict[str, Any]] = {}
    for devices in ("cpu:2", "cpu:1"):
        for number, more in enumerate(({}, clipped)):
            trainings[tmp_path / f"{devices[-1]}-{number}"] = {
                "runtime": {"backend": backend, "devices": devices},
                "settings": settings,
                # An even number of rows for both, so that the batches are the same.
                "hparams": {**still, "batch_tokens": 80, **more},
            }
    assert [len(done["devices"]) for done in finish(data, trainings)] == [2, 2, 1, 1]
    found = [losses(out, "train", "loss") + losses(out, "dev", "dev_loss") for out in trainings]
    np.testing.assert_allclose(found[:2], found[2:], atol=1e-5)
    assert np.ptp(found[1]) > 0.1


def test_accumulation_on_several_devices_of_tensorflow_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.train.trainer.shared_devices", lambda _: ["cpu:0", "cpu:1"])
    with pytest.raises(UserError, match="accumulate_steps above 1 needs one device"):
        train_once.run(data, tmp_path, {"hparams": {"accumulate_steps": 2}}, print)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision_trains_with_finite_losses(
    precision: str, data: Path, tmp_path: Path, as_before: None
) -> None:
    settings = {"steps": 6, "eval_steps": 3, "tensorboard": True}
    changes = {"runtime": {"precision": precision}, "settings": settings}
    train_once.run(data, tmp_path / "out", changes, print)
    found = losses(tmp_path / "out", "dev", "dev_loss")
    assert len(found) == 2 and np.all(np.isfinite(found))
    assert list((tmp_path / "out" / "work" / "tensorboard").glob("events.out.tfevents.*"))


def test_a_diverging_training_says_what_to_do(data: Path, tmp_path: Path, as_before: None) -> None:
    changes = {"hparams": {"optimizer": "sgd", "learning_rate": 1e30, "warmup_steps": 0}}
    with pytest.raises(UserError, match="the training diverged; lower learning_rate"):
        train_once.run(data, tmp_path / "out", changes, print)
