"""Audio classification: a recording in, the name of its class out (spoken commands and digits).

Raw rows: `audio` (a WAV or FLAC file), `label`. Features as in speech_recognition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.task import Task
from components.datagen.tasks.speech_recognition import (
    AUDIO_OPTIONS,
    augmentation,
    check,
    checked,
    feature_options,
    shapes,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`audio`, `label` -> standard rows. Raises RowError on a recording that cannot be read."""
    import pyarrow as pa

    label = batch.column("label").cast(pa.string())
    return pa.RecordBatch.from_pydict(
        {"inputs": checked(batch.column("audio"), problem), "targets": label, "targets_text": label}
    )


TASK = Task(
    columns=("audio", "label"),
    inputs="audio",
    targets="class_label",
    vocabularies={"targets": "label"},
    metrics=("accuracy",),
    dev_metric="accuracy",
    rows=rows,
    shapes=shapes,
    feature_options=feature_options,
    transforms=augmentation,
    transform_names=("spec_augment",),
    options=AUDIO_OPTIONS,
    check=check,
)
