"""Looks for what could keep the grid from running, and says what to do about each finding."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import psutil

from components.catalog import UserError
from pipeline.params import Params, load

NEEDED = ("tensorflow", "keras", "apache-beam", "tfx-bsl", "dvc", "mlflow", "sentencepiece")
LOW_DISK = 5
LOW_MEMORY = 4
GIB = 2**30


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` is what to do; without it, all is well."""

    what: str
    found: str
    advice: str = ""


def examine(root: Path) -> int:
    """Prints one line a finding; 1 if something needs mending."""
    ill = 0
    for finding in _findings(root):
        ill += bool(finding.advice)
        mark = "!!" if finding.advice else "ok"
        print(f"{mark}  {finding.what:12} {finding.found}", flush=True)
        if finding.advice:
            print(f"                 {finding.advice}", flush=True)
    print("everything that the grid needs is here" if not ill else f"{ill} to mend")
    return 1 if ill else 0


def _findings(root: Path) -> Iterator[Finding]:
    yield _python()
    yield from _libraries(root)
    yield _devices()
    yield _memory()
    yield _disk(root)
    yield _git(root)
    yield _dvc(root)
    try:
        params = load(root)
    except UserError as error:
        yield Finding("params.yaml", "is wrong", str(error))
        return
    yield Finding("params.yaml", f"{len(params.cells)} cells, all names and values are right")
    yield _backend(params)
    yield from _engine(params)
    yield _tracking(root, params)
    yield from _data(root, params)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    advice = "" if sys.version_info[:2] == (3, 11) else "the pinned libraries are for Python 3.11"
    return Finding("Python", f"{version} at {sys.executable}", advice)


def _libraries(root: Path) -> Iterator[Finding]:
    pins = _pins(root / "requirements" / "run.lock")
    wrong = []
    for name, wanted in pins.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name in NEEDED:
                wrong.append(f"{name} is missing")
            continue
        if found != wanted and name in NEEDED:
            wrong.append(f"{name} {found}, pinned {wanted}")
    if wrong:
        yield Finding("libraries", ", ".join(wrong), "`make repro` installs the pinned ones")
    else:
        shown = ", ".join(f"{name} {pins[name]}" for name in NEEDED if name in pins)
        yield Finding("libraries", shown)


def _pins(lock: Path) -> dict[str, str]:
    if not lock.is_file():
        return {}
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", lock.read_text(), flags=re.MULTILINE))


def _devices() -> Finding:
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count()
    found = f"{cores} CPU cores"
    if not shutil.which("nvidia-smi"):
        return Finding("devices", f"{found}, no NVIDIA GPU (not needed)")
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=30)
    gpus = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode or not gpus:
        return Finding("devices", found, f"nvidia-smi finds no GPU: {done.stderr.strip()[:200]}")
    return Finding("devices", f"{found}, {'; '.join(gpus)}")


def _memory() -> Finding:
    free = psutil.virtual_memory().available / GIB
    advice = "" if free >= LOW_MEMORY else "a small cell needs about 3 GiB; close other programs"
    return Finding("memory", f"{free:.1f} GiB free", advice)


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free / GIB
    advice = "" if free >= LOW_DISK else "`dvc gc --workspace` drops what old grids left"
    return Finding("disk", f"{free:.1f} GiB free", advice)


def _git(root: Path) -> Finding:
    if not shutil.which("git"):
        return Finding("git", "is not installed", "DVC runs in a git repository only; install git")
    here = ["git", "rev-parse", "--is-inside-work-tree"]
    if subprocess.run(here, cwd=root, capture_output=True).returncode:
        advice = "`git init` here: DVC runs in a git repository only"
        return Finding("git", "no repository here", advice)
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True
    )
    if done.returncode:
        return Finding("git", "no commit here", "a commit is needed for `dvc exp` and diffs")
    return Finding("git", f"at {done.stdout.strip()}")


def _dvc(root: Path) -> Finding:
    from pipeline.repro import running_dvc

    if not (root / ".dvc" / "config").is_file():
        return Finding("DVC", "no .dvc/config here", "git has it: `git checkout .dvc`")
    running = running_dvc(root)
    if running:
        return Finding("DVC", f"runs here now: process {running[0].pid}")
    return Finding("DVC", "ready, nothing runs here")


def _backend(params: Params) -> Finding:
    backend = params.runtime["backend"]
    if util.find_spec(backend) is None:
        advice = f"`make repro EXTRA={backend}` installs it"
        return Finding("backend", f"{backend} is not installed", advice)
    return Finding("backend", f"{backend}, {params.runtime['precision']}")


def _engine(params: Params) -> Iterator[Finding]:
    """Nothing is said of Keras, which every grid has."""
    engine = params.eval["engine"]
    if engine != "keras" and util.find_spec(engine) is None:
        advice = f"eval.engine needs it: `make repro EXTRA={engine}` installs it"
        yield Finding("engine", f"{engine} is not installed", advice)
    elif engine != "keras":
        yield Finding("engine", f"{engine}, {params.eval['quantization']}")


def _tracking(root: Path, params: Params) -> Finding:
    from pipeline.tracking_store import unreachable

    uri = params.tracking["uri"]
    if not params.tracking["enabled"]:
        return Finding("MLflow", "off (tracking.enabled)")
    reason = unreachable(uri)
    if reason:
        advice = "change tracking.uri, or " + (
            "make room for the file" if uri.startswith("sqlite:") else "start the server"
        )
        return Finding("MLflow", f"{uri}: {reason}", advice)
    return Finding("MLflow", f"{uri}, experiment {params.tracking['experiment']}")


def _data(root: Path, params: Params) -> Iterator[Finding]:
    for name, problem in params.problems.items():
        made = (root / "data" / name / "manifest.json").is_file()
        addresses = [
            path
            for split in (problem.problem.train, problem.problem.dev, problem.problem.test)
            for source in (split if isinstance(split, tuple) else ())
            for path in source.paths
            if "://" in path
        ]
        where = f"{len(problem.local)} local files" if problem.local else "makes its own data"
        if addresses:
            server = addresses[0].split("/")[2]
            where = f"{len(addresses)} downloads, from {server} (`doctor --data` asks there)"
        yield Finding("data", f"{name}: {'made' if made else 'to be made'}; {where}")
