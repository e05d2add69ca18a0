"""A tracking server that does not answer costs a warning and some seconds, never a training."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline import tracking
from pipeline.cells import Cell
from pipeline.tracking import TrackingSettings
from tests.pipeline import fake_grid

CELL = Cell("image_digits", "transformer", "tiny", 1)
BOUND = 45
"""Seconds for a whole training of no length: the wait for an answer and the writer's start."""


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def silent_socket() -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def hanging_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Answers its front page, but nothing that MLflow asks."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/api"):
                ended.wait(BOUND)
                return
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    ended.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("server", ["closed_port", "silent_socket", "hanging_api"])
def test_training_goes_on_without_a_server(
    server: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    uri = request.getfixturevalue(server)
    settings = TrackingSettings(uri=uri, system_metrics=False)
    started = time.monotonic()
    with tracking.live(CELL, settings, tmp_path, record=fake_grid.train_record(CELL)) as report:
        before = time.monotonic()
        for step in range(2000):
            report({"event": "step", "step": step, "loss": 1.0})
        assert time.monotonic() - before < 0.5
    assert time.monotonic() - started < BOUND
    warning = capfd.readouterr().err
    assert warning.count("warning:") == 1
    assert f"the tracking server {uri} does not answer" in warning
    assert "tracking.uri" in warning


@pytest.mark.parametrize("server", ["closed_port", "silent_socket"])
def test_initialise_and_sync_warn_and_go_on(
    server: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    settings = TrackingSettings(uri=request.getfixturevalue(server))
    fake_grid.write_training(tmp_path, CELL, error=0.1, seconds=60, params=1000)
    started = time.monotonic()
    assert tracking.initialise(settings, tmp_path) is None
    assert tracking.sync(tmp_path, [CELL], settings).warning
    assert time.monotonic() - started < BOUND
    assert "does not answer" in capfd.readouterr().err
