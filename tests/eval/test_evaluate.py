"""A whole evaluation of untrained cells: which checkpoint, which files, which numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from components.catalog import UserError
from components.eval.evaluate import checkpoints, evaluate, measure
from components.eval.input_batches import Reach
from components.eval.metrics import accuracy, bleu
from components.eval.outputs import Outputs
from components.eval.predict import Predictor, target_vocabulary
from components.eval.settings import EvalSettings
from components.train import checkpoint
from components.train.records import Records
from tests.eval import tiny

SETTINGS = {"extra_length": 4, "bootstrap_samples": 50}


def make_run(folder: Path, manifest, model="transformer", seeds=(1, 2, 3)) -> Path:
    """A cell whose checkpoints best, last and average have weights of these seeds."""
    run = folder / "run"
    for name, seed in zip(checkpoint.CHOICES, seeds, strict=True):
        weights = checkpoint.arrays(tiny.network(manifest, model, seed).trainable_variables)
        checkpoint.save(weights, run / "checkpoint" / f"{name}.safetensors")
    written = {"status": "ok", "train_seconds": 12.5, "examples_per_second": 80.0, "steps": 7}
    (run / "train.json").write_text(json.dumps(written))
    return run


def run_evaluate(run, folder, model="transformer", events=None, **settings):
    return evaluate(
        run_dir=run,
        data_dir=folder,
        model=model,
        hparams=tiny.HPARAMS[model],
        settings={**SETTINGS, **settings},
        report=(events if events is not None else []).append,
    )


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def perplexity(predictor: Predictor, records: Records) -> float:
    nll, tokens, _ = predictor.losses(records).sum(axis=0)
    return float(np.exp(nll / tokens))


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copying")
    manifest = tiny.copying(folder, dev_metric="perplexity")
    run = make_run(folder, manifest)
    # Training data is not even there.
    next(folder.glob("train-*")).unlink()
    events: list[dict] = []
    return folder, manifest, run, run_evaluate(run, folder, events=events), events


def test_the_dev_metric_chooses_among_the_checkpoints(cell):
    folder, manifest, _, metrics, events = cell
    dev = Records(folder, manifest, "dev")
    found = {}
    for name, seed in zip(checkpoint.CHOICES, (1, 2, 3), strict=True):
        network = tiny.network(manifest, "transformer", seed)
        predictor = Predictor(network, target_vocabulary(folder, manifest))
        found[name] = perplexity(predictor, dev)
    best = min(found, key=found.__getitem__)
    assert metrics["checkpoint"] == best
    assert metrics["dev_perplexity"] == pytest.approx(found[best], rel=1e-4)
    assert events[0]["event"] == "chosen" and events[0]["checkpoint"] == best


def test_metrics_are_those_of_the_written_predictions(cell):
    folder, manifest, run, metrics, _ = cell
    predictions, expected = lines(run / "predictions.test.txt"), lines(run / "references.test.txt")
    assert expected == Records(folder, manifest, "test").texts("targets")
    assert metrics["bleu"] == bleu.metric(expected, predictions)["bleu"]
    assert metrics["bleu_low"] <= metrics["bleu"] <= metrics["bleu_high"]
    assert metrics["signature"] == bleu.signature()
    assert np.log(metrics["perplexity"]) == pytest.approx(metrics["loss"])


def test_metrics_json_is_flat_and_what_is_returned(cell):
    _, manifest, run, metrics, _ = cell
    assert json.loads((run / "metrics.json").read_text()) == metrics
    assert all(isinstance(value, int | float | str) for value in metrics.values())
    assert metrics["split"] == "test" and metrics["examples"] == tiny.SIZES["test"]
    assert metrics["train_seconds"] == 12.5 and metrics["steps"] == 7
    assert not list(run.glob("*.partial"))


def test_looking_inside_changes_no_number_and_leaves_its_pictures(cell):
    folder, _, run, metrics, events = cell
    inside = {path.name for path in (run / "inside").iterdir()}
    assert inside == {"index.html", "attention-1.png"}
    assert (run / "inside" / "attention-1.png").read_bytes().startswith(b"\x89PNG")
    assert 'src="attention-1.png"' in (run / "inside" / "index.html").read_text()
    assert not [event for event in events if event["event"] == "inside"]
    predictions = (run / "predictions.test.txt").read_bytes()
    without = run_evaluate(run, folder, inspect=0)
    assert [path.name for path in (run / "inside").iterdir()] == ["index.html"]
    assert "eval.inspect is 0" in (run / "inside" / "index.html").read_text()
    told: list[dict] = []
    closer = run_evaluate(run, folder, events=told, inspect=2, watch=["*/decoder_1", "*/decodr_1"])
    assert {path.name for path in (run / "inside").iterdir()} == {
        *("index.html", "attention-1.png", "attention-2.png", "output-decoder_1.png"),
    }
    notes = [event["note"] for event in told if event["event"] == "inside"]
    assert len(notes) == 1 and notes[0].startswith(
        "eval.watch: no layer is called '*/decodr_1'; the"
    )
    assert "network/body/decoder_1" in notes[0]
    for other in (without, closer):
        own = {key for key in metrics if not key.endswith("_seconds")}
        assert own == {key for key in other if not key.endswith("_seconds")}
        assert {key: metrics[key] for key in own} == {key: other[key] for key in own}
    assert (run / "predictions.test.txt").read_bytes() == predictions


def test_what_cannot_be_looked_at_costs_no_evaluation(cell, monkeypatch):
    folder, _, run, metrics, _ = cell

    def broken(*_, **__):
        raise RuntimeError("a layer of a plugin\nfailed")

    monkeypatch.setattr("components.eval.evaluate.look", broken)
    told: list[dict] = []
    found = run_evaluate(run, folder, events=told)
    note = "The inside could not be looked at: RuntimeError: a layer of a plugin"
    assert told[-1] == {"event": "inside", "note": note}
    assert note in (run / "inside" / "index.html").read_text()
    assert found["bleu"] == metrics["bleu"]


def test_a_named_checkpoint_and_the_first_examples_of_dev(cell):
    folder, manifest, run, _, _ = cell
    metrics = run_evaluate(
        run, folder, checkpoint="last", split="dev", method="greedy", max_examples=4
    )
    assert metrics["checkpoint"] == "last" and metrics["examples"] == 4
    network = tiny.network(manifest, "transformer", seed=2)
    reach = Reach(extra_length=SETTINGS["extra_length"])
    predictor = Predictor(network, target_vocabulary(folder, manifest), reach=reach)
    dev = Records(folder, manifest, "dev")
    assert lines(run / "predictions.dev.txt") == predictor.predict(dev, max_examples=4).texts
    assert metrics["dev_perplexity"] == pytest.approx(perplexity(predictor, dev), rel=1e-4)
    assert (run / "predictions.test.txt").is_file()


def test_labels(tmp_path):
    manifest = tiny.animals(tmp_path)
    run = make_run(tmp_path, manifest, "transformer_encoder")
    metrics = run_evaluate(run, tmp_path, "transformer_encoder")
    predictions = lines(run / "predictions.test.txt")
    expected = lines(run / "references.test.txt")
    assert set(predictions) <= set(tiny.LABELS)
    assert metrics["accuracy"] == accuracy.metric(expected, predictions)["accuracy"]
    assert metrics["accuracy"] <= metrics["accuracy_top5"] <= 1
    assert metrics["accuracy_top5_signature"] == "top-5"


def test_a_checkpoint_that_is_a_copy_is_not_decoded_again(tmp_path):
    manifest = tiny.copying(tmp_path)
    run = make_run(tmp_path, manifest, seeds=(1, 1, 2))
    assert list(checkpoints(run, "auto")) == ["best", "average"]
    assert list(checkpoints(run, "last")) == ["last"]


def test_train_is_never_evaluated(cell):
    folder, _, run, _, _ = cell
    with pytest.raises(UserError, match="eval.split: train is never evaluated"):
        run_evaluate(run, folder, split="train")


def test_without_checkpoints_the_message_says_what_is_missing(tmp_path, cell):
    folder = cell[0]
    with pytest.raises(UserError, match=r"holds no average.safetensors; train the cell first"):
        run_evaluate(tmp_path, folder, checkpoint="average")


def test_two_metrics_with_a_number_of_the_same_name_are_refused():
    outputs = Outputs(["a b"], np.zeros(1), [["a b"]])
    with pytest.raises(UserError, match="metric 'bleu' gives bleu, .* another metric"):
        measure(("bleu", "bleu"), ["a b"], outputs, np.zeros((1, 3)), EvalSettings())


def test_line_ends_in_predictions_do_not_shift_lines():
    outputs = Outputs(["one\ntwo", "three\u2028four"], np.zeros(2), [[], []])
    assert outputs.texts == ["one two", "three four"]


JAX = """
import json, sys
from components.eval.evaluate import evaluate
run, data, hparams, settings = map(json.loads, sys.argv[1:])
evaluate(run_dir=run, data_dir=data, model="transformer", hparams=hparams, settings=settings,
         report=lambda event: None)
"""


@pytest.mark.slow
def test_another_backend_gives_the_same_predictions_from_the_same_checkpoint(cell):
    pytest.importorskip("jax", exc_type=ImportError)
    folder, _, run, metrics, _ = cell
    here = (run / "predictions.test.txt").read_bytes()
    given = [json.dumps(value) for value in (str(run), str(folder))]
    given += [json.dumps(tiny.HPARAMS["transformer"]), json.dumps(SETTINGS)]
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", JAX, *given],
        cwd=root,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        check=True,
    )
    there = json.loads((run / "metrics.json").read_text())
    assert (run / "predictions.test.txt").read_bytes() == here
    assert there["checkpoint"] == metrics["checkpoint"]
    for key in ("bleu", "bleu_low", "bleu_high", "perplexity", "dev_perplexity"):
        assert there[key] == pytest.approx(metrics[key], rel=1e-4)
