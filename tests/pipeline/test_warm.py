"""The warm process: a fork is what a process of its own would be, and nothing stays behind.

The server imports light libraries here; `tests/test_end_to_end.py` compares whole results with and
without the real one.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from components.catalog import UserError
from pipeline import warm
from tests.pipeline.project import Project

WAIT = 60
ON: dict[str, dict[str, Any]] = {"runtime": {"warm": True}, "tracking": {}}
OFF: dict[str, dict[str, Any]] = {"runtime": {"warm": False}, "tracking": {}}


def within_a_minute(true: Callable[[], bool]) -> bool:
    limit = time.monotonic() + WAIT
    while not true() and time.monotonic() < limit:
        time.sleep(0.02)
    return true()


def ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def here(single: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project that this process is in, whose server imports next to nothing."""
    monkeypatch.chdir(single.root)
    # A fork takes the client's path over: the project's code, not that under test.
    monkeypatch.syspath_prepend(str(single.root))
    monkeypatch.setenv(warm.SECONDS, "60")
    monkeypatch.setattr(warm, "_server", lambda _: (dict(os.environ), ("json",)))
    yield single
    for process in servers(single):
        process.kill()
        process.wait()


def servers(project: Project) -> list[psutil.Process]:
    """The live servers in a project's folder."""
    found = []
    for process in psutil.Process().children():
        try:
            if "warm_server.py" in " ".join(process.cmdline()) and process.cwd() == str(
                project.root
            ):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


