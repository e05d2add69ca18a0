"""One column of decoded examples to one array of a batch, as the feature's modality wants it."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.datagen.schema import AUDIO_STRIDE, Feature


def assemble(column: Any, feature: Feature, rows: int) -> np.ndarray:
    """An Arrow list column (None where nothing is stored) to an array, padded with 0.

    Returns int32 [B, L] for ids, float32 [B, 1] for reals, uint8 [B, H, W, C] for images, float32
    [B, frames, mels or samples] for audio, int32 zeros [B, 1] for nothing.
    """
    if feature.stored == "":
        return np.zeros((rows, 1), np.int32)
    if feature.stored == "floats":
        return column.flatten().to_numpy(zero_copy_only=False).astype(np.float32)[:, None]
    if feature.modality == "image":
        return _images(column, feature)
    if feature.modality == "audio":
        return _audio(column, feature)
    sizes = np.diff(column.offsets.to_numpy())
    values = column.flatten().to_numpy(zero_copy_only=False)
    out = np.zeros((len(sizes), int(sizes.max(initial=1))), dtype=np.int32)
    out[np.arange(out.shape[1]) < sizes[:, None]] = values
    return out


def _images(column: Any, feature: Feature) -> np.ndarray:
    files = [value.as_py() for value in column.flatten()]
    if feature.options.get("encoded"):
        from components.datagen.images import decoded

        return np.stack([decoded(data, feature.shape) for data in files])
    pixels = np.frombuffer(b"".join(files), dtype=np.uint8)
    return pixels.reshape(len(column), *feature.shape)


def _audio(column: Any, feature: Feature) -> np.ndarray:
    from components.datagen.audio import read_wav
    from components.datagen.front_end import front_end

    sound = front_end(feature.options)
    stored = feature.options["stored"] == "log_mel"
    found = []
    for value in column.flatten():
        data = value.as_py()
        if stored:
            found.append(np.frombuffer(data, "<f4").reshape(-1, sound.channels))
        else:
            found.append(sound.features(*read_wav(data)))
    out = np.zeros((len(found), max(map(len, found)), sound.channels), np.float32)
    for row, frames in enumerate(found):
        out[row, : len(frames)] = frames
    return out


def pad(array: np.ndarray, feature: Feature, rows: int, positions: int | None) -> np.ndarray:
    """The array with zeros behind it: to `rows` rows, and where its length varies to so many
    positions of a model (None: as they are)."""
    pads = [(0, rows - array.shape[0])] + [(0, 0)] * (array.ndim - 1)
    if positions is not None and feature.modality in ("symbol", "aligned"):
        pads[1] = (0, max(positions - array.shape[1], 0))
    elif positions is not None and feature.modality == "audio":
        pads[1] = (0, max(AUDIO_STRIDE * positions - array.shape[1], 0))
    return np.pad(array, pads) if any(after for _, after in pads) else array


def count_targets(array: np.ndarray, feature: Feature) -> int:
    """The targets that a loss is the mean of: symbols without padding, or rows."""
    if feature.modality in ("symbol", "aligned"):
        return int(np.count_nonzero(array))
    return len(array)
