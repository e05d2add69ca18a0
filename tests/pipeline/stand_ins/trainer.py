"""Stand-in for components/train/trainer.py: the files of a training in a millisecond, no Keras."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from components.catalog import UserError
from components.train.hparams import Runtime, TrainSettings, flat


def train(
    *,
    data_dir: Path,
    model: str,
    hparams: dict[str, Any],
    settings: TrainSettings,
    runtime: Runtime,
    seed: int,
    out_dir: Path,
    work_dir: Path,
    report: Any,
    dev_metric: Any = None,
    dev_metric_name: str = "",
    higher_is_better: bool = True,
    plugins: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Writes what depends on the settings and nothing else; `.fail/<model>` makes it fail."""
    told = Path(".fail", model)
    if told.exists():
        if told.read_text() == "crash":
            raise RuntimeError("told to crash")
        raise UserError(f"{model}: told to fail")
    while Path(".fail", "wait").exists():
        Path(".fail", "waiting").touch()
        time.sleep(0.05)
    work_dir.mkdir(parents=True, exist_ok=True)
    report({"event": "start", "params": 7, "steps": 2, "examples": 3, "devices": ["none"]})
    report({"event": "step", "step": 1, "steps": 2, "loss": 1.0, "learning_rate": 0.1})
    (out_dir / "checkpoint").mkdir(parents=True, exist_ok=True)
    weights = json.dumps([hparams, flat(settings), seed], sort_keys=True)
    (out_dir / "checkpoint" / "best.safetensors").write_text(weights)
    line = {"step": 2, "split": "dev", "dev_loss": 0.5, dev_metric_name: hparams["dropout"]}
    (out_dir / "history.jsonl").write_text(json.dumps(line) + "\n")
    (out_dir / "history.csv").write_text("step,train_loss,dev_loss\n1,1.5,1.0\n2,1.0,0.5\n")
    return {"params": 7, "steps": 2, "epochs": 1.0, "train_seconds": 60.0, "dev_loss": 0.5}
