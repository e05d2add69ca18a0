"""Sound to features: WAV bytes to samples to log mel frames, as librosa and torchaudio compute them.

    y[t] = x[t] - p x[t-1]                                   pre-emphasis, y[0] = x[0]
    S[i, k] = |FFT(hann * y[i hop : i hop + n_fft])|^power
    features[i, m] = log(max(sum_k S[i, k] mel[k, m], floor))

The default settings are Tensor2Tensor's for speech: 25 ms Hann windows each 10 ms, magnitudes, 80
mel channels from 20 Hz to 8 kHz, floor 1e-3, each channel normalised over the utterance.
Deviations from Tensor2Tensor: no dither, no deltas, no 250 leading zero frames; the triangles of the
mel channels are linear in hertz, as in librosa; a window stands in the middle of its n_fft samples.
References: Davis & Mermelstein 1980; Slaney, Auditory Toolbox, 1998; McFee et al. 2015 (librosa).
"""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
BLOCK = 512  # frames transformed at once: what fits into a core's cache
REAL = 1e-6  # stands in a frame that would be all zeros, which means padding to a model


@dataclass(frozen=True)
class LogMel:
    """A log-mel spectrogram; the defaults are Tensor2Tensor's.

    sample_rate in Hz, window_ms and hop_ms in milliseconds, f_min and f_max in Hz; f_max is lowered
    to half the sample rate. normalize: each channel gets mean 0 and variance 1 over the utterance.
    The rest as in `log_mel`.
    """

    sample_rate: int = 16_000
    window_ms: float = 25.0
    hop_ms: float = 10.0
    n_mels: int = 80
    f_min: float = 20.0
    f_max: float = 8_000.0
    pre_emphasis: float = 0.97
    log_floor: float = 1e-3
    power: float = 1.0
    mel: str = "htk"
    norm: str | None = None
    center: bool = False
    normalize: bool = True

    @property
    def win_length(self) -> int:
        """Samples of a window."""
        return round(self.sample_rate * self.window_ms / 1000)

    @property
    def hop_length(self) -> int:
        """Samples from one window to the next."""
        return round(self.sample_rate * self.hop_ms / 1000)

    @property
    def n_fft(self) -> int:
        """The power of two that holds a window."""
        return 1 << (self.win_length - 1).bit_length()

    @property
    def channels(self) -> int:
        """Values of a frame."""
        return self.n_mels

    def frames(self, n_samples: int, rate: int) -> int:
        """Frames that `features` makes of `n_samples` samples at `rate` Hz, which are not looked at."""
        resampled = -(-n_samples * self.sample_rate // rate)
        return _count(resampled, self.n_fft, self.hop_length, self.center)

    def features(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """Samples at `rate` Hz -> float32 [frames, n_mels], what a model of sound reads.

        No frame is all zeros, since that means padding to a model.
        """
        x = log_mel(
            resample(samples, rate, self.sample_rate),
            self.sample_rate,
            n_fft=self.n_fft,
            win_length=self.win_length,
            hop_length=self.hop_length,
            n_mels=self.n_mels,
            f_min=self.f_min,
            f_max=min(self.f_max, self.sample_rate / 2),
            pre_emphasis=self.pre_emphasis,
            log_floor=self.log_floor,
            power=self.power,
            mel=self.mel,
            norm=self.norm,
            center=self.center,
        )
        if self.normalize and len(x):
            x = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-9)
        x[~x.any(axis=1)] = REAL
        return x


def read_wav(data: bytes) -> tuple[np.ndarray, int]:
    """The bytes of a WAV or FLAC file as (samples, sample rate in Hz).

    samples: float32 [n] in [-1, 1], the mean of the channels. WAV holds PCM of 8, 16, 24 or 32 bits
    or IEEE floats of 32 or 64 bits (which are not cut to [-1, 1]).

    Raises ValueError for anything else.
    """
    if data[:4] == b"fLaC":
        return _read_flac(data)
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"expected a WAV (RIFF) or FLAC file, found the bytes {data[:12]!r}")
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data) and b"data" not in chunks:
        name, size = struct.unpack_from("<4sI", data, at)
        chunks[name] = data[at + 8 : at + 8 + size]
        # A writer into a pipe cannot know the size and says the largest.
        if len(chunks[name]) < size and (name != b"data" or size < 0xFFFFFF00):
            raise ValueError(
                f"the WAV file is cut short: its chunk {name!r} should have {size} bytes, "
                f"{len(chunks[name])} are there"
            )
        at += 8 + size + size % 2
    if len(chunks.get(b"fmt ", b"")) < 16 or b"data" not in chunks:
        raise ValueError(f"the WAV file lacks a format or samples; its chunks: {sorted(chunks)}")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    if kind == EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        kind = struct.unpack_from("<H", chunks[b"fmt "], 24)[0]
    if channels == 0 or rate == 0:
        raise ValueError(f"the WAV file says {channels} channels and {rate} Hz")
    whole = len(chunks[b"data"]) // (channels * max(bits // 8, 1)) * channels * max(bits // 8, 1)
    samples = _samples(chunks[b"data"][:whole], kind, bits).reshape(-1, channels)
    return samples.mean(axis=1, dtype=np.float32), rate


def _samples(raw: bytes, kind: int, bits: int) -> np.ndarray:
    if kind == FLOAT and bits in (32, 64):
        return np.frombuffer(raw, f"<f{bits // 8}").astype(np.float32)
    if kind == PCM and bits == 8:  # the only width without a sign
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    if kind == PCM and bits == 24:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    if kind == PCM and bits in (16, 32):
        return (np.frombuffer(raw, f"<i{bits // 8}") / 2.0 ** (bits - 1)).astype(np.float32)
    raise ValueError(
        f"a WAV file of format {kind:#x} with {bits} bits; this reads PCM (0x1) of 8, 16, 24 or 32 "
        "bits and floats (0x3) of 32 or 64"
    )


