"""Speech recognition: a recording in, the text that was said out, character by character.

Raw rows: `audio` (a WAV or FLAC file), `text`. The features are Tensor2Tensor's log-mel spectrogram
(`components/datagen/audio.py`), computed as a batch is read, or once with `stored: log_mel`; training
may blot out bands and stretches of it (SpecAugment, Park et al. 2019, arXiv 1904.08779). With
`waveform: true` they are the samples themselves (`components/datagen/waveform.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.catalog import UserError
from components.datagen.schema import Transform
from components.datagen.task import Option, RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

SPEC_AUGMENT = ("freq_masks", "freq_width", "time_masks", "time_width", "time_share")
AUDIO_OPTIONS = {
    "sample_rate": Option("int", 16000, "samples a second", low=1),
    "resample": Option("bool", False, "recordings of other rates are resampled"),
    "mels": Option("int", 80, "bands of the spectrogram", low=1),
    "stored": Option(
        "str",
        "wav",
        "what shards hold: wav (small) or log_mel (computed once)",
        choices=("wav", "log_mel"),
    ),
    "waveform": Option("bool", False, "models read the samples, and no spectrogram"),
    "freq_masks": Option("int", 0, "SpecAugment: bands blotted out in training; 0: none", low=0),
    "freq_width": Option("int", 27, "SpecAugment: mels of a band at most", low=0),
    "time_masks": Option(
        "int", 0, "SpecAugment: stretches blotted out in training; 0: none", low=0
    ),
    "time_width": Option("int", 100, "SpecAugment: frames of a stretch at most", low=0),
    "time_share": Option(
        "float", 0.2, "SpecAugment: share of a recording in a stretch at most", low=0, high=1
    ),
}


def checked(recordings: pa.Array, problem: Problem) -> pa.Array:
    """The recordings. Raises RowError if one cannot be read."""
    from components.datagen.audio import read_wav
    from components.datagen.front_end import front_end

    rate, sound = problem.option("sample_rate"), front_end(feature_options(problem)["inputs"])
    for row, data in enumerate(recordings.to_pylist()):
        try:
            samples, found = read_wav(data)
        except ValueError as error:
            raise RowError(row, str(error)) from error
        if found != rate and not problem.option("resample"):
            raise RowError(
                row,
                f"a recording of {found} Hz; expected {rate} (say `sample_rate: {found}`, or "
                "`resample: true` where recordings differ)",
            )
        if not sound.frames(len(samples), found):
            raise RowError(row, f"a recording of {1000 * len(samples) / found:.0f} ms is too short")
    return recordings


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`audio`, `text` -> standard rows. Raises RowError on a recording that cannot be read."""
    import pyarrow as pa

    text = batch.column("text")
    return pa.RecordBatch.from_pydict(
        {"inputs": checked(batch.column("audio"), problem), "targets": text, "targets_text": text}
    )


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """How recordings become frames."""
    settings = {"sample_rate": problem.option("sample_rate")}
    kind = {"log_mel": {**settings, "n_mels": problem.option("mels")}}
    if problem.option("waveform"):
        kind = {"waveform": settings}
    return {"inputs": {**kind, "stored": problem.option("stored")}}


def shapes(problem: Problem) -> dict[str, tuple[int, ...]]:
    """The values of a frame: bands, or samples."""
    from components.datagen.front_end import front_end

    return {"inputs": (front_end(feature_options(problem)["inputs"]).channels,)}


def check(where: str, problem: Problem) -> None:
    """Raises UserError on settings of a spectrogram where there is none."""
    if not problem.option("waveform"):
        return
    if problem.option("stored") != "wav":
        raise UserError(
            f"{where}.stored: expected wav beside `waveform: true`, found {problem.option('stored')}"
        )
    if problem.option("freq_masks"):
        raise UserError(
            f"{where}.freq_masks: expected 0 beside `waveform: true`, which has no bands, found "
            f"{problem.option('freq_masks')}"
        )


def augmentation(problem: Problem, vocabularies: Mapping[str, Any]) -> tuple[Transform, ...]:
    """SpecAugment, where the problem asks for it."""
    settings = {name: problem.option(name) for name in SPEC_AUGMENT}
    wanted = settings["freq_masks"] or settings["time_masks"]
    return (Transform("spec_augment", settings, ("train",)),) if wanted else ()


TASK = Task(
    columns=("audio", "text"),
    inputs="audio",
    targets="symbol",
    vocabularies={"targets": "characters"},
    metrics=("wer", "cer", "perplexity"),
    dev_metric="cer",
    rows=rows,
    shapes=shapes,
    feature_options=feature_options,
    transforms=augmentation,
    transform_names=("spec_augment",),
    options=AUDIO_OPTIONS,
    check=check,
)
