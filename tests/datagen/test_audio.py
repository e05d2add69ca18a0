"""Audio against the wave module, SciPy's reader, and values that librosa and torchaudio give."""

from __future__ import annotations

import io
import struct
import wave
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

from components.datagen import audio
from components.datagen.audio import LogMel, log_mel, read_wav, resample

SETTINGS: dict[str, dict[str, Any]] = {
    "tensor2tensor": {
        "sample_rate": 16_000,
        "n_fft": 512,
        "win_length": 400,
        "hop_length": 160,
        "n_mels": 80,
        "f_min": 20.0,
        "f_max": 8_000.0,
        "pre_emphasis": 0.97,
        "log_floor": 1e-3,
        "power": 1.0,
        "mel": "htk",
        "norm": None,
        "center": False,
    },
    "whisper": {
        "sample_rate": 16_000,
        "n_fft": 400,
        "win_length": 400,
        "hop_length": 160,
        "n_mels": 80,
        "f_min": 0.0,
        "f_max": 8_000.0,
        "pre_emphasis": 0.0,
        "log_floor": 1e-10,
        "power": 2.0,
        "mel": "slaney",
        "norm": "slaney",
        "center": True,
    },
}


def sound(rate: int) -> np.ndarray:
    """A second of four tones and a chirp that folds over all frequencies."""
    t = np.arange(rate) / rate
    tones = ((220, 0.0, 0.3), (445, 0.5, 0.2), (1310, 1.0, 0.1), (3100, 2.0, 0.05))
    x = sum(np.sin(2 * np.pi * f * t + phase) * a for f, phase, a in tones)
    return (x + 0.05 * np.cos(np.arange(rate) ** 2 * 0.37)).astype(np.float32)


