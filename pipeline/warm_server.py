"""The warm process: it has imported the libraries, and forks itself for every command it is sent.

Run by path (`python -P pipeline/warm_server.py ...`), never imported: no file of the project is in
this process, so that every fork reads the project's code anew. It imports, and runs no operation:
what TensorFlow or JAX starts at its first one (threads, devices) starts in the fork.

A client (`warm.py`) connects, sends its three standard files, then one JSON request:
{"argv": ["train", ...], "cwd": .., "path": sys.path, "environment": {...}}. It is answered
{"pid": ..} at once and {"status": as of waitpid} at the end, one line each; single bytes that it
sends in between are numbers of signals for the fork. If it goes away, the fork is killed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
import warnings
from typing import Any, NoReturn

REQUEST_SECONDS = 10
LOOK_SECONDS = 1.0


def main(arguments: list[str]) -> None:
    """arguments: the listening socket's number, its path, seconds to wait when idle, libraries."""
    number, path, idle, *libraries = arguments
    listener = socket.socket(fileno=int(number))
    # JAX warns of every fork, whether or not it has started anything.
    warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called")
    for name in libraries:
        importlib.import_module(name)
    # Objects that no collection looks at stay in pages shared with the forks.
    gc.collect()
    gc.freeze()
    Server(listener, path, float(idle)).serve()


class Server:
    """Waits for requests, forks, and tells each client how its fork ended."""

    def __init__(self, listener: socket.socket, path: str, idle: float) -> None:
        self.listener, self.path, self.idle = listener, path, idle
        self.file = os.stat(path).st_ino
        self.clients: dict[int, socket.socket] = {}
        self.used = time.monotonic()
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ)
        # A child's end becomes readable here, so that `select` returns.
        self.ended, wake = os.pipe()
        for end in (self.ended, wake):
            os.set_blocking(end, False)
        self.selector.register(self.ended, selectors.EVENT_READ)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Returns when nothing has been asked for `idle` seconds, or the checkout is gone."""
        while self.clients or (self.is_found() and time.monotonic() - self.used < self.idle):
            self.step(LOOK_SECONDS)
        if self.is_found():
            os.unlink(self.path)
        # Whoever connected before that still waits in the queue.
        self.listener.setblocking(False)
        self.step(0)
        while self.clients:
            self.step(LOOK_SECONDS)

    def is_found(self) -> bool:
        """Whether clients find this server: its socket is in its place, in a folder that exists."""
        try:
            return os.stat(self.path).st_ino == self.file
        except OSError:
            return False

    def step(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            if key.fileobj is self.listener:
                with contextlib.suppress(BlockingIOError):
                    self.accept(self.listener.accept()[0])
            elif key.fileobj == self.ended:
                os.read(self.ended, 4096)
            elif key.data in self.clients:
                self.pass_on(key.data)
        self.reap()
        if self.clients:
            self.used = time.monotonic()

    def accept(self, client: socket.socket) -> None:
        self.used = time.monotonic()
        client.settimeout(REQUEST_SECONDS)
        files: list[int] = []
        try:
            first, files, _, _ = socket.recv_fds(client, 1, 3)
            if not first:  # somebody looked whether this server is there
                client.close()
                return
            (size,) = struct.unpack("!I", _receive(client, 4))
            request = json.loads(_receive(client, size))
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                self.become(client, request, files)
        except (OSError, EOFError, ValueError):
            traceback.print_exc()
            client.close()
            return
        finally:
            for file in files:
                os.close(file)
        client.setblocking(False)
        self.clients[pid] = client
        self.selector.register(client, selectors.EVENT_READ, pid)
        self.answer(pid, {"pid": pid})

    def pass_on(self, pid: int) -> None:
        """A byte from a client is a signal for its fork; no client, no fork."""
        try:
            signals = self.clients[pid].recv(64)
        except OSError:
            signals = b""
        for number in signals or [signal.SIGKILL]:
            os.kill(pid, number)
        if not signals:
            self.selector.unregister(self.clients[pid])

    def reap(self) -> None:
        for pid in list(self.clients):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self.answer(pid, {"status": status})
                client = self.clients.pop(pid)
                with contextlib.suppress(KeyError):
                    self.selector.unregister(client)
                client.close()

    def answer(self, pid: int, message: dict[str, int]) -> None:
        """To a client that may be gone: then the next `recv` finds that out."""
        with contextlib.suppress(OSError):
            self.clients[pid].sendall(json.dumps(message).encode() + b"\n")

    def become(self, client: socket.socket, request: dict[str, Any], files: list[int]) -> NoReturn:
        """In the fork: turns this process into `python -m pipeline <argv>`."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.selector.close()
            for one in (self.listener, client, *self.clients.values()):
                one.close()
            for number, file in enumerate(files):
                os.dup2(file, number)
                os.close(file)
            os.chdir(request["cwd"])
            os.environ.clear()
            os.environ.update(request["environment"])
            sys.path[:] = request["path"]
            sys.argv = ["pipeline", *request["argv"]]
            # The client's project, which only forks may import.
            from pipeline.forked import run_as_process

            run_as_process(
                lambda: runpy.run_module("pipeline", run_name="__main__", alter_sys=True)
            )
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(1)


def _receive(client: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = client.recv(size - len(parts))
        if not part:
            raise EOFError("the client went away in the middle of its request")
        parts += part
    return parts


if __name__ == "__main__":
    main(sys.argv[1:])
