"""The few things asked of MLflow's client, the only file that imports MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline import tracking_record, tracking_store
from pipeline.tracking_store import KnownRun

tracking_store.set_environment(seconds=30)

from mlflow import MlflowClient  # noqa: E402  (its timeouts are read at import)
from mlflow.entities import (  # noqa: E402
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException  # noqa: E402

MODEL_TRAINING = "custom_model_development"
"""The kind of experiment; without it MLflow's page opens on its tools for language models."""
BATCH = 1000
"""The most metrics that one `log_batch` may hold."""
Point = tuple[str, float, int, int]
"""(key, value, step, milliseconds since 1970)"""


def connect(uri: str) -> MlflowClient:
    return MlflowClient(tracking_uri=uri)


def create_experiment(uri: str, name: str, root: Path) -> str:
    """The id of the experiment, made if it is not there; to be called under the store's lock."""
    client = connect(uri)
    known = client.get_experiment_by_name(name)
    if known is not None:
        if known.lifecycle_stage == "deleted":
            client.restore_experiment(known.experiment_id)
        return str(known.experiment_id)
    # A server keeps artifacts where its owner decided; a local store has them beside it.
    local = tracking_store.database(uri) is not None
    folder = Path(root).resolve() / "mlartifacts"
    location = tracking_store.as_mlflow_reads(folder) if local else None
    try:
        tags = {"mlflow.experimentKind": MODEL_TRAINING}
        return str(client.create_experiment(name, artifact_location=location, tags=tags))
    except MlflowException:
        # Another machine was faster; whatever else was wrong shows again in the next line.
        known = client.get_experiment_by_name(name)
        if known is None:
            raise
        return str(known.experiment_id)


def all_runs(client: MlflowClient, experiment_id: str) -> list[KnownRun]:
    """Every run of an experiment that is not deleted, the oldest first."""
    found: list[KnownRun] = []
    token: str | None = None
    while True:
        page = client.search_runs(
            [experiment_id],
            run_view_type=ViewType.ACTIVE_ONLY,
            max_results=BATCH,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        found += [KnownRun(run.info.run_id, run.info.status, run.data.tags) for run in page]
        token = page.token
        if not token:
            return found


def open_run(
    client: MlflowClient,
    experiment_id: str,
    name: str,
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> str:
    """The one run of a cell, to write a training to: an interrupted one is continued.

    A finished one is of results that this training replaces: it goes to MLflow's trash.
    """
    query = f"tags.`{tracking_record.CELL}` = '{tags[tracking_record.CELL]}'"
    unfinished: list[str] = []
    for run in client.search_runs([experiment_id], filter_string=query):
        if run.info.status == "FINISHED":
            client.delete_run(run.info.run_id)
        else:
            unfinished.append(run.info.run_id)
    if unfinished:
        run_id = unfinished[0]
        client.update_run(run_id, status="RUNNING", name=name)
    else:
        run_id = client.create_run(experiment_id, run_name=name).info.run_id
    describe(client, run_id, params, tags)
    return run_id


def describe(
    client: MlflowClient, run_id: str, params: Mapping[str, str], tags: Mapping[str, str]
) -> None:
    """Tags a run, and gives it the params that it lacks (MLflow's cannot be changed)."""
    known = client.get_run(run_id).data.params
    client.log_batch(
        run_id,
        params=[Param(key, value) for key, value in params.items() if key not in known],
        tags=[RunTag(key, value) for key, value in tags.items()],
    )


def written(client: MlflowClient, run_id: str) -> set[tuple[str, int]]:
    """The (key, step) of every point of a run, system metrics aside."""
    keys = [key for key in client.get_run(run_id).data.metrics if not key.startswith("system/")]
    return {(key, point.step) for key in keys for point in client.get_metric_history(run_id, key)}


def log_points(client: MlflowClient, run_id: str, points: Iterable[Point]) -> None:
    """Writes points in as few calls as MLflow allows."""
    metrics = [Metric(key, value, timestamp, step) for key, value, step, timestamp in points]
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])


def log_data(client: MlflowClient, run_id: str, problem: str, digest: str, profile: Any) -> None:
    """The run's data set, as `mlflow.log_input` writes it; once."""
    inputs = client.get_run(run_id).inputs
    if inputs and inputs.dataset_inputs:
        return
    dataset = Dataset(
        name=problem,
        digest=digest[:12],
        source_type="local",
        source=json.dumps({"uri": f"data/{problem}"}),
        profile=json.dumps(profile, sort_keys=True),
    )
    client.log_inputs(
        run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])]
    )


def log_model(
    client: MlflowClient, experiment_id: str, run_id: str, name: str, step: int, folder: Path
) -> None:
    """The checkpoint and what it needs to be used, as the run's model; replaces an older one."""
    outputs = client.get_run(run_id).outputs
    for model in outputs.model_outputs if outputs else []:
        client.delete_logged_model(model.model_id)
    logged = client.create_logged_model(
        experiment_id, name=name, source_run_id=run_id, model_type="tensorgrid"
    )
    client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step)])
