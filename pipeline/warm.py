"""The client of the warm process: a command run by a fork that has the libraries already.

Importing TensorFlow, Keras and MLflow takes seconds, for each stage of each cell. The first stage
that needs them starts `warm_server.py`; it forks for this stage and the next ones, and ends when
nothing has been asked of it for a while. Off by `runtime.warm: false` or TENSORGRID_WARM=0.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.catalog import UserError

SECONDS = "TENSORGRID_WARM"
"""In the environment: seconds that an idle server waits for the next command; 0: no server."""
IDLE_SECONDS = 120.0
AGAIN_SECONDS = 5.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
FOLDER = Path(".work", "warm")
PATH_BYTES = 100
"""The longest path that every system takes for a socket, with some room."""
LIBRARIES = (
    ("numpy", "pyarrow", "psutil", "pydantic", "yaml"),
    ("sentencepiece", "sacrebleu", "safetensors.numpy", "tfx_bsl.coders"),
    ("tensorflow_metadata.proto.v0.schema_pb2", "matplotlib.backends.backend_agg"),
)
# Read by libraries while they are imported: a server that saw another value is another server.
# CUDA_VISIBLE_DEVICES is read when the devices are first used, which is in the fork.
PREFIXES: tuple[str, ...] = (
    "TF_",
    "OMP_",
    "MKL_",
    "OPENBLAS_",
    "CUDA_",
    "XLA_",
    "JAX_",
    "KERAS_",
    "TPU_",
    "LD_",
)
PREFIXES += ("MLFLOW_", "PYTHON", "NUMEXPR_", "NVIDIA_")
LATE = ("CUDA_VISIBLE_DEVICES",)


class Fork:
    """A command that runs in a fork of the server; like `subprocess.Popen` in what it offers."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")
        self.pid = self._answer()["pid"]

    def send_signal(self, number: int) -> None:
        """Through the server, which knows whether the fork still is."""
        with contextlib.suppress(OSError):
            self._connection.send(bytes([number]))

    def wait(self) -> int:
        """The exit code, negative for a signal. Raises UserError if the server was killed."""
        try:
            status = self._answer()["status"]
        except (EOFError, OSError):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            raise UserError(
                "the warm process that ran this was killed; run it again, or without one: "
                f"params.yaml: runtime.warm: false, or {SECONDS}=0"
            ) from None
        finally:
            self._connection.close()
        return os.waitstatus_to_exitcode(status)

    def _answer(self) -> dict[str, int]:
        line = self._lines.readline()
        if not line:
            raise EOFError("the server ended")
        return json.loads(line)


def start(
    arguments: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
    environment: Mapping[str, str],
    files: tuple[int, int, int] = (0, 1, 2),
    path: Sequence[str] | None = None,
) -> Fork | None:
    """Runs `python -m pipeline <arguments>` in a fork; None where there is to be no server, or is none.

    To be called in the project's folder. settings: the sections `runtime` and `tracking`.
    environment: of the command. files: its standard input, output and error. path: its sys.path.
    """
    idle = _idle_seconds(settings["runtime"])
    if not idle:
        return None
    server, libraries = _server(settings)
    request = json.dumps(
        {
            "argv": list(arguments),
            "cwd": os.getcwd(),
            "path": list(path or sys.path),
            # The fork must not look for a server itself.
            "environment": {**environment, SECONDS: "0"},
        }
    ).encode()
    # Twice, because a server may end just when it is spoken to.
    for _ in range(2):
        try:
            connection = connect(server, libraries, idle)
        except OSError as error:  # a file system without sockets
            print(f"warning: no warm process: {error}", file=sys.stderr)
            return None
        if connection is None:
            break
        with contextlib.suppress(EOFError, OSError):
            socket.send_fds(connection, [b"."], list(files))
            connection.sendall(struct.pack("!I", len(request)) + request)
            return Fork(connection)
    log = FOLDER / "server.log"
    print(f"warning: no warm process (see {log}); the libraries are imported here", file=sys.stderr)
    return None


