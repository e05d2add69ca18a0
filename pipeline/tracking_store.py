"""Where the runs are kept: the local SQLite store without MLflow, and whether a server answers.

Reading the local store with `sqlite3` costs a millisecond; importing MLflow costs seconds, so
everything that can be known without it is asked here first.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

WORK = ".work"
ANSWER_SECONDS = 5


@dataclass(frozen=True)
class KnownRun:
    """What the store says of one run: its id, status and tags."""

    run_id: str
    status: str
    tags: dict[str, str]


def absolute_uri(uri: str, root: Path) -> str:
    """`sqlite:///mlflow.db` means the file in the project's folder, wherever the process stands."""
    if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
        return f"sqlite:///{as_mlflow_reads(Path(root).resolve())}/{uri.removeprefix('sqlite:///')}"
    return uri


def as_mlflow_reads(path: Path) -> str:
    """A path in a URI: `%20` would be read as a space. No more is quoted than must be: MLflow makes
    the folder of a store under its quoted name, too."""
    return path.as_posix().replace("%", "%25").replace("?", "%3F")


def database(uri: str) -> Path | None:
    """The file of an (absolute) SQLite URI; None for every other store."""
    return Path(unquote(uri.removeprefix("sqlite:///"))) if uri.startswith("sqlite:///") else None


@contextmanager
def lock(root: Path, name: str = "tracking") -> Iterator[None]:
    """One process of this checkout at a time, so that no store or run is created twice."""
    folder = Path(root) / WORK
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def unreachable(uri: str) -> str | None:
    """Why an http(s) server or a SQLite file cannot be used, or None. Any HTTP answer, even 401, is an
    answer. MLflow would try a file that cannot be opened again for more than a minute."""
    if file := database(uri):
        return _unusable(file)
    if not uri.startswith(("http://", "https://")):
        return None
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(uri, timeout=ANSWER_SECONDS):
            return None
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        reason = getattr(error, "reason", error)
        return str(reason) or type(error).__name__


def _unusable(file: Path) -> str | None:
    """Why SQLite cannot write a file or its journal beside it, or None."""
    if file.is_dir():
        return f"{file} is a folder"
    folder = next(one for one in file.absolute().parents if one.exists())
    if not folder.is_dir():
        return f"{folder} is no folder"
    for place in (file, folder):
        if place.exists() and not os.access(place, os.R_OK | os.W_OK):
            return f"{place} may not be written"
    return None


def local_experiment(file: Path, name: str) -> str | None:
    """The id of an experiment in a local store; None where either is not there."""
    rows = _query(file, "SELECT experiment_id FROM experiments WHERE name = ?", name)
    return str(rows[0][0]) if rows else None


def local_runs(file: Path, experiment_id: str) -> list[KnownRun]:
    """Every run of an experiment that is not deleted, the oldest first."""
    runs = _query(
        file,
        "SELECT run_uuid, status FROM runs WHERE experiment_id = ? AND lifecycle_stage = 'active'"
        " ORDER BY start_time, run_uuid",
        experiment_id,
    )
    tags: dict[str, dict[str, str]] = {run_id: {} for run_id, _ in runs}
    for run_id, key, value in _query(
        file,
        "SELECT t.run_uuid, t.key, t.value FROM tags t JOIN runs r ON r.run_uuid = t.run_uuid"
        " WHERE r.experiment_id = ? AND t.key LIKE 'tensorgrid.%'",
        experiment_id,
    ):
        tags.setdefault(run_id, {})[key] = value
    return [KnownRun(run_id, status, tags[run_id]) for run_id, status in runs]


def _query(file: Path, sql: str, *values: str) -> list[tuple]:
    """The rows; none of a store that is damaged or locked, of which MLflow will say so itself."""
    if not file.is_file():
        return []
    uri = f"file:{quote(str(file))}?mode=ro"
    with (
        suppress(sqlite3.DatabaseError),
        closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection,
    ):
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if {"experiments", "runs", "tags", "alembic_version"} <= tables:
            return connection.execute(sql, values).fetchall()
    return []


def set_environment(seconds: int) -> None:
    """Bounds how long MLflow's client waits for one answer; to be called before MLflow is imported.

    Its own defaults (120 s, 7 retries) would hold a training up for a quarter of an hour. What the
    user has set already stays.
    """
    for name, value in bounds(seconds).items():
        os.environ.setdefault(name, value)


def bounds(seconds: int) -> dict[str, str]:
    """The environment that `set_environment` sets."""
    return {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(seconds),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }
