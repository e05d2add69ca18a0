"""Finished cells for a benchmark of how a grid's overhead grows: copies of one, put into the store.

`dvc repro` then records each as it does a cell that `run` has computed. Nothing but the seed differs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipeline import record, resolved, store
from pipeline.whole_file import write_json


def fill(project: Path, seeds: Iterable[int], *, like: int) -> None:
    """Cells of these seeds as copies of the finished one of the seed `like`, in a grid of one model."""
    found = resolved.read(project)
    done = next(cell for cell in found.cells if cell.seed == like)
    for seed in seeds:
        cell = replace(done, seed=seed)
        kept = store.of(project, found, cell)
        shutil.copytree(project / done.folder, kept)
        train = json.loads((kept / "train.json").read_text(encoding="utf-8"))
        train["cell"]["seed"], train["cell_hash"] = seed, kept.parent.name
        write_json(kept / "train.json", train)
        store.finish(kept, "train", record.train_digest(found, cell))
        store.finish(kept, "evaluate", record.evaluate_digest(found, cell))
