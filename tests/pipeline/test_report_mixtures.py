"""Mixtures and answers in the comparison, on a grid made of files."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.datagen.schema import Feature, Manifest
from components.eval import bootstrap
from components.eval.metrics import accuracy
from pipeline import (
    report_answers,
    report_cells,
    report_members,
    report_statistics,
    report_tables,
    tracking_record,
    tracking_sync,
)
from pipeline.cells import Cell
from pipeline.compare import compare
from pipeline.tracking import TrackingSettings
from tests.pipeline import fake_grid

ENDE, DIGITS = "translate_ende_synth", "image_digits"
ALONE = {name: Cell(name, "transformer", "tiny", 1) for name in (ENDE, DIGITS)}
JOINT = Cell("joint", "transformer", "tiny", 1)
ERRORS = {ENDE: 0.3, DIGITS: 0.05}


def write_joint(root: Path) -> None:
    """A mixture's cell from what its problems' cells alone would have left."""
    for name in (ENDE, DIGITS):
        fake_grid.write_data(root, name)
        fake_grid.write_cell(root, ALONE[name], error=0.1)
    members = {}
    folder = root / JOINT.folder
    folder.mkdir(parents=True)
    texts = {"predictions": "", "references": ""}
    history: dict[int, dict] = {}
    for name, error in ERRORS.items():
        other = root / "other"
        fake_grid.write_data(other, name)
        fake_grid.write_cell(other, ALONE[name], error=error)
        left = other / ALONE[name].folder
        members |= {
            f"{name}/{key}": value
            for key, value in json.loads((left / "metrics.json").read_text()).items()
            if key not in ("split", "params", "train_seconds", "examples_per_second")
        }
        for kind in texts:
            lines = (left / f"{kind}.test.txt").read_text().split("\n")[:-1]
            texts[kind] += "".join(f"{name}\t{line}\n" for line in lines)
        for line in map(json.loads, (left / "history.jsonl").read_text().split("\n")[:-1]):
            if line["split"] == "dev":
                own = history.setdefault(line["step"], {"step": line["step"], "split": "dev"})
                own |= {"dev_loss": 1.0, f"dev_loss/{name}": line["dev_loss"]}
    for kind, text in texts.items():
        (folder / f"{kind}.test.txt").write_text(text)
    lines = "".join(json.dumps(line) + "\n" for line in history.values())
    (folder / "history.jsonl").write_text(lines)
    costs = {"params": 9, "train_seconds": 100.0, "examples_per_second": 5.0}
    fake_grid.write_json(folder / "train.json", {**fake_grid.train_record(JOINT), **costs})
    fake_grid.write_json(folder / "metrics.json", {**members, **costs, "split": "test"})
    Manifest(
        "joint",
        "multi",
        {},
        Manifest.load(root / "data" / ENDE).splits,
        (),
        "",
        0,
        mixture={"members": dict.fromkeys(ERRORS, 1.0)},
    ).save(root / "data" / "joint")


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("grid")
    (root / "data" / "joint").mkdir(parents=True)
    write_joint(root)
    return root


def test_a_mixture_stands_beside_each_problem_alone(grid: Path) -> None:
    text = compare(grid, [*ALONE.values(), JOINT], TrackingSettings())
    told = json.loads((grid / "reports" / "compare.json").read_text())
    assert set(told) == {ENDE, DIGITS}
    for name in (ENDE, DIGITS):
        cells = told[name]["cells"]
        assert set(cells) == {f"{name}/transformer/tiny/1", f"{name}/transformer/tiny in joint/1"}
        values = [cells[key]["value"] for key in sorted(cells)]
        (pair,) = told[name]["joint"]
        assert pair["difference"] == pytest.approx(values[0] - values[1])
    assert "transformer tiny in joint: -" in text and "transformer tiny in joint: +" in text
    assert told[ENDE]["joint"][0]["p"] < 0.05


def test_the_p_value_is_the_paired_bootstrap_of_the_two(grid: Path) -> None:
    results = report_members.with_members(grid, [report_cells.read(grid, ALONE[DIGITS]),
                                                 report_cells.read(grid, JOINT)])  # fmt: skip
    own = [one for one in results if one.cell.problem == DIGITS]
    table = report_statistics.table(grid, DIGITS, own)
    sums = [accuracy.statistics(one.lines("references", "test"), one.lines("predictions", "test"))
            for one in own]  # fmt: skip
    better, worse = (1, 0) if sums[1].sum(0)[0] > sums[0].sum(0)[0] else (0, 1)
    expected = bootstrap.paired(
        sums[better], sums[worse], accuracy.score, "accuracy", samples=1000, seed=0
    )
    assert table.joint[0].p == pytest.approx(float(expected))
    steps = own[1].history()
    assert steps and all(set(values) == {"dev/loss"} for _, values in steps)


def test_seeds_are_put_together_and_a_longer_training_has_its_pair(grid: Path) -> None:
    """What a mixture did over two seeds; the set that it was trained with says more steps."""
    alone = [report_cells.read(grid, ALONE[DIGITS])]
    (joint,) = (one for one in report_members.with_members(grid, [report_cells.read(grid, JOINT)])
                if one.cell.problem == DIGITS)  # fmt: skip

    def of(result: Any, **cell: Any) -> Any:
        return dataclasses.replace(result, cell=dataclasses.replace(result.cell, **cell))

    longer = of(joint, hparams="long in joint")
    again = [of(one, seed=2) for one in (*alone, longer)]
    better = {**again[1].metrics, "accuracy": again[1].metrics["accuracy"] + 0.02}
    again[1] = dataclasses.replace(again[1], metrics=better)
    table = report_statistics.table(grid, DIGITS, [*alone, longer, *again])
    first, second = table.joint
    assert (first.seed, second.seed) == (1, 2)
    assert second.difference == pytest.approx(first.difference + 0.02)
    (line, *_) = report_tables.seed_lines(table)
    mean = (first.difference + second.difference) / 2
    assert line.startswith(
        f"transformer long in joint: {mean:+.4f} ± 0.0141 against transformer tiny"
    )
    assert "alone, over 2 seeds (p " in line
    other = {**longer.train, "hparams": {"d_model": 64}}
    unlike = dataclasses.replace(longer, train=other)
    assert not report_statistics.table(grid, DIGITS, [*alone, unlike]).joint


def test_mlflow_has_the_headline_of_each_member_whatever_there_is_no_room_for(grid: Path) -> None:
    result = report_cells.read(grid, JOINT)
    heads = tracking_sync._headlines(grid, result)
    assert heads == [f"{DIGITS}/accuracy", f"{ENDE}/bleu"]
    assert result.metrics is not None and result.train is not None
    crowd = {f"{DIGITS}/{number}": 0.5 for number in range(tracking_record.MAX_KEYS)}
    metrics = {**crowd, **result.metrics}
    kept = tracking_record.final_metrics(result.train, metrics, heads)
    assert [kept[f"test/{key}"] for key in heads] == [metrics[key] for key in heads]
    assert len(kept) < tracking_record.MAX_KEYS and f"test/{DIGITS}/0" in kept


def test_a_mixture_without_its_members_alone_has_tables_too(tmp_path: Path) -> None:
    (tmp_path / "data" / "joint").mkdir(parents=True)
    write_joint(tmp_path)
    for name in (ENDE, DIGITS):
        (tmp_path / "data" / name).rename(tmp_path / "data" / "joint" / name)
    text = compare(tmp_path, [JOINT], TrackingSettings())
    assert "tiny in joint" in text and "examples: train 20,000" in text


def pixels_of(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def test_labels_make_a_confusion_matrix_and_images_a_sheet(grid: Path) -> None:
    table = report_statistics.table(grid, DIGITS, [report_cells.read(grid, ALONE[DIGITS])])
    assert table.manifest is not None and report_answers.kind(table) == ""
    target = Feature("class_label", "targets.labels.txt", 10)
    labels = dataclasses.replace(
        table, manifest=dataclasses.replace(table.manifest, features={"targets": target})
    )
    assert report_answers.kind(labels) == "labels"
    drawn = report_answers.draw(labels)
    assert drawn and drawn == report_answers.draw(labels)
    dark = pixels_of(drawn).sum(axis=2) < 300
    assert dark.mean() > 0.03, "ten dark squares on the diagonal"
    target = Feature("symbol", "t", 259, options={"image": [2, 2, 1]})
    images = dataclasses.replace(
        table, manifest=dataclasses.replace(table.manifest, features={"targets": target})
    )
    assert report_answers.kind(images) == "images"
    folder = grid / ALONE[DIGITS].folder
    kept = (folder / "predictions.test.txt").read_text()
    (folder / "predictions.test.txt").write_text("00ff00ff\n" * 3)
    sheet = report_answers.draw(images)
    assert images.manifest is not None
    features = {"inputs": Feature("class_label", "t", 10), **images.manifest.features}
    asked = dataclasses.replace(images.manifest, features=features)
    named = report_answers.draw(dataclasses.replace(images, manifest=asked))
    (folder / "predictions.test.txt").write_text(kept)
    assert sheet
    assert (pixels_of(sheet).sum(axis=2) == 0).mean() > 0.1
    assert named and named != sheet, "the class that was asked for stands above each image"
