"""The process that writes one live run: `python -m pipeline.tracking_writer`, fed by tracking_live.

Reads JSON lines: the run, then events, then `close`. Says `failed` or `done` on stdout.
Standard input that ends without `close` means that the training died: the run becomes KILLED.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from pipeline import tracking_record, tracking_store
from pipeline.tracking import TrackingSettings, first_line, initialise

FLUSH_SECONDS = 2.0
FLUSH_POINTS = 100
ATTEMPTS = 3
"""Flushes that may fail in a row (a server being restarted) before the run is left to `sync`."""
DIED = {"event": "close", "status": "KILLED", "reason": "the training process died"}


def main() -> None:
    """Reads the run from stdin, writes it, and answers `failed` with a message, or `done`."""
    tracking_store.set_environment(tracking_store.ANSWER_SECONDS)
    # Standard output is the line to the training: what libraries print goes to the log.
    answers, sys.stdout = sys.stdout, sys.stderr
    opening = json.loads(sys.stdin.readline())
    events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin, events), daemon=True).start()
    try:
        _write_run(opening, events)
    except Exception as error:
        # The training must learn of it in one line, whatever it is; the log has the rest.
        _say(answers, "failed", first_line(error))
        raise
    _say(answers, "done")


def _write_run(opening: dict[str, Any], events: queue.SimpleQueue[dict[str, Any]]) -> None:
    root = Path(opening["root"])
    settings = TrackingSettings(uri=opening["uri"], experiment=opening["experiment"])
    uri = tracking_store.absolute_uri(settings.uri, root)
    if reason := tracking_store.unreachable(uri):
        raise ConnectionError(reason)
    experiment_id = initialise(settings, root)
    assert experiment_id is not None, "initialise gives None for no answer only, checked above"
    from pipeline import tracking_client

    client = tracking_client.connect(uri)
    with tracking_store.lock(root):
        run_id = tracking_client.open_run(
            client, experiment_id, opening["name"], opening["params"], opening["tags"]
        )
    already = tracking_client.written(client, run_id)
    monitor = _monitor(uri, run_id) if opening["system_metrics"] else None
    buffer: list[tracking_client.Point] = []
    failures, parent = 0, opening["parent"]
    closing: dict[str, Any] | None = None
    while closing is None:
        closing = _collect(events, buffer, already, parent)
        try:
            tracking_client.log_points(client, run_id, buffer)
            buffer.clear()
            failures = 0
        except tracking_client.MlflowException:
            failures += 1
            if closing or failures == ATTEMPTS:
                raise
    if monitor:
        monitor.finish()
    if closing["reason"]:
        client.set_tag(run_id, tracking_record.FAILURE, closing["reason"][:5000])
    client.set_terminated(run_id, closing["status"])


def _collect(
    events: queue.SimpleQueue[dict[str, Any]],
    buffer: list[tuple[str, float, int, int]],
    already: set[tuple[str, int]],
    parent: int,
) -> dict[str, Any] | None:
    """Fills the buffer for FLUSH_SECONDS or to FLUSH_POINTS; returns the closing event, if any."""
    until = time.monotonic() + FLUSH_SECONDS
    while len(buffer) < FLUSH_POINTS and (left := until - time.monotonic()) > 0:
        try:
            event = events.get(timeout=left)
        except queue.Empty:
            # A child of the training may keep the pipe open: that its parent is gone is certain.
            return DIED if os.getppid() != parent else None
        if event["event"] == "close":
            return event
        for key, value in tracking_record.points(event).items():
            if (key, event["step"]) not in already:
                already.add((key, event["step"]))
                buffer.append((key, value, event["step"], event["timestamp"]))
    return None


def _listen(pipe: IO[str], events: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in pipe:
        events.put(json.loads(line))
    events.put(DIED)


def _monitor(uri: str, run_id: str) -> Any:
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    monitor = SystemMetricsMonitor(run_id, sampling_interval=10, tracking_uri=uri)
    monitor.start()
    return monitor


def _say(answers: IO[str], state: str, message: str = "") -> None:
    """To the training, which may be gone already: then nobody is left to be told."""
    try:
        print(json.dumps({"state": state, "message": message}), file=answers, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())


if __name__ == "__main__":
    main()
