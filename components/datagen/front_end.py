"""What a model reads of a recording: a spectrogram, or the samples themselves, as its feature says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.datagen.audio import LogMel
from components.datagen.waveform import Waveform


def front_end(options: Mapping[str, Any]) -> LogMel | Waveform:
    """Of the options of a feature of the modality `audio`."""
    if settings := options.get("waveform"):
        return Waveform(**settings)
    return LogMel(**options["log_mel"])
