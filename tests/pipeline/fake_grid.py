"""A finished grid without any training: the files that cells leave, from seeded numpy.

Translations are references with words exchanged, so that a cell's error rate is its quality; the
metrics are the real ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from components import catalog
from components.datagen.schema import Feature, Lengths, Manifest, Shard, Split
from pipeline.cells import Cell

WORDS = (
    "der die das alte junge kleine Hund Frau Mann Kind Garten Haus sieht findet kauft liebt "
    "weil dass heute gestern schnell oft einen einem rote blaue Ball Brief und nicht"
).split()
METRICS = {"translate_ende_synth": ("bleu", "chrf"), "image_digits": ("accuracy",)}
TEST_LINES = 120


def references(problem: str, lines: int = TEST_LINES) -> list[str]:
    rng = np.random.default_rng(7)
    if METRICS[problem] == ("accuracy",):
        return [str(digit) for digit in rng.integers(0, 10, lines)]
    return [" ".join(rng.choice(WORDS, rng.integers(5, 16))) for _ in range(lines)]


def answers(targets: list[str], error: float, seed: int) -> list[str]:
    """The targets with each word exchanged at the rate `error`."""
    rng = np.random.default_rng(seed)
    vocabulary = sorted({word for line in targets for word in line.split()})
    return [
        " ".join(
            str(rng.choice(vocabulary)) if rng.random() < error else word for word in line.split()
        )
        for line in targets
    ]


def write_data(root: Path, problem: str) -> None:
    folder = root / "data" / problem
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "targets.labels.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")

    def split(name: str, examples: int) -> Split:
        shard = Shard(f"{name}-00000-of-00001.tfrecord", examples, examples * 90, "0" * 64)
        return Split(examples, (shard,), {"targets": Lengths(2, 11.4, 19, 24)})

    leak = {"rows": 3, "inputs": 5, "of": TEST_LINES}
    Manifest(
        problem=problem,
        task="translation",
        features={
            name: Feature("symbol", "targets.labels.txt", len(WORDS))
            for name in ("inputs", "targets")
        },
        splits={
            "train": split("train", 20000),
            "dev": split("dev", 500),
            "test": split("test", TEST_LINES),
        },
        metrics=METRICS[problem],
        dev_metric=METRICS[problem][0],
        seed=0,
        report={
            "leakage": {"test_in_train": leak, "test_in_dev": {**leak, "rows": 0, "inputs": 0}}
        },
    ).save(folder)


def write_training(
    root: Path, cell: Cell, *, error: float, seconds: float, params: int, steps: int = 2000
) -> Path:
    """The outputs of a cell's training."""
    folder = root / cell.folder
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    for name in ("best", "last"):
        (folder / "checkpoint" / f"{name}.safetensors").write_bytes(b"weights of " + name.encode())
    rng = np.random.default_rng(cell.seed + round(error * 1000))
    headline = METRICS[cell.problem][0]
    lines: list[dict[str, Any]] = []
    for step in range(steps // 20, steps + 1, steps // 20):
        done = 1 - np.exp(-step / (steps * (0.08 + error)))
        loss = 4.2 * (1 - done) + error * 3 + rng.normal(0, 0.04)
        lines.append({"step": step, "split": "train", "loss": round(loss * 0.9, 6),
                      "learning_rate": 1e-3 * min(1, step / 400),
                      "tokens_per_second": 3600.0})  # fmt: skip
        scale = 1 if headline == "accuracy" else 100
        quality = scale * (1 - error) ** 2 * done + rng.normal(0, scale * 0.006)
        lines.append({"step": step, "split": "dev", "dev_loss": round(loss, 6),
                      "dev_accuracy": round((1 - error) * done, 6),
                      headline: max(float(quality), 0)})  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "history.jsonl").write_text(text, encoding="utf-8")
    (folder / "history.csv").write_text("step,train_loss\n20,1.0\n", encoding="utf-8")
    write_json(folder / "train.json", train_record(cell) | {
        "params": params, "steps": steps, "train_seconds": seconds,
        "examples_per_second": 5e5 / seconds, "tokens_per_second": 4e6 / seconds,
        "best": {"step": steps, "metric": headline, "value": 1.0}, "dev_loss": error * 3,
    })  # fmt: skip
    return folder


def train_record(cell: Cell) -> dict[str, Any]:
    """The part of train.json that is known before the training."""
    return {
        "status": "ok",
        "cell": {"problem": cell.problem, "model": cell.model, "hparams": cell.hparams,
                 "seed": cell.seed},
        "cell_hash": f"hash-{cell.problem}-{cell.model}-{cell.hparams}-{cell.seed}",
        "hparams": {"d_model": 128, "dropout": 0.1},
        "settings": {"steps": 2000},
        "runtime": {"backend": "tensorflow"},
        "data_hash": "d" * 64,
        "code_hash": "c" * 64,
        "git_revision": "1234567",
        "git_dirty": False,
        "versions": {"keras": "3.15.0"},
        "devices": ["cpu:0"],
    }  # fmt: skip


def write_evaluation(root: Path, cell: Cell, *, error: float) -> None:
    """The outputs of a cell's evaluation; every number from the real metrics."""
    from components.eval import bootstrap

    folder = root / cell.folder
    targets = references(cell.problem)
    predictions = answers(targets, error, cell.seed * 100 + round(error * 1000))
    (folder / "references.test.txt").write_text("\n".join(targets) + "\n", encoding="utf-8")
    (folder / "predictions.test.txt").write_text("\n".join(predictions) + "\n", encoding="utf-8")
    (folder / "inside").mkdir(exist_ok=True)
    (folder / "inside" / "index.html").write_text("<title>Inside the model</title>\n")
    numbers: dict[str, Any] = {"split": "test", "checkpoint": "best"}
    for name in METRICS[cell.problem]:
        module = catalog.load_module("metrics", name)
        rows = module.statistics(targets, predictions)
        low, high = bootstrap.interval(rows, module.score, module.MAIN, samples=200, seed=0)
        numbers |= {key: float(value) for key, value in module.score(rows.sum(0)).items()}
        numbers |= {f"{module.MAIN}_low": float(low), f"{module.MAIN}_high": float(high)}
        numbers["signature"] = module.signature()
    train = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    costs = ("params", "train_seconds", "examples_per_second")
    write_json(folder / "metrics.json", numbers | {key: train[key] for key in costs})


def write_cell(
    root: Path, cell: Cell, *, error: float, seconds: float = 60.0, params: int = 1_200_000
) -> None:
    write_training(root, cell, error=error, seconds=seconds, params=params)
    write_evaluation(root, cell, error=error)


def write_not_applicable(root: Path, cell: Cell, reason: str) -> None:
    folder = root / cell.folder
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    for name in ("train.json", "metrics.json"):
        write_json(folder / name, {"status": "not applicable", "reason": reason})


def write_failure(root: Path, cell: Cell, reason: str) -> None:
    folder = root / ".work" / "failures"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{cell.dotted}.json", {"reason": reason})


def write_json(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
