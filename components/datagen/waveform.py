"""Sound as it is, in frames of a few samples that do not overlap.

    y = (x - mean(x)) / sqrt(var(x) + 1e-9)      x resampled; the last frame is filled up with zeros

A frame is the largest power of two that is no longer than 8 ms: 64 samples at 8 kHz, 128 at 16 kHz. Four
frames are a position of a model (`AUDIO_STRIDE`), at 8 kHz the 256 samples that eight halvings leave of
a waveform in Kaiser et al. 2017 (arXiv 1706.05137), section 2.5.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.datagen.audio import REAL, resample

FRAMES_A_SECOND = 125
LEAST = 16


@dataclass(frozen=True)
class Waveform:
    """sample_rate: in Hz, which recordings are brought to."""

    sample_rate: int = 16_000

    @property
    def channels(self) -> int:
        """Samples of a frame, at least 16."""
        return max(1 << (self.sample_rate // FRAMES_A_SECOND).bit_length() - 1, LEAST)

    def frames(self, n_samples: int, rate: int) -> int:
        """Frames that `features` makes of `n_samples` samples at `rate` Hz."""
        resampled = -(-n_samples * self.sample_rate // rate)
        return -(-resampled // self.channels)

    def features(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """Samples at `rate` Hz -> float32 [frames, channels], none all zeros, which means
        padding."""
        x = resample(np.asarray(samples, np.float32), rate, self.sample_rate)
        if len(x):
            x = (x - x.mean()) / np.sqrt(x.var() + 1e-9)
        found = np.zeros((-(-len(x) // self.channels), self.channels), np.float32)
        found.reshape(-1)[: len(x)] = x
        found[~found.any(axis=1)] = REAL
        return found
