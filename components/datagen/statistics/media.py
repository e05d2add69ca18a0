"""Images and sounds of examples as arrays that can be drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from components.catalog import UserError
from components.datagen.audio import read_wav
from components.datagen.images import decoded

WINDOW, HOP = 0.025, 0.010
"""Seconds, as usual for speech."""
RANGE = 80.0
"""Decibels below the loudest that are told apart."""


def pixels(value: bytes, shape: Sequence[int], encoded: bool = False) -> np.ndarray:
    """uint8 [height, width, 3] of an image: row-major bytes of `shape`, or a file
    that Pillow brings to it.

    Of two channels or more than four the first is shown, in grey. Raises UserError if the bytes
    are not such an image.
    """
    image: np.ndarray
    if encoded:
        try:
            image = decoded(value, tuple(shape))
        except ValueError as error:
            raise UserError(f"an image that cannot be drawn: {error}") from error
    elif len(value) != math.prod(shape):
        raise UserError(
            f"an image of {len(value):,} bytes; expected {math.prod(shape):,} "
            f"(height x width x channels = {' x '.join(map(str, shape))})"
        )
    else:
        image = np.frombuffer(value, np.uint8).reshape(tuple(shape))
    return image[..., :3] if image.shape[2] in (3, 4) else np.repeat(image[..., :1], 3, axis=2)


def fitted(image: np.ndarray, side: int) -> np.ndarray:
    """uint8 [height, width, 3], the longer side `side` pixels; small ones keep their squares."""
    from PIL import Image

    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, method))


def samples(value: bytes) -> tuple[np.ndarray, int]:
    """(float32 [samples] in [-1, 1], samples a second) of a WAV or FLAC file.

    Raises UserError if the bytes are not one.
    """
    try:
        return read_wav(value)
    except ValueError as error:
        raise UserError(f"a sound that cannot be drawn: {error}") from error


def spectrogram(sound: np.ndarray, rate: int) -> np.ndarray:
    """float64 [frequencies, frames], decibels below the loudest, -80 at least.

    The power of a short-time Fourier transform (Allen and Rabiner 1977, Proceedings of the IEEE 65,
    section II) with a Hann window; frequency k of n is k * rate / 2 / (n - 1) Hz.
    """
    size, hop = max(2, round(WINDOW * rate)), max(1, round(HOP * rate))
    if len(sound) < size:
        sound = np.pad(sound, (0, size - len(sound)))
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size + 1)[:-1], axis=1)).T ** 2
    loudest = power.max()
    if not loudest:
        return np.full(power.shape, -RANGE)
    return 10 * np.log10(np.maximum(power / loudest, 10 ** (-RANGE / 10)))