# librosa 0.11.0, feature.melspectrogram (pad_mode "reflect") and a natural logarithm: the first three
# frames by the first four channels, and the mean over all. torchaudio 2.11.0 gives the same to 1e-4.
LIBROSA: dict[str, tuple[list[list[float]], float]] = {
    "tensor2tensor": (
        [
            [-5.23512, -5.09393, -4.52228, -3.02747],
            [-5.00628, -5.05635, -3.90625, -2.7183],
            [-5.31925, -5.14515, -4.61288, -3.09366],
        ],
        -0.27743,
    ),
    "whisper": (
        [
            [0.99347, 1.17291, 1.48704, 2.34624],
            [-3.94949, -3.64504, -3.42531, -0.78723],
            [-6.85106, -8.42923, -4.46192, -0.55758],
        ],
        -4.74073,
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_log_mel_gives_the_values_of_librosa(name: str) -> None:
    settings = dict(SETTINGS[name])
    rate = settings.pop("sample_rate")
    found = log_mel(sound(rate), rate, **settings)
    corner, mean = LIBROSA[name]
    np.testing.assert_allclose(found[:3, :4], corner, atol=1e-4)
    assert found.dtype == np.float32 and abs(found.mean() - mean) < 1e-4


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("center", [False, True])
def test_log_mel_equals_librosa_and_torchaudio(name: str, center: bool) -> None:
    librosa = pytest.importorskip("librosa")
    torchaudio = pytest.importorskip("torchaudio")
    torch = pytest.importorskip("torch")
    s = {**SETTINGS[name], "center": center}
    rate = s.pop("sample_rate")
    x = sound(rate)
    found = log_mel(x, rate, **s)
    if s["pre_emphasis"]:
        tensor = torch.from_numpy(x)
        x = torchaudio.functional.preemphasis(tensor, s["pre_emphasis"]).numpy()
    shared = {
        key: s[key] for key in ("n_fft", "win_length", "hop_length", "n_mels", "power", "norm")
    }
    theirs = librosa.feature.melspectrogram(
        y=x,
        sr=rate,
        fmin=s["f_min"],
        fmax=s["f_max"],
        htk=s["mel"] == "htk",
        center=center,
        pad_mode="reflect",
        **shared,
    )
    np.testing.assert_allclose(found, np.log(np.maximum(theirs, s["log_floor"])).T, atol=1e-4)
    transform = torchaudio.transforms.MelSpectrogram(
        sample_rate=rate,
        f_min=s["f_min"],
        f_max=s["f_max"],
        mel_scale=s["mel"],
        center=center,
        **shared,
    )
    theirs = transform(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, np.log(np.maximum(theirs, s["log_floor"])).T, atol=2e-4)


@pytest.mark.parametrize("n_fft", [400, 512])
def test_log_mel_equals_the_formula_with_a_plain_fourier_sum(n_fft: int) -> None:
    rate, hop, win = 8_000, 160, 400
    x = sound(rate).astype(np.float64)
    emphasised = np.array([x[0], *(x[t] - 0.97 * x[t - 1] for t in range(1, len(x)))])
    before = (n_fft - win) // 2
    window = np.zeros(n_fft)
    window[before : before + win] = [0.5 - 0.5 * np.cos(2 * np.pi * i / win) for i in range(win)]
    waves = np.exp(-2j * np.pi * np.outer(np.arange(n_fft // 2 + 1), np.arange(n_fft)) / n_fft)
    count = 1 + (rate - n_fft) // hop
    spectrum = np.array(
        [np.abs(waves @ (emphasised[i * hop : i * hop + n_fft] * window)) for i in range(count)]
    )
    bank = audio.mel_filters(rate, n_fft, 20, 20.0, 4_000.0)
    settings = {"n_fft": n_fft, "win_length": win, "hop_length": hop, "n_mels": 20}
    found = log_mel(sound(rate), rate, f_min=20.0, f_max=4_000.0, **settings)
    np.testing.assert_allclose(found, np.log(np.maximum(spectrum @ bank, 1e-3)), atol=1e-4)


def test_default_settings_are_those_of_tensor2tensor() -> None:
    settings = dict(SETTINGS["tensor2tensor"])
    rate = settings.pop("sample_rate")
    plain = log_mel(sound(rate), rate, **settings)
    np.testing.assert_array_equal(LogMel(normalize=False).features(sound(rate), rate), plain)
    found = LogMel().features(sound(rate), rate)
    np.testing.assert_allclose(found, (plain - plain.mean(0)) / plain.std(0), atol=1e-4)
    slow = LogMel(sample_rate=8_000)
    assert (slow.win_length, slow.hop_length, slow.n_fft) == (200, 80, 256)
    assert slow.features(sound(rate), rate).shape == (slow.frames(len(sound(rate)), rate), 80)


@pytest.mark.parametrize("center", [False, True])
def test_frames_are_counted_without_computing(center: bool) -> None:
    settings = LogMel(sample_rate=8_000, n_mels=8, center=center)
    for samples in (0, 1, 2, 79, 80, 255, 256, 335, 336, 1_000, 50_000):
        found = settings.features(np.ones(samples, np.float32), 8_000)
        assert found.shape == (settings.frames(samples, 8_000), 8), samples


def test_no_frame_is_all_zeros() -> None:
    assert LogMel().features(np.zeros(4_000, np.float32), 16_000).any(axis=1).all()
    assert LogMel().features(sound(16_000)[:512], 16_000).shape == (1, 80)
    assert LogMel().features(sound(16_000)[:512], 16_000).any()


def pcm(samples: np.ndarray, width: int, rate: int = 8_000) -> bytes:
    """Integers [n, channels] as a WAV file, written by the standard library."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(samples.shape[1])
        writer.setsampwidth(width)
        writer.setframerate(rate)
        offset = 128 if width == 1 else 0
        signed = offset == 0
        raw = b"".join(
            int(v + offset).to_bytes(width, "little", signed=signed) for v in samples.ravel()
        )
        writer.writeframes(raw)
    return file.getvalue()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_integers_are_shares_of_full_scale(width: int, channels: int) -> None:
    full = 2 ** (8 * width - 1)
    values = np.random.default_rng(width).integers(-full, full, (50, channels))
    values[:2] = [[-full], [full - 1]]
    found, rate = read_wav(pcm(values, width, 11_025))
    assert rate == 11_025 and found.dtype == np.float32 and found.min() >= -1 and found.max() <= 1
    np.testing.assert_allclose(found, (values / full).mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_files_of_scipy_are_read(kind: Any) -> None:
    rng = np.random.default_rng(0)
    values: np.ndarray = rng.uniform(-1, 1, (40, 2))
    if np.issubdtype(kind, np.integer):
        info = np.iinfo(kind)
        values = rng.integers(info.min, info.max, (40, 2))
    file = io.BytesIO()
    wavfile.write(file, 16_000, values.astype(kind))
    _, theirs = wavfile.read(io.BytesIO(file.getvalue()))
    wide = theirs.astype(np.float64)
    scale = {np.uint8: (128, 128), np.int16: (0, 2**15), np.int32: (0, 2**31)}.get(kind, (0, 1))
    found, _ = read_wav(file.getvalue())
    np.testing.assert_allclose(found, ((wide - scale[0]) / scale[1]).mean(axis=1), atol=1e-6)


def test_extensible_and_streamed_files_are_read() -> None:
    raw = np.array([0, 16_384, -32_768], "<i2").tobytes()
    form = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 8_000, 16_000, 2, 16, 22, 16, 4, 1, b"")
    other = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + other
    data = b"RIFF" + struct.pack("<I", 0) + body + b"data" + struct.pack("<I", 0xFFFFFFFF) + raw
    np.testing.assert_array_equal(read_wav(data)[0], [0, 0.5, -1])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "expected a WAV .* found the bytes b''"),
        (b"ID3\x04 this is an mp3", "found the bytes b'ID3"),
        (pcm(np.zeros((50, 1), int), 2)[:-9], "cut short.*100 bytes, 91 are there"),
        (pcm(np.zeros((50, 1), int), 2)[:30], "cut short.*b'fmt '.*16 bytes"),
        (pcm(np.zeros((5, 1), int), 2).replace(b"data", b"junk"), "lacks a format or samples"),
        (
            pcm(np.zeros((5, 1), int), 2).replace(b"\x10\0\0\0\x01\0", b"\x10\0\0\0\x11\0"),
            "format 0x11 with 16 bits; this reads PCM",
        ),
    ],
)
def test_what_is_no_wav_is_named(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_wav(data)


def test_flac_equals_wav() -> None:
    import soundfile

    values = np.random.default_rng(1).integers(-(2**15), 2**15, (900, 2)).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, values, 16_000, format="FLAC", subtype="PCM_16")
    found, rate = read_wav(file.getvalue())
    np.testing.assert_allclose(found, read_wav(pcm(values.astype(int), 2))[0], atol=1e-6)
    assert rate == 16_000
    with pytest.raises(ValueError, match="the FLAC file cannot be read"):
        read_wav(b"fLaC" + bytes(50))


def test_resampling_keeps_a_tone() -> None:
    def tone(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)

    found = resample(tone(44_100), 44_100, 16_000)
    assert len(found) == 16_000 and found.dtype == np.float32
    np.testing.assert_allclose(found[200:-200], tone(16_000)[200:-200], atol=5e-3)
    assert resample(found, 16_000, 16_000) is found


def test_settings_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match="f_max 9000.0 Hz: .* <= 4000.0, half the sample rate"):
        audio.mel_filters(8_000, 256, 80, 20.0, 9_000.0)
    with pytest.raises(ValueError, match="mel 'bark'"):
        audio.mel_filters(8_000, 256, 80, 20.0, 4_000.0, "bark")
    with pytest.raises(ValueError, match="win_length 300, n_fft 256"):
        log_mel(
            np.zeros(900),
            8_000,
            n_fft=256,
            win_length=300,
            hop_length=80,
            n_mels=8,
            f_min=0,
            f_max=4e3,
        )
