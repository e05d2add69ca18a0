"""Worker processes forked for Beam's local runner: their results, their errors, their ends.

Each test has a process of its own, because only one without threads can be forked.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from components.datagen.generate import generate
from components.datagen.writing import processes, runner_and_options
from tests.datagen.records import content
from tests.datagen.shared_data import ROOT
from tests.datagen.tiny import tiny_problem

BEGIN = """
    import os, signal, sys, time
    from pathlib import Path
    from components.catalog import UserError
    from components.datagen import beam_graph, forked_workers, spool
    from components.datagen.generate import generate
    from tests.datagen.tiny import tiny_problem

    folder = Path(sys.argv[1])
    spool.CHUNK_ROWS = 64
    process = beam_graph.EncodeChunk.process

    def run():
        generate(tiny_problem(folder / "raw", shards=4), "tiny", folder / "two", beam={"workers": 2})
"""

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")


def script(folder: Path, body: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(BEGIN) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], silent: bool = True) -> str:
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert errors == "" or not silent
    return out


@needs_linux
def test_two_processes_write_the_bytes_of_one(tmp_path: Path) -> None:
    out = ended(
        script(
            tmp_path,
            """
            def told(self, chunk):
                (folder / f"pid-{os.getpid()}").touch()
                return process(self, chunk)

            beam_graph.EncodeChunk.process = told
            run()
            assert not forked_workers.ready()
            print(os.getpid())
            """,
        )
    )
    workers = {int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")}
    assert len(workers) == 2 and int(out) not in workers
    assert not any(map(psutil.pid_exists, workers))
    generate(tiny_problem(tmp_path / "raw", shards=4), "tiny", tmp_path / "one")
    assert content(tmp_path / "one") == content(tmp_path / "two")


@needs_linux
def test_an_error_in_a_worker_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    ended(
        script(
            tmp_path,
            """
            def broken(self, chunk):
                raise UserError(f"{chunk}: the text is torn")

            beam_graph.EncodeChunk.process = broken
            try:
                run()
            except UserError as error:
                assert "the text is torn" in str(error) and "Traceback" not in str(error)
            else:
                raise AssertionError("no error")
            assert not (folder / "two").exists()
            """,
        )
    )


@needs_linux
def test_a_killed_worker_ends_the_run(tmp_path: Path) -> None:
    ended(
        script(
            tmp_path,
            """
            def killed(self, chunk):
                (folder / f"pid-{os.getpid()}").touch()
                time.sleep(0.5)
                if chunk == "train-000001.arrow":
                    os.kill(os.getpid(), signal.SIGKILL)
                return process(self, chunk)

            beam_graph.EncodeChunk.process = killed
            try:
                run()
            except RuntimeError as error:
                assert forked_workers.ENDED in str(error)
            else:
                raise AssertionError("no error")
            """,
        ),
        silent=False,  # a thread of Beam says that its connection broke
    )
    pids = [int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")]
    assert len(pids) == 2 and not any(map(psutil.pid_exists, pids))


@needs_linux
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_workers_go_with_their_runner(tmp_path: Path, sent: signal.Signals) -> None:
    process = script(
        tmp_path,
        """
        def slow(self, chunk):
            (folder / f"pid-{os.getpid()}").touch()
            time.sleep(100)
            return process(self, chunk)

        beam_graph.EncodeChunk.process = slow
        run()
        """,
    )
    deadline = time.monotonic() + 100
    while len(list(tmp_path.glob("pid-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    found = psutil.Process(process.pid).children(recursive=True)
    assert len(found) == 3  # the zygote and its two
    process.send_signal(sent)
    process.communicate(timeout=60)
    gone, alive = psutil.wait_procs(found, timeout=20)
    assert process.returncode != 0 and not alive and len(gone) == 3


def test_a_process_with_threads_is_not_forked() -> None:
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        with processes({"workers": 2}):
            assert runner_and_options({"workers": 2})[1]["direct_running_mode"] == "multi_threading"
    finally:
        stop.set()
        other.join()


@needs_linux
def test_a_process_with_a_channel_of_grpc_is_not_forked(tmp_path: Path) -> None:
    out = ended(
        script(
            tmp_path,
            """
            import grpc
            before = forked_workers.possible()
            channel = grpc.insecure_channel("localhost:9")
            channel.subscribe(lambda state: None, try_to_connect=True)
            time.sleep(0.5)
            print(before, forked_workers.possible(), flush=True)
            os._exit(0)
            """,
        ),
        silent=False,
    )
    assert out.split() == ["True", "False"]


def test_a_process_with_a_library_that_has_threads_is_not_forked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from components.datagen import forked_workers

    for name in forked_workers.WITH_THREADS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(forked_workers, "_thread_names", list)
    monkeypatch.setattr(forked_workers.threading, "active_count", lambda: 1)
    assert forked_workers.possible() == (sys.platform == "linux")
    monkeypatch.setitem(sys.modules, "jax", sys)
    assert not forked_workers.possible()
