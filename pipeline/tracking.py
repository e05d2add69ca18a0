"""MLflow as a mirror: one run a cell, written while it trains and completed from what DVC tracks.

Nothing here is ever needed for a result. A store that is lost, or a server that does not answer,
costs a warning; `sync` rebuilds every run from `runs/`, once by the cell's hash.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import tracking_store
from pipeline.cells import Cell


@dataclass(frozen=True)
class TrackingSettings:
    """The section `tracking` of params.yaml."""

    enabled: bool = True
    """false: no MLflow at all."""
    uri: str = "sqlite:///mlflow.db"
    """Any MLflow tracking URI; a relative SQLite file is in the project's folder."""
    experiment: str = "tensorgrid"
    """The experiment that all runs of this project are in."""
    live: bool = True
    """Write the curves while a cell trains; false: all at once by `compare`."""
    system_metrics: bool = True
    """Log the machine's CPU, memory, disk, network and GPU every ten seconds of a training."""
    models: bool = True
    """Keep the chosen checkpoint of each cell as a model in MLflow (a copy on disk)."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Your own tags, put on every run."""


@dataclass(frozen=True)
class Synced:
    """What `sync` did: names of runs created, completed, marked as killed; why it could not."""

    created: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    killed: tuple[str, ...] = ()
    warning: str | None = None


def warn(message: str) -> None:
    """One line on stderr: tracking never ends a run, so it cannot raise."""
    print(f"warning: {message}", file=sys.stderr, flush=True)


def initialise(settings: TrackingSettings, root: Path) -> str | None:
    """Creates the store and the experiment if they are not there; returns the experiment's id.

    Once for all processes, under a file lock: twelve processes that start on a fresh SQLite store
    all die in the race for its schema (measured, MLflow 3.17). An initialised local store costs a
    millisecond and no import. None, and a warning, where the server does not answer.
    """
    if not settings.enabled:
        return None
    uri = tracking_store.absolute_uri(settings.uri, root)
    file = tracking_store.database(uri)
    if file and (known := tracking_store.local_experiment(file, settings.experiment)):
        return known
    if reason := tracking_store.unreachable(uri):
        warn(unanswered(settings.uri, reason))
        return None
    with tracking_store.lock(root, "store"):
        if file and (known := tracking_store.local_experiment(file, settings.experiment)):
            return known
        from pipeline.tracking_client import create_experiment

        return create_experiment(uri, settings.experiment, root)


def unanswered(uri: str, reason: str) -> str:
    server = uri.startswith(("http://", "https://"))
    what = f"tracking server {uri} does not answer" if server else f"store {uri} cannot be used"
    return (
        f"the {what} ({reason}); all else goes on without it, and "
        "`python -m pipeline track` adds the runs once it is back (params.yaml: tracking.uri)"
    )


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return str(error).strip().splitlines()[0] if str(error).strip() else repr(error)


@contextmanager
def live(
    cell: Cell, settings: TrackingSettings, root: Path, *, record: Mapping[str, Any]
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Gives `report(event)` for the trainer's events; it returns at once, whatever the store does.

    cell: for its problem, model, hparams and seed.
    record: what `train.json` will hold and is known before the training: `cell_hash` (needed),
    hparams, settings, runtime, data_hash, code_hash, git_revision, git_dirty, versions, ...
    The run ends as FINISHED, FAILED (an exception) or KILLED (interrupted, or the process died).
    """
    if not (settings.enabled and settings.live):
        yield lambda event: None
        return
    from pipeline.tracking_live import Writer

    writer = Writer(cell, settings, Path(root), record)
    try:
        yield writer.send
    except Exception as error:
        writer.close("FAILED", f"{type(error).__name__}: {error}")
        raise
    except BaseException as error:
        writer.close("KILLED", type(error).__name__)
        raise
    writer.close("FINISHED")


def sync(root: Path, cells: Iterable[Cell], settings: TrackingSettings) -> Synced:
    """Makes MLflow agree with `runs/`: every finished cell has one complete run, none runs forever.

    A cell that DVC restored from its cache gets its run rebuilt; one that was tracked live gets
    the evaluation, the artifacts and whatever the live writer could not deliver. Idempotent. MLflow
    is not imported when nothing is to do in a local store.
    """
    if not settings.enabled:
        return Synced()
    from pipeline import tracking_sync

    try:
        done = tracking_sync.sync(Path(root), list(cells), settings)
    except Exception as error:  # MLflow lets through what its database and its plugins raise
        done = Synced(warning=unanswered(settings.uri, first_line(error)))
    if done.warning:
        warn(done.warning)
    return done


def complete(root: Path, cell: Cell, folder: Path, settings: TrackingSettings) -> None:
    """As `sync`, for one cell that has been evaluated into a folder, if that is quickly done.

    It is where this process has MLflow already and the store is a local one. Several cells at once
    do so at once; `sync` does the rest, one cell after the other.
    """
    if settings.enabled and settings.live and "mlflow" in sys.modules:
        from pipeline import tracking_sync

        tracking_sync.complete(Path(root), cell, folder, settings)
