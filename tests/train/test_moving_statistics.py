"""Batch normalization's moving statistics: in every checkpoint, in the state to resume from, used to
evaluate; and no checkpoint of a model without them is other than it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

from components.train import checkpoint
from components.train.hparams import Runtime, TrainSettings
from components.train.network import build_network
from components.train.trainer import train
from tests.tiny import tiny_data

COMMON = {"d_model": 16, "batch_tokens": 64, "dropout": 0.2, "ema_decay": 0.9, "warmup_steps": 2}
MODELS: dict[str, dict[str, Any]] = {
    "resnet": {"stem": "small", "stem_width": 4, "blocks": [1, 1], "bottleneck": False},
    "keras_application": {"application": "MobileNet", "image_size": 32},
}


class Killed(Exception):
    """What a kill is to the training."""


def run(folder: Path, killed_at: int = 0) -> Path:
    """Six steps of a ResNet, a dev evaluation every two."""
    if not (folder / "data").is_dir():
        tiny_data(folder / "data", "image", sizes={"train": 50, "dev": 5, "test": 4})

    def report(event: dict[str, Any]) -> None:
        if killed_at and event["event"] == "step" and event["step"] == killed_at:
            raise Killed

    keras.utils.set_random_seed(1)
    train(
        data_dir=folder / "data",
        model="resnet",
        hparams={**COMMON, **MODELS["resnet"]},
        settings=TrainSettings(steps=6, eval_steps=2, log_steps=1, average=2, dev_examples=0),
        runtime=Runtime(),
        seed=1,
        out_dir=folder,
        work_dir=folder / "work",
        report=report,
    )
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("whole"))


def held(run: Path, name: str) -> dict[str, np.ndarray]:
    return load_file(str(run / "checkpoint" / f"{name}.safetensors"))


def moving(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value for name, value in values.items() if "/moving_" in name}


@pytest.mark.slow
def test_a_killed_training_ends_as_one_that_was_not(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        run(tmp_path, killed_at=5)
    assert not (tmp_path / "checkpoint").is_dir()
    run(tmp_path)
    for name in checkpoint.CHOICES:
        wanted, found = held(whole, name).values(), held(tmp_path, name).values()
        for one, other in zip(wanted, found, strict=True):
            np.testing.assert_array_equal(one, other)


def test_checkpoints_hold_them_and_their_mean(whole: Path) -> None:
    last = held(whole, "last")
    assert len(moving(last)) == 2 * sum(name.endswith("/gamma") for name in last) > 0
    for name, value in moving(last).items():
        assert np.all(value != (0.0 if "mean" in name else 1.0)), name
    kept = [load_file(str(path)) for path in sorted((whole / "work").glob("kept-*.safetensors"))]
    for name, value in moving(held(whole, "average")).items():
        mean = np.mean([one[name].astype(np.float64) for one in kept[-2:]], axis=0)
        np.testing.assert_allclose(value, mean, rtol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_training_learns_them_and_each_image_is_answered_for_alone(
    model: str, tmp_path: Path
) -> None:
    manifest = tiny_data(tmp_path, "image", sizes={"train": 1, "dev": 1, "test": 1})
    network = build_network(manifest, model, {**COMMON, **MODELS[model]})
    inputs = np.random.default_rng(4).integers(0, 256, (4, 4, 4, 1)).astype(np.uint8)
    batch = {"inputs": inputs, "targets": np.zeros((4, 1), np.int32), "tokens": np.full(4, 4, "f")}
    begun = values(network)
    for _ in range(3):
        network(batch, training=True)
    learnt = values(network)
    assert not any(map(np.array_equal, begun, learnt))
    inputs[3] = 0  # black, as a row that fills up a batch
    together = np.asarray(network(batch, training=False))
    for row in range(4):
        one = {name: array[row : row + 1] for name, array in batch.items()}
        alone = np.asarray(network(one, training=False))[0]
        np.testing.assert_allclose(alone, together[row], atol=1e-5)
    assert all(map(np.array_equal, learnt, values(network)))


@pytest.mark.parametrize("model", ["resnet", "xception"])
def test_rows_that_fill_up_a_batch_weigh_nothing_in_training_either(
    model: str, tmp_path: Path
) -> None:
    manifest = tiny_data(tmp_path, "image", sizes={"train": 1, "dev": 1, "test": 1})
    own = {"stem": "small", "dropout": 0.0, "num_layers": 1}
    own |= {"middle_width": 8, "exit_widths": [10, 12]} if model == "xception" else MODELS[model]
    inputs = np.random.default_rng(4).integers(0, 256, (4, 4, 4, 1)).astype(np.uint8)
    batch = {"inputs": inputs, "targets": np.ones((4, 1), np.int32), "tokens": np.full(4, 4, "f")}
    filled = {n: np.pad(a, [(0, 3)] + [(0, 0)] * (a.ndim - 1)) for n, a in batch.items()}
    found = []
    for one in (batch, filled):
        keras.utils.set_random_seed(1)
        network = build_network(manifest, model, {**COMMON, **own, "dropout": 0.0})
        loss = network.compute_loss(x=one, y_pred=network(one, training=True))
        found.append([np.asarray(loss), *values(network)])
    for alone, among in zip(*found, strict=True):
        np.testing.assert_allclose(among, alone, rtol=1e-4, atol=1e-5)


def values(network: keras.Model) -> list[np.ndarray]:
    return [np.array(variable) for variable in network.non_trainable_weights]


def test_other_models_checkpoints_are_what_is_trained(tmp_path: Path) -> None:
    manifest = tiny_data(tmp_path)
    for model in ("transformer", "lstm_attention"):
        network = build_network(manifest, model, {"d_model": 16, "dropout": 0.1})
        network.compile(optimizer="adam")
        network.optimizer.build(network.trainable_variables)
        assert len(network.non_trainable_variables) > 0  # random generators
        names = [variable.path for variable in checkpoint.weights(network)]
        assert names == [variable.path for variable in network.trainable_variables]