def run(
    project: Project, *words: str, environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """A command in a fork: its exit code and what it printed."""
    out = project.folder / "out.txt"
    with open(os.devnull) as nothing, out.open("w") as file:
        files = (nothing.fileno(), file.fileno(), file.fileno())
        fork = warm.start(words, ON, {**os.environ, **(environment or {})}, files)
        assert fork is not None
        return fork.wait(), out.read_text()


def test_a_fork_prints_and_ends_as_a_process_does(here: Project) -> None:
    for words in (("list", "metrics"), ("resolve",), ("train", "a", "b", "c", "1"), ("nonsense",)):
        alone = here.command(sys.executable, "-m", "pipeline", *words)
        assert run(here, *words) == (alone.code, alone.output)
    assert len(servers(here)) == 1


def test_the_projects_code_is_read_anew(here: Project) -> None:
    assert "cells at a time" in run(here, "run", "--help")[1]
    here.edit("pipeline/cli.py", "cells at a time;", "cells beside each other;")
    assert "cells beside each other" in run(here, "run", "--help")[1]
    assert len(servers(here)) == 1


def test_the_environment_is_the_clients(here: Project) -> None:
    assert run(here, "list", "metrics", environment={"TENSORGRID_REPRO": "1"})[0] == 0
    (here.root / ".work" / "repro.stop").touch()
    assert run(here, "list", "metrics", environment={"TENSORGRID_REPRO": "1"})[0] == 130
    assert run(here, "list", "metrics")[0] == 0


def test_it_goes_by_itself_and_comes_again(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(warm.SECONDS, "2")  # long enough to be seen on a busy machine
    assert run(here, "list", "metrics")[0] == 0
    (first,) = servers(here)
    assert within_a_minute(lambda: not servers(here))
    assert not list((here.root / warm.FOLDER).glob("*.sock"))
    assert run(here, "list", "metrics")[0] == 0
    assert servers(here) != [first]


def test_it_goes_when_the_checkout_is_removed(here: Project) -> None:
    assert run(here, "list", "metrics")[0] == 0
    assert servers(here)
    here.root.rename(here.folder / "elsewhere")
    (here.folder / "elsewhere" / ".work" / "warm").rename(here.folder / "gone")
    assert within_a_minute(lambda: not servers(here))


def test_a_server_that_was_killed_is_replaced(here: Project) -> None:
    assert run(here, "list", "metrics")[0] == 0
    (first,) = servers(here)
    first.kill()
    first.wait()
    assert list((here.root / warm.FOLDER).glob("*.sock"))
    assert run(here, "list", "metrics")[0] == 0
    assert servers(here) != [first]


def test_a_signal_reaches_the_fork(here: Project) -> None:
    fork = waiting(here)
    fork.send_signal(signal.SIGINT)
    assert fork.wait() == 130


def test_a_fork_whose_client_is_killed_ends(here: Project) -> None:
    fork = waiting(here)
    process = psutil.Process(fork.pid)
    fork._lines.close()
    fork._connection.shutdown(socket.SHUT_RDWR)
    fork._connection.close()
    assert within_a_minute(lambda: ended(process))


def test_a_command_whose_server_is_killed_says_so(here: Project) -> None:
    fork = waiting(here)
    process = psutil.Process(fork.pid)
    (server,) = servers(here)
    server.kill()
    with pytest.raises(UserError, match=r"warm process .* was killed.*runtime.warm: false"):
        fork.wait()
    assert within_a_minute(lambda: ended(process))


def test_it_is_off_by_one_setting(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert warm.start(["list", "metrics"], OFF, os.environ) is None
    monkeypatch.setenv(warm.SECONDS, "0")
    assert warm.start(["list", "metrics"], ON, os.environ) is None
    assert not servers(here) and not (here.root / warm.FOLDER).exists()
    monkeypatch.setenv(warm.SECONDS, "soon")
    with pytest.raises(UserError, match="TENSORGRID_WARM is 'soon'; expected a number of seconds"):
        warm.start(["list", "metrics"], ON, os.environ)


def test_a_file_system_without_sockets(
    here: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(warm, "_start_server", refuse)
    assert warm.start(["list", "metrics"], ON, os.environ) is None
    assert "warning: no warm process: [Errno 1] Operation not permitted" in capsys.readouterr().err


def test_other_libraries_are_another_server(here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(here, "list", "metrics")[0] == 0
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert run(here, "list", "metrics")[0] == 0
    assert len(servers(here)) == 2


def test_the_server_has_run_no_operation_and_holds_no_code_of_the_project(tmp_path: Path) -> None:
    """What the real one imports; TensorFlow's devices would not survive a fork."""
    program = (
        "import sys, importlib\n"
        "from pipeline import warm\n"
        "from components.train.hparams import Runtime\n"
        "import dataclasses\n"
        "settings = {'runtime': dataclasses.asdict(Runtime()), 'tracking': {}}\n"
        "_, libraries = warm._server(settings)\n"
        "print(' '.join(libraries))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    libraries = said.stdout.split()
    assert {"tensorflow", "keras", "mlflow"} <= set(libraries), said.stderr
    program = (
        "import importlib, sys, threading\n"
        f"for name in {libraries}: importlib.import_module(name)\n"
        "from tensorflow.python.eager import context\n"
        "print('STARTED', context.context()._initialized)\n"
        "own = [name for name in sys.modules if name.split('.')[0] in ('components', 'pipeline')]\n"
        "print('OWN', own)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert "STARTED False" in done.stdout and "OWN []" in done.stdout, done.stderr


def test_what_a_stage_imports_before_a_fork_takes_over(here: Project) -> None:
    """Standard library and small files of ours: a tenth of a second, twice a cell."""
    assert here.pipeline("resolve").code == 0
    assert here.pipeline("datagen", "image_digits").code == 0
    program = (
        "import sys; from pathlib import Path\n"
        "from pipeline import cli, stages, warm\n"
        "warm.run = lambda *_: 0\n"
        "cell = ('image_digits', 'transformer', 'tiny', 1)\n"
        "codes = [kind(Path('.'), *cell) for kind in (stages.train, stages.evaluate)]\n"
        "own = [name for name in sys.modules if name.startswith(('components', 'pipeline'))]\n"
        "packages = {name.split('.')[0] for name in sys.modules}\n"
        "print(codes, len(sys.modules), len(own), sorted(packages - set(sys.stdlib_module_names)))"
    )
    done = here.command(sys.executable, "-c", program)
    codes, _, rest = done.output.rpartition("]\n")[0].partition("] ")
    modules, own, packages = rest.split(" ", 2)
    assert codes == "[0, 0" and int(modules) < 200 and int(own) < 40, done.output
    heavy = {"numpy", "yaml", "pydantic", "psutil", "pyarrow", "dvc", "keras", "tensorflow"}
    assert not any(f"'{name}'" in packages for name in heavy), packages


def waiting(project: Project) -> warm.Fork:
    """A fork in the middle of a training."""
    assert project.pipeline("resolve").code == 0
    assert project.pipeline("datagen", "image_digits").code == 0
    project.fail("wait")
    with open(os.devnull, "r+") as nothing:
        files = (nothing.fileno(),) * 3
        words = ["train", "image_digits", "transformer", "tiny", "1"]
        fork = warm.start(words, ON, os.environ, files)
    assert fork is not None
    assert within_a_minute((project.root / ".fail" / "waiting").exists)
    return fork
