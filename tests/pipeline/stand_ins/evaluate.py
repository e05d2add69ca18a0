"""Stand-in for components/eval/evaluate.py: metrics that follow from the settings, no decoding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components import catalog
from components.datagen.schema import Manifest


def evaluate(
    *,
    run_dir: Path,
    data_dir: Path,
    model: str,
    hparams: dict[str, Any],
    settings: dict[str, Any],
    report: Any,
    plugins: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Writes predictions, references, inside/ and metrics.json; `.fail/evaluation` makes it fail."""
    if Path(".fail", "evaluation").exists():
        raise RuntimeError("told to crash")
    split = settings["split"]
    (run_dir / f"predictions.{split}.txt").write_text("a\n")
    (run_dir / f"references.{split}.txt").write_text("a\n")
    (run_dir / "inside").mkdir(exist_ok=True)
    (run_dir / "inside" / "index.html").write_text("nothing\n")
    headline = catalog.load_module("metrics", Manifest.load(data_dir).metrics[0]).MAIN
    metrics = {headline: settings["beam_size"] + hparams["dropout"], "params": 7}
    (run_dir / "metrics.json").write_text(json.dumps(metrics))
    return metrics
