"""The same bytes by every runner; Beam's own job service and worker pool stand for a cluster."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.catalog import UserError
from components.datagen.generate import generate
from components.datagen.writing import runner_and_options
from tests.datagen.records import content
from tests.datagen.shared_data import ROOT
from tests.datagen.tiny import tiny_problem


def test_the_default_runner_and_its_workers():
    assert runner_and_options({}) == (
        "FnApiRunner",
        {"direct_num_workers": 1, "direct_running_mode": "in_memory"},
    )
    assert runner_and_options({"workers": 3})[1] == {
        "direct_num_workers": 3,
        "direct_running_mode": "multi_threading",
    }
    flink = {"runner": "FlinkRunner", "options": {"parallelism": 4}, "workers": 2}
    assert runner_and_options(flink) == ("FlinkRunner", {"parallelism": 4})


@pytest.mark.parametrize(
    "beam, message",
    [
        ({"runner": "FnApiRuner"}, "beam.runner: .*'FnApiRuner'; did you mean 'FnApiRunner'"),
        ({"options": {"num_worker": 2}}, "beam.options.num_worker: .* did you mean 'num_workers'"),
        (
            {
                "runner": "PortableRunner",
                "options": {
                    "job_endpoint": "localhost:9",
                    "job_server_timeout": 1,
                    "environment_type": "LOOPBACK",
                },
            },
            "beam.options.job_endpoint: no Beam job service answers at localhost:9",
        ),
    ],
)
def test_a_runner_that_is_not_there(tmp_path, beam, message):
    with pytest.raises(UserError, match=message):
        generate(tiny_problem(tmp_path / "raw"), "tiny", tmp_path / "out", beam=beam)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_worker_processes_write_the_same_bytes(tmp_path, monkeypatch):
    problem = tiny_problem(tmp_path / "raw", shards=4)
    generate(problem, "tiny", tmp_path / "one")
    # The workers are started in the current folder and import from it.
    monkeypatch.chdir(ROOT)
    options = {"direct_running_mode": "multi_processing"}
    generate(problem, "tiny", tmp_path / "two", beam={"workers": 2, "options": options})
    assert content(tmp_path / "one") == content(tmp_path / "two")


@pytest.fixture
def cluster(tmp_path) -> Iterator[dict[str, str]]:
    """Beam's local job service and an external worker pool; yields the pipeline options."""
    job_port, pool_port = _free_port(), _free_port()
    # The pool starts its workers as `python`, which must be this one.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    modules = {
        "apache_beam.runners.portability.local_job_service_main": f"--job_port={job_port}",
        "apache_beam.runners.worker.worker_pool_main": f"--service_port={pool_port}",
    }
    log = (tmp_path / "cluster.log").open("wb")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", module, argument],
            env=environment,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
        for module, argument in modules.items()
    ]
    for port in (job_port, pool_port):
        _wait_for(port)
    yield {
        "job_endpoint": f"localhost:{job_port}",
        "environment_type": "EXTERNAL",
        "environment_config": f"localhost:{pool_port}",
    }
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(30)
    log.close()


@pytest.mark.slow
def test_a_job_service_with_external_workers_writes_the_same_bytes(tmp_path, cluster):
    problem = tiny_problem(tmp_path / "raw", shards=4)
    generate(problem, "tiny", tmp_path / "one")
    beam = {"runner": "PortableRunner", "options": cluster}
    generate(problem, "tiny", tmp_path / "two", beam=beam)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]


def _wait_for(port: int, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as one:
            if one.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port} after {seconds} s")