def _read_flac(data: bytes) -> tuple[np.ndarray, int]:
    import soundfile

    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"the FLAC file cannot be read: {error}") from error
    return samples.mean(axis=1, dtype=np.float32), int(rate)


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """float32 [n] at `rate` Hz -> float32 [ceil(n wanted / rate)] at `wanted` Hz (polyphase)."""
    if rate == wanted or len(samples) == 0:
        return samples
    from scipy import signal

    common = math.gcd(rate, wanted)
    return signal.resample_poly(samples, wanted // common, rate // common).astype(np.float32)


def _count(n_samples: int, n_fft: int, hop_length: int, center: bool) -> int:
    inside = n_samples + (n_fft // 2 * 2 if center else 0) - n_fft
    return 1 + inside // hop_length if inside >= 0 and n_samples else 0


def log_mel(
    samples: np.ndarray,
    sample_rate: int,
    *,
    n_fft: int,
    win_length: int,
    hop_length: int,
    n_mels: int,
    f_min: float,
    f_max: float,
    pre_emphasis: float = 0.97,
    log_floor: float = 1e-3,
    power: float = 1.0,
    mel: str = "htk",
    norm: str | None = None,
    center: bool = False,
    pad_mode: str = "reflect",
) -> np.ndarray:
    """float [n] -> float32 [frames, n_mels], natural logarithms.

    n_fft, win_length and hop_length in samples, f_min and f_max in Hz; a window stands in the middle
    of n_fft samples. power: 1 magnitudes, 2 energies. mel: "htk" or "slaney" scale. norm: "slaney"
    gives each channel the area 1, None the height 1. center: frame i lies around sample i * hop,
    what lacks at the ends is filled by NumPy's `pad_mode`; otherwise only whole frames are kept, so
    that fewer than n_fft samples give none.

    Raises ValueError if the settings do not fit together.
    """
    if not 0 < win_length <= n_fft or hop_length < 1:
        raise ValueError(f"win_length {win_length}, n_fft {n_fft}, hop_length {hop_length}")
    bank = mel_filters(sample_rate, n_fft, n_mels, f_min, f_max, mel, norm)
    x = np.asarray(samples, np.float32)
    count = _count(len(x), n_fft, hop_length, center)
    out = np.empty((count, n_mels), np.float32)
    if count == 0:
        return out
    if pre_emphasis:
        x = np.concatenate([x[:1], x[1:] - np.float32(pre_emphasis) * x[:-1]])
    if center:
        # One sample has nothing to be reflected about.
        x = np.pad(x, n_fft // 2, mode=pad_mode if len(x) > 1 else "edge")  # type: ignore[call-overload]
    window = _window(win_length, n_fft)
    every = np.lib.stride_tricks.sliding_window_view(x, n_fft)[::hop_length]
    for start in range(0, count, BLOCK):
        spectrum = np.fft.rfft(every[start : start + BLOCK] * window)
        size = np.abs(spectrum) if power != 2 else spectrum.real**2 + spectrum.imag**2
        out[start : start + BLOCK] = (size if power in (1, 2) else size**power) @ bank
    return np.log(np.maximum(out, np.float32(log_floor), out=out), out=out)


@lru_cache(maxsize=16)
def _window(win_length: int, n_fft: int) -> np.ndarray:
    """A periodic Hann window in the middle of n_fft samples."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(win_length) / win_length)
    before = (n_fft - win_length) // 2
    return np.pad(hann, (before, n_fft - win_length - before)).astype(np.float32)


@lru_cache(maxsize=16)
def mel_filters(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    f_min: float,
    f_max: float,
    mel: str = "htk",
    norm: str | None = None,
) -> np.ndarray:
    """The triangles of the mel channels: float32 [n_fft // 2 + 1, n_mels]; see `log_mel`.

    Raises ValueError for frequencies beyond half the sample rate, another scale or another norm.
    """
    if not 0 <= f_min < f_max <= sample_rate / 2:
        raise ValueError(
            f"f_min {f_min} and f_max {f_max} Hz: expected 0 <= f_min < f_max <= {sample_rate / 2}, "
            "half the sample rate"
        )
    if mel not in ("htk", "slaney") or norm not in (None, "slaney"):
        raise ValueError(
            f"mel {mel!r}, norm {norm!r}: expected mel htk or slaney, norm None or slaney"
        )
    limits = np.array([f_min, f_max], np.float64)
    if mel == "htk":
        low, high = 2595 * np.log10(1 + limits / 700)
        edges = 700 * (10 ** (np.linspace(low, high, n_mels + 2) / 2595) - 1)
    else:  # linear to 1 kHz, which is 15 mel, then 27 mel for each factor 6.4
        step = np.log(6.4) / 27
        bent = 15 + np.log(np.maximum(limits, 1000) / 1000) / step
        low, high = np.where(limits < 1000, limits * 3 / 200, bent)
        mels = np.linspace(low, high, n_mels + 2)
        edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))
    hertz = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    rise = (hertz[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - hertz[:, None]) / np.diff(edges)[1:]
    bank = np.maximum(0, np.minimum(rise, fall))
    if norm == "slaney":
        bank *= 2 / (edges[2:] - edges[:-2])
    return bank.astype(np.float32)