def prepare(settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Has a server import its libraries from now on, if one is to be; does not wait for it."""
    if idle := _idle_seconds(settings["runtime"]):
        # The command itself says so where there can be none.
        with contextlib.suppress(OSError):
            if connection := connect(*_server(settings), idle):
                connection.close()


def is_running(settings: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a server is there already, so that a command is not worth starting one for."""
    idle = _idle_seconds(settings["runtime"])
    connection = _connected(_socket(*_server(settings), idle)) if idle else None
    if connection:
        connection.close()
    return connection is not None


def run(arguments: Sequence[str], settings: Mapping[str, Mapping[str, Any]]) -> int | None:
    """The exit code of a command run with this process's files and environment; None as `start`.

    Signals to this process go to the fork; if a signal ends the fork, it ends this process too.
    """
    sys.stdout.flush()
    fork = start(arguments, settings, os.environ)
    if fork is None:
        return None
    with _passing_on(fork):
        code = fork.wait()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def run_for_dvc(
    arguments: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
    environment: Mapping[str, str],
    path: Sequence[str],
) -> int | None:
    """As `run`, in DVC's process, which lives on: the code is negative where a signal ended the fork.

    ^C comes from the terminal and, until DVC has gone, again and again from `repro`; the fork is told
    once, so that it can save its state, and again if it is still there after a while.
    """
    sys.stdout.flush()
    fork = start(arguments, settings, environment, path=path)
    if fork is None:
        return None
    with _passing_on(fork, (signal.SIGINT,), apart=AGAIN_SECONDS):
        return fork.wait()


def connect(
    server: Mapping[str, str], libraries: Sequence[str], idle: float
) -> socket.socket | None:
    """A connection to the server with this environment, started if there is none."""
    path = _socket(server, libraries, idle)
    if len(bytes(path)) > PATH_BYTES:
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    if (found := _connected(path)) is not None:
        return found
    with (FOLDER / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := _connected(path)) is None:
            _start_server(path, server, libraries, idle)
            found = _connected(path)
    return found


def _socket(server: Mapping[str, str], libraries: Sequence[str], idle: float) -> Path:
    """Where the server with this environment listens."""
    seen = {name: value for name, value in sorted(server.items()) if name.startswith(PREFIXES)}
    for name in LATE:
        seen.pop(name, None)
    key = json.dumps([sys.executable, seen, libraries, _installed(), idle])
    return FOLDER / f"{hashlib.sha256(key.encode()).hexdigest()[:12]}.sock"


def _connected(path: Path) -> socket.socket | None:
    """None where nobody listens: no socket, or that of a server that was killed."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    return connection


def _start_server(
    path: Path, server: Mapping[str, str], libraries: Sequence[str], idle: float
) -> None:
    """Listens first and lets the server inherit that, so that nobody has to wait until it is up."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o077)  # nobody else's commands
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(64)
    program = Path(__file__).with_name("warm_server.py")
    with listener, (FOLDER / "server.log").open("ab") as log:
        subprocess.Popen(
            [
                *(sys.executable, "-P", str(program)),
                *(str(listener.fileno()), str(path), str(idle), *libraries),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
            env=server,
            # Not this terminal's: ^C is for the stages, which pass it on.
            start_new_session=True,
        )


def _server(settings: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The environment that a server for these settings is started in, and what it imports."""
    from components.train.hparams import Runtime
    from components.train.runtime import environment
    from pipeline.tracking import TrackingSettings
    from pipeline.tracking_store import ANSWER_SECONDS, bounds, database

    runtime = Runtime(**settings["runtime"])
    first = ("tensorflow", "keras") if runtime.backend == "tensorflow" else ("jax", "keras")
    # Keras seeds TensorFlow whatever its backend, and imports it for that.
    libraries = [*first, "tensorflow", *(name for group in LIBRARIES for name in group)]
    found = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, **environment(runtime)}
    if settings["tracking"].get("enabled", True) and settings["tracking"].get("live", True):
        libraries += ["mlflow", "mlflow.system_metrics.system_metrics_monitor"]
        if database(settings["tracking"].get("uri", TrackingSettings.uri)):
            libraries.append("mlflow.store.tracking.sqlalchemy_store")
        found = {**bounds(ANSWER_SECONDS), **found}
    return found, tuple(dict.fromkeys(libraries))


def _idle_seconds(runtime: Mapping[str, Any]) -> float:
    given = os.environ.get(SECONDS)
    if not runtime.get("warm", True):
        return 0.0
    try:
        return float(given) if given else IDLE_SECONDS
    except ValueError:
        raise UserError(f"{SECONDS} is {given!r}; expected a number of seconds, 0 for no") from None


def _installed() -> list[Any]:
    """Changes when something is installed or removed, whoever does it."""
    folders = [entry for entry in sys.path if entry.endswith("-packages")]
    return [(folder, os.stat(folder).st_mtime_ns) for folder in folders if os.path.isdir(folder)]


@contextlib.contextmanager
def _passing_on(fork: Fork, numbers: Sequence[int] = ENDING, apart: float = 0) -> Iterator[None]:
    """^C, and what else would end this process, ends the fork; this process waits for it.

    apart: seconds in which a further signal is not passed on.
    """
    last = -math.inf

    def pass_on(number: int, _: Any) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= apart:
            last = now
            fork.send_signal(number)

    # What is ignored here (nohup, a shell's background job) is ignored by the fork as well.
    heard = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
