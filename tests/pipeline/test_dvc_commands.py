"""DVC's own commands on our pipeline, as the README shows them; dvc.yaml against the code."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from pipeline import plan
from pipeline.cells import Cell
from tests.pipeline.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
CELL = "runs/pairs/transformer/tiny/1"


def test_metrics_and_their_difference(finished: Project) -> None:
    shown = json.loads(finished.dvc("metrics", "show", "--json").output)
    metrics = shown[""]["data"]
    assert len(metrics) == 8
    assert metrics[f"{CELL}/metrics.json"]["data"]["bleu"] == 2.1
    finished.edit("params.yaml", "dropout: 0.1", "dropout: 0.3")
    finished.dvc("repro", "evaluate@pairs-transformer-tiny-1")
    changed = json.loads(finished.dvc("metrics", "diff", "--json").output)
    assert list(changed) == [f"{CELL}/metrics.json"]
    assert round(changed[f"{CELL}/metrics.json"]["bleu"]["diff"], 6) == 0.2


def test_plots_hold_the_learning_curves(finished: Project) -> None:
    shown = finished.dvc("plots", "show", "--json")
    assert shown.code == 0, shown.output
    assert f"{CELL}/history.csv" in shown.output and "dev_loss" in shown.output


def test_an_experiment_changes_one_set(finished: Project) -> None:
    run = finished.dvc("exp", "run", "-S", "hparams.tiny.dropout=0.2")
    assert run.code == 0, run.output
    assert {name.split("-")[2] for name in run.stages if "@" in name} == {"tiny"}
    assert "dropout: 0.2" in (finished.root / "params.yaml").read_text()
    metrics = json.loads((finished.root / CELL / "metrics.json").read_text())
    assert metrics["bleu"] == 2.2


def test_the_plan_knows_the_outputs_of_dvc_yaml() -> None:
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    for kind, names in plan.OUTPUTS.items():
        declared = [
            next(iter(out)) if isinstance(out, dict) else out
            for key in ("outs", "plots", "metrics")
            for out in stages[kind].get(key, ())
        ]
        assert sorted(path.rpartition("/")[2] for path in declared) == sorted(names)
        folder = str(Cell("${item.problem}", "${item.model}", "${item.hparams}", 0).folder)
        assert {path.rpartition("/")[0] for path in declared} == {
            folder.replace("/0", "/${item.seed}")
        }


def test_every_stage_is_a_command() -> None:
    from pipeline.cli import main

    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    for name, stage in stages.items():
        words = stage["cmd"].split()
        assert words[:4] == ["python", "-m", "pipeline", name]
        try:
            main([name, "--help"])
        except SystemExit as end:
            assert end.code == 0
