"""TensorFlow and JAX compute the same from the same weights, whatever a problem's features are."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.datagen.generate import generate
from components.datagen.problem import from_settings
from components.datagen.schema import Manifest
from components.train.hparams import Runtime
from components.train.runtime import configure
from tests.tasks.raw import RAW
from tests.train.every_kind import MIXTURE, computed
from tests.train.on_jax import compare, skip_without_jax

KINDS = {
    "translation": ("symbol", "symbol"),
    "text_classification": ("symbol", "class_label"),
    "tagging": ("symbol", "aligned"),
    "question_answering": ("symbol", "span"),
    "similarity": ("symbol", "real"),
    "image_classification": ("image", "class_label"),
    "speech_recognition": ("audio", "symbol"),
    "language_modelling": ("nothing", "symbol"),
    "class_image_generation": ("class_label", "symbol"),
}
MEMBERS = ("translation", "image_classification", "speech_recognition")


def make(folder: Path) -> None:
    """The data of every kind and of a mixture of three below `folder/data`."""
    problems = {}
    for task in KINDS:
        raw = folder / "raw" / task
        raw.mkdir(parents=True)
        problems[task] = from_settings(task, {"task": task, **RAW[task](raw)})
    given = {"task": "multi", "tasks": list(MEMBERS), "vocabulary_size": 70}
    members = {task: problems[task] for task in MEMBERS}
    problems[MIXTURE] = dataclasses.replace(from_settings(MIXTURE, given), members=members)
    for name, problem in problems.items():
        generate(problem, name, folder / "data" / name)
    for task, kind in KINDS.items():
        features = Manifest.load(folder / "data" / task).features
        assert (features["inputs"].modality, features["targets"].modality) == kind


@pytest.mark.slow
def test_both_backends_compute_the_same_and_jax_trains_a_mixture(tmp_path: Path) -> None:
    skip_without_jax()
    make(tmp_path)
    configure(Runtime(), seed=1)
    ours = computed(tmp_path)
    assert {key.split("-")[0] for key in ours} == {*KINDS, MIXTURE}
    for key, value in ours.items():
        assert np.ptp(value) > 1e-3 or value.ndim == 0, f"{key} is the same everywhere"
    compare(ours, "tests.train.every_kind", tmp_path)
    check_mixture(json.loads((tmp_path / "trained.json").read_text()))


def check_mixture(told: dict[str, Any]) -> None:
    """Two steps were made, and every member has its scores."""
    assert told["trained"]["steps"] == 2
    assert math.isfinite(told["trained"]["dev_loss"])
    assert min(told["losses"]) > 6, "what experts add to the loss is not there"
    scores = told["scores"]
    assert 0 <= scores["image_classification/accuracy"] <= 1
    assert scores["translation/loss"] > 0 and scores["speech_recognition/cer"] > 0
