"""Worker processes of Beam's local runner, forked: no import to wait for, and no lock to share.

    with zygote():                # while this process has one thread
        ...                       # threads, gRPC: all of it may come now
        FnApiRunner(default_environment=ForkedEnvironment())

A fork of a process whose other threads hold locks may hang. So a small process is forked first, the
zygote, which never starts a thread; each worker is a fork of the zygote. A worker is a plain
`SdkHarness` of Beam. Between runner and worker there is a socket, whose end closes with its owner:
the runner learns that a worker was killed, a worker that its runner is gone, and no one is left over.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    FNAPI_RUNNER_CAPABILITIES,
    GrpcWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.worker import sdk_worker
from apache_beam.transforms import environments

URN = "tensorgrid:env:forked:v1"
DONE = b"done"
ENDED = "a worker process ended before its work was done; was it killed, or was memory short?"
STOP_SECONDS = 10.0
WITH_THREADS = ("jax", "tensorflow", "torch")
"""Libraries whose native threads Python does not count."""
GRPC_THREADS = ("grpc", "event_engine", "resolver", "timer_manager")

_zygote: socket.socket | None = None
_workers: set[socket.socket] = set()
_lost = False


def possible() -> bool:
    """Whether this process may be forked: on Linux, with one thread of Python, none of gRPC, and no
    library that has threads of its own."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    if any(name in sys.modules for name in WITH_THREADS):
        return False
    return not any(name.startswith(GRPC_THREADS) for name in _thread_names())


def _thread_names() -> Iterator[str]:
    """Of all threads of this process, those of C libraries among them."""
    for path in Path("/proc/self/task").glob("*/comm"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            yield path.read_text()


def lost() -> bool:
    """Whether a worker has ended by itself before its work was done."""
    return _lost


def ready() -> bool:
    """Whether workers can be forked."""
    return _zygote is not None


@contextmanager
def zygote() -> Iterator[None]:
    """Workers can be forked inside; where they cannot (see `possible`), `ready` says so."""
    global _zygote, _lost
    if _zygote is not None or not possible():
        yield
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if not child:
        ours.close()
        _serve(theirs)
    theirs.close()
    _zygote, _lost = ours, False
    try:
        yield
    finally:
        _zygote = None
        ours.close()
        for worker in list(_workers):  # left behind where the runner was interrupted
            _end(worker)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def _serve(requests: socket.socket) -> NoReturn:
    """The zygote: one fork a request, until its maker closes the socket or is gone."""
    # ^C goes to all processes of a terminal; who has to tell of it is the maker.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    code = 1
    try:
        while True:
            message, descriptors, _, _ = socket.recv_fds(requests, 1 << 16, 1)
            if not message:
                break
            if not os.fork():
                requests.close()
                _work(json.loads(message), socket.socket(fileno=descriptors[0]))
            os.close(descriptors[0])
        # Waited for, so that the memory that they took is known to the maker.
        with suppress(ChildProcessError):
            while True:
                os.wait()
        code = 0
    finally:
        os._exit(code)


def _work(told: dict[str, str], runner: socket.socket) -> NoReturn:
    """A worker, from the first instruction to the last."""
    code = 1
    try:
        # Errors travel to the runner; SdkHarness prints their tracebacks as well.
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        threading.Thread(target=_follow, args=(runner,), daemon=True).start()
        sdk_worker.SdkHarness(
            told["control"],
            worker_id=told["worker"],
            state_cache_size=0,
            data_buffer_time_limit_ms=0,
            runner_capabilities=FNAPI_RUNNER_CAPABILITIES,
        ).run()
        runner.send(DONE)
        code = 0
    finally:
        os._exit(code)


def _follow(runner: socket.socket) -> None:
    """Ends this process with its runner."""
    with suppress(OSError):
        runner.recv(1)
    os._exit(1)


class ForkedEnvironment(environments.Environment):
    """Where functions run: in forks. Only for the runner in this process."""

    def to_runner_api_parameter(self, context: Any) -> tuple[str, bytes]:
        return URN, b""


@environments.Environment.register_urn(URN, None)
def _environment(
    payload: bytes, capabilities: Any, artifacts: Any, hints: Any = None, context: Any = None
) -> ForkedEnvironment:
    return ForkedEnvironment(capabilities, artifacts, hints)


@WorkerHandler.register_environment(URN, bytes)
class ForkedWorkerHandler(GrpcWorkerHandler):
    """The runner's side of one worker."""

    def __init__(self, payload: bytes, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        self._stopping = threading.Event()

    def start_worker(self) -> None:
        if _zygote is None:
            raise RuntimeError("workers can be forked inside `zygote()` only")
        self._worker, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        told = {"control": self.control_address, "worker": self.worker_id}
        socket.send_fds(_zygote, [json.dumps(told).encode()], [theirs.fileno()])
        theirs.close()
        _workers.add(self._worker)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        """Answers what the worker was asked, with an error, once it is there no more."""
        global _lost
        said = b""
        with suppress(OSError):
            said = self._worker.recv(len(DONE))
        _lost |= said != DONE and not self._stopping.is_set()
        while said != DONE and not self._stopping.wait(0.2):
            for name, future in list(self.control_conn._futures_by_id.items()):
                future.set(beam_fn_api_pb2.InstructionResponse(instruction_id=name, error=ENDED))

    def stop_worker(self) -> None:
        """Waits for the worker's end, if it is about to end by itself."""
        self._stopping.set()
        self._watcher.join(STOP_SECONDS)
        _end(self._worker)


def _end(worker: socket.socket) -> None:
    """Closes the socket, by which `_follow` ends a worker that is still there."""
    _workers.discard(worker)
    with suppress(OSError):
        worker.shutdown(socket.SHUT_RDWR)
    worker.close()
