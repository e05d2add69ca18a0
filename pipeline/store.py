"""Results of cells that DVC has not recorded yet: `.work/<cell hash>/result/`, as a folder of runs/.

Any process may fill it (`python -m pipeline train ... --to-store`): several at once, in any order,
because DVC has no part in it. A stage that finds its cell finished there moves it into place and is
done; a mark is written when a result is whole, and removed before it is moved.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline import record
from pipeline.cells import Cell
from pipeline.resolved import Resolved
from pipeline.whole_file import write_json

TRAINED = ("checkpoint", "history.jsonl", "history.csv", "train.json")


def folder(root: Path, cell_hash: str) -> Path:
    """Where a cell's results are kept."""
    return root / ".work" / cell_hash / "result"


def of(root: Path, resolved: Resolved, cell: Cell) -> Path:
    """Where the results of a cell, with the settings and the data of now, are kept."""
    digest = record.train_digest(resolved, cell)
    return folder(root, record.cell_hash(digest, record.data_hash(root, cell.problem)))


def evaluated(split: str) -> tuple[str, ...]:
    """The files of an evaluation, `inside/` among them; metrics.json last."""
    return (f"predictions.{split}.txt", f"references.{split}.txt", "inside", "metrics.json")


def finish(result: Path, kind: str, digest: str) -> None:
    """Marks a `train` or `evaluate` as whole. digest: its identity, the training's weights aside."""
    write_json(_mark(result, kind), _identity(result, kind, digest))


def holds(result: Path, kind: str, digest: str, train_json: Path | None = None) -> bool:
    """Whether that result is there; for an evaluation, of the training whose record is given."""
    try:
        found = json.loads(_mark(result, kind).read_text(encoding="utf-8"))
        return found == _identity((train_json or result / "train.json").parent, kind, digest)
    except FileNotFoundError:
        return False


def place(result: Path, kind: str, digest: str, names: Sequence[str], target: Path) -> bool:
    """Moves a finished result into its place in runs/, if there is one."""
    if not holds(result, kind, digest, target / "train.json" if kind == "evaluate" else None):
        return False
    # First, because a move that is interrupted must not be taken for a whole result later on.
    _mark(result, kind).unlink()
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (target / name).is_dir():
            shutil.rmtree(target / name)
        os.replace(result / name, target / name)
    return True


def clear(result: Path) -> None:
    """Removes what is there, before a training is written."""
    for kind in ("train", "evaluate"):
        _mark(result, kind).unlink(missing_ok=True)
    shutil.rmtree(result, ignore_errors=True)


def borrow(result: Path, target: Path) -> None:
    """For an evaluation in the store of a training that is in its place already: links to it."""
    if _mark(result, "train").exists():
        return
    result.mkdir(parents=True, exist_ok=True)
    for name in ("checkpoint", "train.json"):
        (result / name).unlink(missing_ok=True)
        (result / name).symlink_to(os.path.relpath(target / name, result))


def _identity(trained: Path, kind: str, digest: str) -> dict[str, Any]:
    """An evaluation is of one training, known by the bytes of its record (they hold its times)."""
    if kind == "train":
        return {"digest": digest}
    record = (trained / "train.json").read_bytes()
    return {"digest": digest, "train.json": hashlib.sha256(record).hexdigest()}


def _mark(result: Path, kind: str) -> Path:
    return result.parent / f"{kind}.finished"
