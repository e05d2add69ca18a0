"""`history.jsonl` line by line while training runs, `history.csv` and event files beside it."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

HISTORY, CURVES = "history.jsonl", "history.csv"


class History:
    """Appends events of a training; after a resume, lines beyond the restored step are dropped.

    Args:
        folder: where the two files are written.
        step: the step that was restored, 0 for a new training.
        tensorboard: folder for event files, or None.
    """

    def __init__(self, folder: Path, step: int, tensorboard: Path | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / HISTORY
        kept = [line for line in self.lines() if line["step"] <= step] if step else []
        partial = self.path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in kept)
        os.replace(partial, self.path)
        self._board = _Board(tensorboard) if tensorboard else None

    def lines(self) -> list[dict[str, Any]]:
        """What is written so far; a last line that a kill cut short is left out."""
        if not self.path.exists():
            return []
        lines = []
        for line in self.path.read_text(encoding="utf-8").split("\n")[:-1]:
            lines.append(json.loads(line))
        return lines

    def add(self, line: dict[str, Any]) -> None:
        """Writes one line; `step` and `split` are in it."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._board:
            self._board.add(line)

    def write_curves(self) -> None:
        """`history.csv`: one row a dev evaluation, for `dvc plots`."""
        loss: float | str = ""
        rows = []
        for line in self.lines():
            if line["split"] == "train":
                loss = line["loss"]
            else:
                extra = {k: v for k, v in line.items() if k not in ("step", "split")}
                rows.append({"step": line["step"], "train_loss": loss, **extra})
        names = list(dict.fromkeys(name for row in rows for name in row)) or ["step"]
        partial = self.path.with_name(CURVES + ".partial")
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        os.replace(partial, self.path.with_name(CURVES))

    def close(self) -> None:
        """Flushes the event files."""
        if self._board:
            self._board.close()


class _Board:
    """Scalars as TensorBoard event files, written by TensorBoard's own writer."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        folder.mkdir(parents=True, exist_ok=True)
        self.writer = EventFileWriter(str(folder))

    def add(self, line: dict[str, Any]) -> None:
        import time

        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [
            Summary.Value(tag=f"{line['split']}/{name}", simple_value=float(value))
            for name, value in line.items()
            if name not in ("step", "split") and isinstance(value, int | float)
        ]
        event = Event(step=line["step"], wall_time=time.time(), summary=Summary(value=values))
        self.writer.add_event(event)

    def close(self) -> None:
        self.writer.close()
