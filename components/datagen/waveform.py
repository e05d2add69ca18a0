"""Sound as it is, in frames of a few samples that do not overlap.

    y = (x - mean(x)) / sqrt(var(x) + 1e-9)      x resampled; the last frame is filled up with zeros

Four frames are a position of a model (`AUDIO_STRIDE`): with 64 samples a frame 256 of them, what eight
halvings leave of a waveform in Kaiser et al. 2017 (arXiv 1706.05137), section 2.5.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.datagen.audio import REAL, resample

FRAME = 64


@dataclass(frozen=True)
class Waveform:
    """sample_rate: in Hz, which recordings are brought to. frame: samples of a frame."""

    sample_rate: int = 16_000
    frame: int = FRAME

    @property
    def channels(self) -> int:
        """Values of a frame."""
        return self.frame

    def frames(self, n_samples: int, rate: int) -> int:
        """Frames that `features` makes of `n_samples` samples at `rate` Hz."""
        resampled = -(-n_samples * self.sample_rate // rate)
        return -(-resampled // self.frame)

    def features(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """Samples at `rate` Hz -> float32 [frames, frame], none all zeros, which means padding."""
        x = resample(np.asarray(samples, np.float32), rate, self.sample_rate)
        if len(x):
            x = (x - x.mean()) / np.sqrt(x.var() + 1e-9)
        found = np.zeros((-(-len(x) // self.frame), self.frame), np.float32)
        found.reshape(-1)[: len(x)] = x
        found[~found.any(axis=1)] = REAL
        return found
