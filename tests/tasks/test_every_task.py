"""Every task from raw files to metrics: generated, trained for some steps, decoded, scored."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import pytest

from components import catalog
from components.datagen.generate import generate
from components.datagen.problem import from_settings, signature
from components.datagen.schema import SPLITS, Manifest
from components.eval.evaluate import evaluate
from components.train.hparams import Runtime, TrainSettings
from components.train.network import load_model_module
from components.train.runtime import configure
from components.train.trainer import train
from pipeline.cells import reason_against
from tests.tasks.raw import RAW

SMALL = {"d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 32, "batch_tokens": 512}
SMALL |= {"optimizer": "adam", "learning_rate": 0.003, "learning_rate_schedule": "constant"}


def test_no_task_is_forgotten() -> None:
    tasks = set(catalog.entries("tasks")) - {"multi"}
    assert not tasks - set(RAW), (
        "tests/tasks/raw.py: RAW lacks them; name there what writes files with their columns, "
        "for example `labelled` for text and label"
    )
    assert set(RAW) == tasks


def cases() -> list[tuple[str, str, dict[str, object]]]:
    """Every task once, with the encoder if it can answer; a label answered by a decoder; samples of
    sound where others read spectrograms."""
    found = []
    for task in sorted(RAW):
        declared = catalog.load("tasks", task)
        kind = {"inputs": declared.inputs, "targets": declared.targets, "provides": []}
        needs = load_model_module("transformer_encoder").NEEDS
        found.append(
            (task, "transformer" if reason_against(needs, kind) else "transformer_encoder", {})
        )
    waveform: dict[str, object] = {"waveform": True}
    return [
        *found,
        ("text_classification", "transformer", {}),
        ("audio_classification", "transformer_encoder", waveform),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("task", "model", "more"), cases())
def test_from_raw_files_to_metrics(
    task: str, model: str, more: dict[str, object], tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    settings = {"task": task, **RAW[task](raw), **more}
    problem = from_settings("mine", settings)
    data = tmp_path / "data"
    manifest = generate(problem, "mine", data)
    assert manifest == Manifest.load(data)
    for split in SPLITS:
        assert manifest.splits[split].examples > 0
    configure(Runtime(), seed=1)
    keras.backend.clear_session()
    run = tmp_path / "run"
    events: list[dict] = []
    trained = train(
        data_dir=data,
        model=model,
        hparams=SMALL,
        settings=TrainSettings(steps=4, eval_steps=2, dev_examples=0),
        runtime=Runtime(),
        seed=1,
        out_dir=run,
        work_dir=tmp_path / "work",
        report=events.append,
    )
    assert trained["steps"] == 4
    result = evaluate(
        run_dir=run,
        data_dir=data,
        model=model,
        hparams=SMALL,
        settings={"bootstrap_samples": 20, "beam_size": 2, "extra_length": 5},
        report=lambda event: None,
    )
    assert json.loads((run / "metrics.json").read_text()) == result
    for name in signature(problem)["metrics"]:
        main = catalog.load_module("metrics", name).MAIN
        assert result[f"{main}_low"] <= result[main] <= result[f"{main}_high"]
    shown = (run / "predictions.test.txt").read_text().split("\n")[:-1]
    assert len(shown) == len((run / "references.test.txt").read_text().split("\n")[:-1])
    assert len(shown) == manifest.splits["test"].examples
    page = (run / "inside" / "index.html").read_text()
    assert "could not be looked at" not in page and "attention-1.png" in page
