"""What ends a training: steps, epochs, wall time, patience; and what it then keeps."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import keras
import pytest

from components.catalog import UserError
from components.train.hparams import Runtime, TrainSettings
from components.train.network import Network
from components.train.trainer import train
from tests.tiny import tiny_data
from tests.train.train_once import HPARAMS


def run(
    folder: Path, *, dev_metric: Any = None, hparams: Any = None, **settings: Any
) -> dict[str, Any]:
    tiny_data(folder / "data", sizes={"train": 60, "dev": 4, "test": 4})
    keras.utils.set_random_seed(1)
    return train(
        data_dir=folder / "data",
        model="transformer",
        hparams={**HPARAMS, **(hparams or {})},
        settings=TrainSettings(**{"steps": 0, "eval_steps": 2, "log_steps": 1, **settings}),
        runtime=Runtime(),
        seed=1,
        out_dir=folder,
        work_dir=folder / "work",
        report=lambda event: None,
        dev_metric=dev_metric,
    )


def test_epochs_are_passes_over_the_data(tmp_path: Path) -> None:
    done = run(tmp_path, epochs=0.5, eval_steps=100)
    assert done["epochs"] == pytest.approx(0.5, abs=0.1) and 2 < done["steps"] < 30
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines if json.loads(line)["split"] == "train"]
    assert steps == list(range(1, done["steps"] + 1))


def test_the_first_limit_counts(tmp_path: Path) -> None:
    assert run(tmp_path, epochs=50, steps=3)["steps"] == 3


def test_patience_counts_evaluations_without_a_better_one(tmp_path: Path) -> None:
    values = iter([0.1, 0.3, 0.2, 0.3, 0.1, 0.9])  # 0.3 again is no improvement

    def metric(network: Network) -> dict[str, float]:
        return {"dev_metric": next(values)}

    done = run(tmp_path, patience=3, dev_metric=metric)
    assert done["steps"] == 2 * 5
    assert done["best"] == {"step": 4, "metric": "dev_metric", "value": 0.3}


def test_a_metric_that_is_no_number_yet_is_the_best_only_until_one_is(tmp_path: Path) -> None:
    values = iter([math.nan, math.nan, 0.5, math.nan, 0.4, 0.3])
    done = run(tmp_path, patience=3, dev_metric=lambda _: {"dev_metric": next(values)})
    assert done["steps"] == 2 * 6
    assert done["best"] == {"step": 6, "metric": "dev_metric", "value": 0.5}


def test_a_rate_that_falls_until_the_last_step_needs_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cosine falls until the last step; expected steps or"):
        run(tmp_path, patience=2, hparams={"learning_rate_schedule": "cosine"})


def test_wall_time_ends_it_within_a_batch_and_evaluates(tmp_path: Path) -> None:
    done = run(tmp_path, minutes=1e-6, eval_steps=50)
    assert done["steps"] == 1 and done["best"]["step"] == 1
    assert (tmp_path / "checkpoint" / "average.safetensors").is_file()


def test_a_training_without_a_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give one of steps, epochs, minutes, patience"):
        run(tmp_path)
