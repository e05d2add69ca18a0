"""Several problems at once: their data, the order of their batches, training, resuming, scores."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.catalog import UserError
from components.datagen import mixing
from components.datagen.generate import generate
from components.datagen.problem import Problem, from_settings
from components.datagen.schema import Manifest
from components.eval.evaluate import evaluate
from components.eval.predict import dev_metric_fn
from components.train.batches import Plan
from components.train.hparams import Runtime, TrainSettings
from components.train.mixed_stream import MixedStream, open_stream
from components.train.network import build_network
from components.train.runtime import configure
from components.train.trainer import train
from tests.tasks.raw import RAW
from tests.tasks.test_every_task import SMALL

TASKS = ("translation", "parsing", "image_classification", "speech_recognition")


def mixture(folder: Path, **settings: Any) -> Problem:
    """A problem of several tasks, named as the tasks are."""
    members = {}
    for task in TASKS:
        raw = folder / task
        raw.mkdir(parents=True)
        members[task] = from_settings(task, {"task": task, **RAW[task](raw)})
    given = {"task": "multi", "tasks": list(TASKS), "vocabulary_size": 120, **settings}
    return dataclasses.replace(from_settings("joint", given), members=members)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mixture")
    generate(mixture(folder / "raw"), "joint", folder / "data")
    return folder / "data"


def run(data: Path, folder: Path, steps: int = 4) -> Path:
    configure(Runtime(), seed=1)
    keras.backend.clear_session()
    train(
        data_dir=data,
        model="transformer",
        hparams=SMALL,
        settings=TrainSettings(steps=steps, eval_steps=2, log_steps=2, dev_examples=0),
        runtime=Runtime(),
        seed=1,
        out_dir=folder / "run",
        work_dir=folder / "work",
        report=lambda event: None,
        dev_metric=dev_metric_fn(data, Manifest.load(data), 4),
        dev_metric_name="dev_loss",
        higher_is_better=False,
    )
    return folder / "run"


def test_texts_share_one_vocabulary_and_the_rest_keep_theirs(data: Path) -> None:
    manifest = Manifest.load(data)
    assert manifest.members == tuple(sorted(TASKS))
    own = {name: Manifest.load(data / name) for name in TASKS}
    shared = {(data / name / "vocabulary.model").read_bytes() for name in TASKS[:2]}
    assert len(shared) == 1
    assert own["parsing"].features["targets"].vocabulary == "targets.tokens.txt"
    assert own["image_classification"].features["targets"].vocabulary == "targets.labels.txt"
    assert not (data / "speech_recognition" / "vocabulary.model").exists()
    total = sum(one.splits["train"].examples for one in own.values())
    assert manifest.splits["train"].examples == total


def test_the_body_and_the_text_embedding_are_shared(data: Path) -> None:
    members = {name: Manifest.load(data / name) for name in TASKS}
    network = build_network(Manifest.load(data), "transformer", SMALL, (), members)
    nets = network.members
    assert len({id(net.body) for net in nets.values()}) == 1
    text = nets["translation"].target_net
    assert text is nets["parsing"].input_net
    assert nets["image_classification"].input_net is not text
    commands = [net.command for net in nets.values()]
    assert len({id(command) for command in commands}) == len(TASKS)
    names = [variable.path for variable in network.trainable_variables]
    assert len(names) == len({id(one) for one in network.trainable_variables})


def test_cached_steps_equal_the_whole_with_a_command(data: Path) -> None:
    members = {name: Manifest.load(data / name) for name in TASKS}
    network = build_network(Manifest.load(data), "transformer", SMALL, (), members)
    own = network.members["translation"]
    rng = np.random.default_rng(0)
    batch = {
        "inputs": rng.integers(3, 60, (2, 5)).astype(np.int32),
        "targets": rng.integers(3, 60, (2, 6)).astype(np.int32),
    }
    whole = keras.ops.convert_to_numpy(own(batch, training=False))
    memory = own.encode(batch, training=False)
    cache = own.init_cache(memory, 1, 6)
    ids = np.pad(batch["targets"], [(0, 0), (1, 0)])
    for position in range(6):
        logits, cache = own.step(ids[:, position], position, cache, memory)
        found = keras.ops.convert_to_numpy(logits)
        np.testing.assert_allclose(found, whole[:, position], atol=1e-5)
    own.command.assign(own.command + 1)
    assert not np.allclose(keras.ops.convert_to_numpy(own(batch, training=False)), whole)


def test_a_member_gets_its_own_batches_in_their_order(data: Path) -> None:
    stream = open_stream(data, Manifest.load(data), Plan(512, 256, seed=3))
    assert isinstance(stream, MixedStream)
    found = stream.members(0, 3000)
    for name in TASKS:
        assert [number for one, number in found if one == name] == list(
            range(sum(one == name for one, _ in found))
        )
    assert stream.members(1500, 700) == found[1500:2200]
    (later,) = stream.batches(2047, 1)
    name, number = found[2047]
    (alone,) = stream.streams[name].batches(number, 1)
    np.testing.assert_array_equal(later[name]["targets"], alone["targets"])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"sampling": "equal"}, [0.5, 0.5]),
        ({"sampling": "proportional"}, [0.9, 0.1]),
        ({"sampling": "temperature", "temperature": 2.0}, [0.75, 0.25]),
        ({"sampling": "weights"}, [0.25, 0.75]),
    ],
)
def test_how_often_each_is_drawn(settings: dict[str, Any], expected: list[float]) -> None:
    mixture = {"members": {"a": 1.0, "b": 3.0}, "temperature": 1.0, "schedule": [], **settings}
    found = mixing.probabilities(mixture, {"a": 900, "b": 100}, np.arange(2))
    np.testing.assert_allclose(found, [expected] * 2)


def test_a_schedule_is_linear_between_its_steps() -> None:
    points = [[0, {"a": 1.0}], [100, {"a": 1.0, "b": 1.0}]]
    mixture = {"members": {"a": 1.0, "b": 1.0}, "sampling": "schedule", "schedule": points}
    found = mixing.probabilities(mixture, {"a": 9, "b": 9}, np.array([0, 50, 100, 500]))
    np.testing.assert_allclose(found[:, 1], [0, 1 / 3, 0.5, 0.5])


def test_draws_follow_the_probabilities(data: Path) -> None:
    stream = open_stream(data, Manifest.load(data), Plan(512, 256, seed=3))
    assert isinstance(stream, MixedStream)
    stream.mixture = {**stream.mixture, "members": {**dict.fromkeys(TASKS, 1.0), "parsing": 4.0}}
    counts = np.unique([name for name, _ in stream.members(0, 8000)], return_counts=True)
    shares = dict(zip(*counts, strict=True))
    assert shares["parsing"] / 8000 == pytest.approx(4 / 7, abs=0.02)
    assert shares["translation"] / 8000 == pytest.approx(1 / 7, abs=0.015)


@pytest.mark.slow
def test_trains_resumes_and_scores_every_member(data: Path, tmp_path: Path) -> None:
    whole = run(data, tmp_path / "whole")
    history = [json.loads(line) for line in (whole / "history.jsonl").read_text().split("\n")[:-1]]
    dev = [line for line in history if line["split"] == "dev"][-1]
    assert {f"dev_loss/{name}" for name in TASKS} <= set(dev)
    losses = [dev[f"dev_loss/{name}"] for name in TASKS]
    assert dev["dev_loss"] == pytest.approx(sum(losses) / len(losses))
    assert any(key.startswith("loss/") for line in history for key in line)
    assert {"bleu/translation", "bracket_f1/parsing", "accuracy/image_classification"} <= set(dev)
    run(data, tmp_path / "part", steps=2)
    (tmp_path / "part" / "work" / "state.json").write_text(
        (tmp_path / "part" / "work" / "state.json")
        .read_text()
        .replace('"finished": true', '"finished": false')
    )
    resumed = run(data, tmp_path / "part")
    for name in ("last", *(f"best.{task}" for task in TASKS)):
        file = f"checkpoint/{name}.safetensors"
        assert (resumed / file).read_bytes() == (whole / file).read_bytes(), name
    result = evaluate(
        run_dir=whole,
        data_dir=data,
        model="transformer",
        hparams=SMALL,
        settings={"bootstrap_samples": 20, "beam_size": 2, "extra_length": 5},
        report=lambda event: None,
    )
    assert 0 <= result["image_classification/accuracy"] <= 1
    assert result["translation/bleu_low"] <= result["translation/bleu"]
    assert result["speech_recognition/cer"] > 0
    lines = (whole / "predictions.test.txt").read_text().split("\n")[:-1]
    assert [line.split("\t")[0] for line in lines] == [
        name for name in sorted(TASKS) for _ in range(8)
    ]
    page = (whole / "inside" / "index.html").read_text()
    assert all(f"<h2>{name}</h2>" in page for name in TASKS)
    assert all((whole / "inside" / f"{name}.attention-1.png").is_file() for name in TASKS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tasks": []}, "expected the names of problems"),
        ({"tasks": {"translation": -1}}, "each with its weight"),
        ({"sampling": "propotional"}, "did you mean 'proportional'"),
        ({"sampling": "schedule"}, "goes with `sampling: schedule`"),
        (
            {"sampling": "schedule", "schedule": [[0, {"pasring": 1}]]},
            "did you mean 'parsing'",
        ),
        ({"sampling": "temperature", "temperature": 0.0}, "expected a number above 0"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        from_settings("joint", {"task": "multi", "tasks": list(TASKS), **settings})
