"""The audio modality against a convolution written out, and against its own padding."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature
from components.train.modalities.audio import Modality

WAVEFORM = {"waveform": {"sample_rate": 8_000}}


def modality(n_mels: int = 10, d_model: int = 12, **options: Any) -> Modality:
    keras.utils.set_random_seed(1)
    layer = Modality(
        Feature("audio", shape=(n_mels,), options=options), SimpleNamespace(d_model=d_model)
    )
    layer.build()
    for weight in layer.weights:
        weight.assign(np.random.default_rng(weight.shape[-1]).normal(0.1, 0.4, weight.shape))
    return layer


def sound(*lengths: int, n_mels: int = 10) -> np.ndarray:
    x = np.zeros((len(lengths), max(lengths), n_mels), np.float32)
    for i, length in enumerate(lengths):
        x[i, :length] = np.random.default_rng(length).normal(size=(length, n_mels))
    return x


def reference(layer: Modality, frames: np.ndarray) -> np.ndarray:
    """One utterance without padding, [T, M] -> [ceil(T/4), D], by loops over positions."""
    x = frames[:, :, None].astype(np.float64)
    for conv, norm in zip(layer.convs, layer.norms, strict=True):
        kernel, bias = (np.asarray(w, np.float64) for w in conv.weights)
        padded = np.pad(x, [(1, 1), (1, 1), (0, 0)])
        y = np.zeros((-(-x.shape[0] // 2), -(-x.shape[1] // 2), kernel.shape[-1]))
        for t in range(y.shape[0]):
            for f in range(y.shape[1]):
                seen = padded[2 * t : 2 * t + 3, 2 * f : 2 * f + 3]
                y[t, f] = np.einsum("tfc,tfcd->d", seen, kernel) + bias
        y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-6)
        x = np.maximum(y * np.asarray(norm.gamma) + np.asarray(norm.beta), 0)
    kernel, bias = (np.asarray(w, np.float64) for w in layer.out.weights)
    return x.reshape(len(x), -1) @ kernel + bias


@pytest.mark.parametrize("n_mels", [10, 11, 80])
@pytest.mark.parametrize("length", [1, 4, 5, 23])
def test_bottom_equals_the_formula(n_mels: int, length: int) -> None:
    layer = modality(n_mels, filters=5)
    x = sound(length, n_mels=n_mels)
    found = np.asarray(layer.bottom(x))
    assert found.shape == (1, -(-length // 4), 12)
    np.testing.assert_allclose(found[0], reference(layer, x[0]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("samples", "strides"), [(16, (16, 4)), (64, (16, 16)), (128, (16, 32))])
@pytest.mark.parametrize("length", [1, 4, 5, 11])
def test_a_waveform_is_convolved_sample_by_sample(
    length: int, samples: int, strides: tuple[int, int]
) -> None:
    layer, frames = modality(samples, filters=5, **WAVEFORM), sound(length, n_mels=samples)
    x = frames[0].reshape(-1, 1).astype(np.float64)
    for conv, norm, stride in zip(layer.convs, layer.norms, strides, strict=True):
        kernel, bias = (np.asarray(w, np.float64) for w in conv.weights)
        wide, padded = 2 * stride - 1, np.pad(x, [(stride - 1, stride - 1), (0, 0)])
        starts = range(0, len(x), stride)
        y = np.array([np.einsum("tc,tcd->d", padded[t : t + wide], kernel[:, 0]) for t in starts])
        y = y + bias
        y = (y - y.mean(-1, keepdims=True)) / np.sqrt(y.var(-1, keepdims=True) + 1e-6)
        x = np.maximum(y * np.asarray(norm.gamma) + np.asarray(norm.beta), 0)
    kernel, bias = (np.asarray(w, np.float64) for w in layer.out.weights)
    found = np.asarray(layer.bottom(frames))
    assert found.shape == (1, -(-length // 4), 12)
    np.testing.assert_allclose(found[0], x @ kernel + bias, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("more", [1, 2, 3, 4, 17])
@pytest.mark.parametrize("samples", [0, 64])
def test_padding_changes_nothing(more: int, samples: int) -> None:
    layer, lengths = modality(samples or 10, **(WAVEFORM if samples else {})), (21, 22, 23, 24, 1)
    x = sound(*lengths, n_mels=samples or 10)
    longer = np.pad(x, [(0, 0), (0, more), (0, 0)])
    mask, found = np.asarray(layer.mask(longer)), np.asarray(layer.bottom(longer))
    assert mask.dtype == bool and mask.shape == found.shape[:2] == (5, -(-(24 + more) // 4))
    for row, length in enumerate(lengths):
        real = -(-length // 4)
        assert mask[row].tolist() == [True] * real + [False] * (mask.shape[1] - real)
        alone = np.asarray(layer.bottom(x[row : row + 1, :length]))
        np.testing.assert_allclose(found[row, :real], alone[0], atol=1e-5)


def test_silence_in_the_middle_is_no_padding_and_an_empty_row_is() -> None:
    layer, x = modality(), sound(16, 16)
    x[0, 3:12] = 0
    x[1] = 0
    assert np.asarray(layer.mask(x)).tolist() == [[True] * 4, [False] * 4]
    assert np.isfinite(np.asarray(layer.bottom(x))).all()


def test_filters_follow_the_model_unless_given() -> None:
    for d_model, wanted in ((16, 16), (128, 128), (512, 128)):
        assert modality(d_model=d_model).filters == wanted
    assert modality(filters=32).filters == 32
    assert not Modality.autoregressive
    with pytest.raises(ValueError, match="needs a shape"):
        Modality(Feature("audio"), SimpleNamespace(d_model=8))
    with pytest.raises(ValueError, match="0 filters"):
        modality(filters=0)


def test_half_precision_masks_as_single() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = modality(d_model=8)
    finally:
        keras.config.set_dtype_policy(before)
    x = sound(8, 5)
    x[1] *= 1e-6
    assert np.asarray(layer.mask(x)).tolist() == [[True, True], [True, True]]
    assert keras.backend.standardize_dtype(layer.bottom(x).dtype) == "bfloat16"
