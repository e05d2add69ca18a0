"""A cell's stage before its work: often there is nothing to do but to write why, or to move files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from pipeline import record, store
from pipeline.cells import RUN, Cell
from pipeline.failures import forget_failure, refuse_again
from pipeline.resolved import Resolved
from pipeline.whole_file import write_json, write_text

CURVES = "step,train_loss,dev_loss\n"
DONE = {"train": "trained", "evaluate": "evaluated"}


def settled(kind: str, root: Path, resolved: Resolved, cell: Cell, to_store: bool = False) -> bool:
    """Does what `train` or `evaluate` can do without work, and says whether that was all.

    A cell that is not applicable says so in its outputs; one that is finished in the store
    (`store.py`) is moved into place. Raises StageFailed where the work has failed just before.
    """
    if cell.status != RUN:
        print(f"{cell.name}: {cell.status}: {cell.reason}", flush=True)
        write = _train_not_applicable if kind == "train" else _evaluate_not_applicable
        write(root / cell.folder, cell, resolved.settings["eval"]["split"])
        return True
    refuse_again(root, cell, kind)
    if to_store:
        return False
    digest = record.train_digest(resolved, cell)
    names: tuple[str, ...] = store.TRAINED
    if kind == "evaluate":
        digest = record.evaluate_digest(resolved, cell)
        names = store.evaluated(resolved.settings["eval"]["split"])
    folder = root / cell.folder
    if not store.place(store.of(root, resolved, cell), kind, digest, names, folder):
        return False
    forget_failure(root, cell)
    print(f"{cell.name}: {DONE[kind]} before, moved into place", flush=True)
    if kind == "evaluate":
        forget_work(root, folder)
    return True


def command(kind: str, cell: Cell, to_store: bool = False) -> list[str]:
    """The arguments of `python -m pipeline` that do a cell's stage."""
    names = [kind, cell.problem, cell.model, cell.hparams, str(cell.seed)]
    return [*names, "--to-store"] if to_store else names


def _train_not_applicable(folder: Path, cell: Cell, _: str) -> None:
    # No output is left empty, because DVC warns of each that is.
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    write_text(folder / "checkpoint" / "none.txt", f"{cell.status}: {cell.reason}\n")
    write_text(folder / "history.jsonl", '{"step": 0, "split": "none"}\n')
    write_text(folder / "history.csv", CURVES)
    write_json(folder / "train.json", _not_applicable(cell))


def _evaluate_not_applicable(folder: Path, cell: Cell, split: str) -> None:
    for kind in ("predictions", "references"):
        write_text(folder / f"{kind}.{split}.txt", f"{cell.status}: {cell.reason}\n")
    _write_inside(folder, f"{cell.status}: {cell.reason}")
    write_json(folder / "metrics.json", _not_applicable(cell))


def _write_inside(folder: Path, reason: str) -> None:
    """The folder of pictures where there are none: its page says why."""
    from components.eval.inside_page import without

    (folder / "inside").mkdir(parents=True, exist_ok=True)
    for name, content in without(reason).items():
        (folder / "inside" / name).write_bytes(content)


def _not_applicable(cell: Cell) -> dict[str, Any]:
    return {"status": "not applicable", "reason": cell.reason}


def forget_work(root: Path, folder: Path) -> None:
    """Removes the state for resuming a training, which DVC has taken over; event files are kept."""
    written = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    work = root / ".work" / str(written["cell_hash"])
    events = work / "tensorboard"
    if events.is_dir():
        kept = root / ".work" / "tensorboard" / ".".join(folder.parts[-4:])
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(events, kept)
    if work.is_dir():
        shutil.rmtree(work)
