"""Computes cells into the store, several at once; knows nothing of DVC.

A cell is two commands, `train ... --to-store` and `evaluate ... --to-store`, each a fork of the warm
process, or a process of its own where there is none. One that fails ends its cell alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from components.catalog import UserError
from pipeline import warm
from pipeline.cells import Cell
from pipeline.failures import FAILURES, LOGS
from pipeline.progress import duration
from pipeline.whole_file import write_json


class Process(Protocol):
    """What `subprocess.Popen` and `warm.Fork` have in common."""

    def send_signal(self, number: int) -> None: ...

    def wait(self) -> int: ...


@dataclass(frozen=True)
class Job:
    """What is to be computed of a cell: `train` and `evaluate`, or the latter alone."""

    cell: Cell
    kinds: tuple[str, ...] = ("train", "evaluate")


@dataclass
class Executor:
    """Runs jobs in slots. settings: the sections `runtime` and `tracking`.

    failed: the stages, by DVC's names, whose work failed. interrupted: after ^C.
    """

    root: Path
    settings: Mapping[str, Mapping[str, Any]]
    failed: list[str] = field(default_factory=list)
    interrupted: bool = False
    _running: dict[Process, str] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def compute(self, jobs: Sequence[Job], environments: Sequence[Mapping[str, str]]) -> None:
        """Returns when all jobs are done, each at most once; or all have stopped after ^C."""
        self._waiting, self._done = deque(jobs), 0
        self._total, self._began = len(jobs), time.monotonic()
        threads = [
            threading.Thread(target=self._work, args=(environment,), daemon=True)
            for environment in environments[: len(jobs)]
        ]
        with self._stopping():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _work(self, environment: Mapping[str, str]) -> None:
        while not self.interrupted:
            try:
                job = self._waiting.popleft()
            except IndexError:
                return
            self._compute(job, environment)

    def _compute(self, job: Job, environment: Mapping[str, str]) -> None:
        began, cell = time.monotonic(), job.cell
        self._say(f"{cell.name}: started")
        log = self.root / LOGS / f"{cell.dotted}.out"
        log.parent.mkdir(parents=True, exist_ok=True)
        for old in (log, self.root / FAILURES / f"{cell.dotted}.json"):
            old.unlink(missing_ok=True)
        for kind in job.kinds:
            code = self._run(kind, cell, environment, log)
            if self.interrupted:
                self._say(f"{cell.name}: stopped")
                return
            if code:
                self._note_failure(kind, cell, code, log)
                return
        with self._lock:
            self._done += 1
            words = [f"{cell.name}: done in {duration(time.monotonic() - began)}"]
            result = log.read_text(encoding="utf-8").strip().rpartition("\n")[2].strip()
            self._say("   ".join([*words, result, self._left()]).rstrip())

    def _run(self, kind: str, cell: Cell, environment: Mapping[str, str], log: Path) -> int:
        """The exit code of one command; its output goes to the log."""
        words = [kind, cell.problem, cell.model, cell.hparams, str(cell.seed), "--to-store"]
        whole = {**os.environ, **environment}
        with log.open("ab") as out, open(os.devnull, "rb") as nothing:
            files = (nothing.fileno(), out.fileno(), out.fileno())
            process: Process | None = warm.start(words, self.settings, whole, files)
            if process is None:
                process = subprocess.Popen(
                    [sys.executable, "-m", "pipeline", *words],
                    cwd=self.root,
                    env={**whole, warm.SECONDS: "0"},
                    stdin=nothing,
                    stdout=out,
                    stderr=out,
                    # ^C reaches it through this process only, as it does a fork.
                    start_new_session=True,
                )
        with self._lock:
            self._running[process] = cell.name
            if self.interrupted:
                process.send_signal(signal.SIGINT)
        try:
            return process.wait()
        except UserError as error:  # the warm process was killed
            log.write_text(f"error: {error}\n", encoding="utf-8")
            return 1
        finally:
            with self._lock:
                del self._running[process]

    def _note_failure(self, kind: str, cell: Cell, code: int, log: Path) -> None:
        stage, shown = cell.stage(kind), str(log.relative_to(self.root))
        record = self.root / FAILURES / f"{cell.dotted}.json"
        with self._lock:
            self.failed.append(stage)
            self._done += 1
            if not record.is_file():  # it had no time to write one
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                write_json(record, {"stage": stage, "reason": f"ended by {how}", "log": shown})
            reason = json.loads(record.read_text(encoding="utf-8"))["reason"]
            self._say(f"{stage} failed: {reason}; its output: {shown}", sys.stderr)

    def _left(self) -> str:
        """How long the rest will take, from the second cell on."""
        if self._done < 2 or self._done == self._total:
            return ""
        each = (time.monotonic() - self._began) / self._done
        return f"about {duration(each * (self._total - self._done))} left"

    def _say(self, text: str, stream: Any = None) -> None:
        with self._lock:
            count = f"[{self._done}/{self._total}]"
            print(f"{count} {text}", file=stream or sys.stdout, flush=True)

    @contextlib.contextmanager
    def _stopping(self) -> Iterator[None]:
        """^C, or being told to end, stops the cells, each at its next chance to save, and the rest."""

        def stop(number: int, _: Any) -> None:
            self.interrupted = True
            for process in list(self._running):
                process.send_signal(number)

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
