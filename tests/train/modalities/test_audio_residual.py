"""The residual blocks over sound against loops over positions, and against their own padding."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from components.datagen.schema import Feature
from components.train.modalities import audio
from components.train.modalities.audio_residual import Modality
from tests.train.modalities.test_audio import WAVEFORM, sound

D = 12


def modality(
    n_mels: int = 10, blocks: int = 2, d_model: int = D, waveform: bool = False
) -> Modality:
    keras.utils.set_random_seed(1)
    hp = SimpleNamespace(d_model=d_model, audio_blocks=blocks)
    options = WAVEFORM if waveform else {}
    layer = Modality(Feature("audio", shape=(n_mels,), options=options), hp)
    layer.build()
    rng = np.random.default_rng(2)
    for weight in layer.weights:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    return layer


def norm(x: np.ndarray, layer: keras.layers.Layer) -> np.ndarray:
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    return x * np.asarray(layer.gamma) + np.asarray(layer.beta)


def windows(x: np.ndarray, around: float) -> np.ndarray:
    """[T, M, C] to the 3 x 3 values around each, [T, M, 3, 3, C]."""
    padded = np.pad(x, [(1, 1), (1, 1), (0, 0)], constant_values=around)
    t, m, _ = x.shape
    return np.array([[padded[i : i + 3, j : j + 3] for j in range(m)] for i in range(t)])


def reference(layer: Modality, frames: np.ndarray) -> np.ndarray:
    """One utterance without padding, [T, M] -> [ceil(T/4), D]."""
    kernel, bias = (np.asarray(w, np.float64) for w in layer.first.weights)
    values = frames.reshape(-1, 1, 1) if layer.waveform else frames[..., None]
    x = np.einsum("tmijc,ijcd->tmd", windows(values, 0), kernel) + bias
    x = np.maximum(norm(x, layer.first_norm), 0)
    for block in layer.blocks:
        y = x
        for conv, own in zip(block.convs, block.norms, strict=True):
            depthwise, pointwise = (np.asarray(w, np.float64) for w in conv.weights)
            y = np.einsum("tmijc,ijc->tmc", windows(np.maximum(y, 0), 0), depthwise[..., 0])
            y = norm(y @ pointwise[0, 0], own)
        s, f = block.strides
        pooled = windows(y, -np.inf).max((2, 3))[::s, ::f]
        x = pooled + norm(x[::s, ::f] @ np.asarray(block.around.kernel)[0, 0], block.around_norm)
    kernel, bias = (np.asarray(w, np.float64) for w in layer.out.weights)
    return x.reshape(len(x), -1) @ kernel + bias


@pytest.mark.parametrize(("n_mels", "blocks"), [(10, 1), (11, 2), (80, 4)])
@pytest.mark.parametrize("length", [1, 4, 5, 23])
def test_bottom_equals_the_formula(n_mels: int, blocks: int, length: int) -> None:
    layer, x = modality(n_mels, blocks), sound(length, n_mels=n_mels)
    found = np.asarray(layer.bottom(x))
    assert found.shape == (1, -(-length // 4), D)
    np.testing.assert_allclose(found[0], reference(layer, x[0]), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("samples", "blocks"), [(64, 1), (64, 3), (64, 8), (128, 4)])
@pytest.mark.parametrize("length", [1, 5, 9])
def test_samples_in_a_row_are_halved(samples: int, blocks: int, length: int) -> None:
    layer, x = modality(samples, blocks, waveform=True), sound(length, n_mels=samples)
    found = np.asarray(layer.bottom(x))
    assert found.shape == (1, -(-length // 4), D)
    np.testing.assert_allclose(found[0], reference(layer, x[0]), rtol=1e-3, atol=1e-3)
    strides = np.array([block.strides for block in layer.blocks])
    assert np.prod(strides[:-1, 0]) == 4 * samples and (strides[-1] == 1).all()
    assert (strides[:, 1] == 1).all()
    wide = modality(samples, blocks, 512, waveform=True)
    assert min(block.filters for block in wide.blocks) >= 16


@pytest.mark.parametrize("more", [1, 2, 3, 17])
@pytest.mark.parametrize("samples", [0, 64])
def test_padding_changes_nothing(more: int, samples: int) -> None:
    layer = modality(samples or 10, waveform=bool(samples))
    lengths = (21, 22, 23, 24, 1)
    x = sound(*lengths, n_mels=samples or 10)
    longer = np.pad(x, [(0, 0), (0, more), (0, 0)])
    mask, found = np.asarray(layer.mask(longer)), np.asarray(layer.bottom(longer))
    plain = audio.Modality(Feature("audio", shape=x.shape[2:]), SimpleNamespace(d_model=D))
    np.testing.assert_array_equal(mask, plain.mask(longer))
    assert mask.dtype == bool and mask.shape == found.shape[:2] == (5, -(-(24 + more) // 4))
    for row, length in enumerate(lengths):
        alone = np.asarray(layer.bottom(x[row : row + 1, :length]))
        np.testing.assert_allclose(found[row, : alone.shape[1]], alone[0], atol=1e-5)
        assert mask[row].sum() == alone.shape[1]


@pytest.mark.parametrize(
    ("d_model", "blocks", "widths"),
    [
        (512, 4, [32, 64, 128, 256, 512]),
        (64, 4, [32, 64, 64, 64, 64]),
        (512, 8, [2, 4, 8, 16, 32, 64, 128, 256, 512]),
    ],
)
def test_widths_are_the_end_of_the_ladder(d_model: int, blocks: int, widths: list[int]) -> None:
    layer = modality(80, blocks, d_model)
    assert [block.filters for block in layer.blocks] == widths
    strides = [block.strides for block in layer.blocks]
    assert strides == [(2, 2), (2, 2)] + [(1, 2)] * (len(widths) - 2)


def test_an_empty_row_is_finite_and_sound_without_a_shape_is_refused() -> None:
    x = sound(16, 16)
    x[1] = 0
    assert np.isfinite(np.asarray(modality().bottom(x))).all()
    with pytest.raises(ValueError, match="needs a shape"):
        Modality(Feature("audio"), SimpleNamespace(d_model=8, audio_blocks=2))
