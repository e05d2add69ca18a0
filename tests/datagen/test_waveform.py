"""A waveform's frames are the samples in a row, and what a feature says of its front end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.catalog import UserError
from components.datagen.audio import LogMel, resample
from components.datagen.front_end import front_end
from components.datagen.problem import Problem, from_settings
from components.datagen.schema import SPLITS
from components.datagen.tasks.speech_recognition import feature_options, shapes
from components.datagen.waveform import Waveform


def problem_of(folder: Path, task: str = "speech_recognition", **more: object) -> Problem:
    settings: dict[str, object] = {"task": task, "format": "audio_table", "sample_rate": 8_000}
    for split in SPLITS:
        path = folder / f"{split}.tsv"
        path.touch()
        settings[split] = str(path)
    return from_settings("mine", {**settings, **more})


def samples(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(3.0, 0.2, count).astype(np.float32)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000])
def test_frames_are_the_samples_in_a_row(count: int) -> None:
    x, sound = samples(count), Waveform(8_000)
    found = sound.features(x, 8_000)
    assert found.dtype == np.float32 and found.shape == (-(-count // 64), 64)
    assert len(found) == sound.frames(count, 8_000)
    wanted = (x - x.mean()) / np.sqrt(x.var() + 1e-9)
    if count > 1:
        np.testing.assert_allclose(found.ravel()[:count], wanted, atol=1e-5)
        assert not found.ravel()[count:].any()
    assert found.any(axis=1).all()  # a frame of zeros would be padding


def test_silence_is_no_padding_and_nothing_is_nothing() -> None:
    assert Waveform().features(np.zeros(130, np.float32), 16_000).any(axis=1).all()
    assert Waveform().features(np.zeros(0, np.float32), 16_000).shape == (0, 128)


@pytest.mark.parametrize(
    ("rate", "channels"),
    [(1_000, 16), (8_000, 64), (11_025, 64), (16_000, 128), (44_100, 256), (48_000, 256)],
)
def test_a_frame_is_a_power_of_two_of_at_most_eight_milliseconds(rate: int, channels: int) -> None:
    assert Waveform(rate).channels == channels
    assert channels == 16 or 0.004 < channels / rate <= 0.008


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100])
def test_recordings_of_other_rates_are_resampled(rate: int) -> None:
    x, sound = samples(3_000), Waveform(16_000)
    found = sound.features(x, rate)
    assert len(found) == sound.frames(3_000, rate)
    np.testing.assert_array_equal(found, sound.features(resample(x, rate, 16_000), 16_000))


def test_a_feature_says_which(tmp_path: Path) -> None:
    plain = problem_of(tmp_path, mels=20)
    assert front_end(feature_options(plain)["inputs"]) == LogMel(8_000, n_mels=20)
    assert shapes(plain) == {"inputs": (20,)}
    waveform = problem_of(tmp_path, waveform=True)
    assert front_end(feature_options(waveform)["inputs"]) == Waveform(8_000)
    assert shapes(waveform) == {"inputs": (64,)}


@pytest.mark.parametrize("task", ["speech_recognition", "audio_classification"])
@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"stored": "log_mel"}, "problems.mine.stored: expected wav beside `waveform: true`"),
        ({"freq_masks": 2}, "problems.mine.freq_masks: expected 0 beside `waveform: true`"),
    ],
)
def test_settings_of_a_spectrogram_are_refused(
    task: str, more: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as found:
        problem_of(tmp_path, task, waveform=True, **more)
    assert message in str(found.value)
