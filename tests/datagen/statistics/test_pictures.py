"""Images, sounds and trees as drawn: against Pillow, SciPy and the order of the words."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from components.catalog import UserError
from components.datagen import trees
from components.datagen.statistics import media, pictures
from components.datagen.statistics.tree_picture import GAP, LETTER, layout, tree_picture
from components.theme import DARK, LIGHT

PNG = b"\x89PNG"


def wav(sound: np.ndarray, rate: int, width: int = 2, channels: int = 1) -> bytes:
    """sound: float in [-1, 1), interleaved where there are several channels."""
    whole = np.round(sound * 2 ** (8 * width - 1)).astype(np.int64)
    whole += 128 if width == 1 else 0
    data = b"".join(int(one).to_bytes(width, "little", signed=width > 1) for one in whole)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return buffer.getvalue()


def test_the_spectrogram_is_scipys() -> None:
    signal = pytest.importorskip("scipy.signal")
    rate = 8000
    sound = np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    sound += 0.1 * np.random.default_rng(0).normal(size=rate)
    found = media.spectrogram(sound, rate)
    size, hop = 200, 80
    _, _, power = signal.spectrogram(
        sound, rate, "hann", size, size - hop, detrend=False, mode="complex"
    )
    power = np.abs(power) ** 2
    expected = 10 * np.log10(np.maximum(power / power.max(), 1e-8))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (found.argmax(axis=0) == 25).all()  # 1,000 Hz in steps of 40
    assert (media.spectrogram(np.zeros(10), rate) == -media.RANGE).all()


def test_pixels_raw_and_encoded() -> None:
    image = pytest.importorskip("PIL.Image")
    raw = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    np.testing.assert_array_equal(media.pixels(raw.tobytes(), (2, 4, 3)), raw)
    grey = media.pixels(bytes(range(8)), (2, 4, 1))
    np.testing.assert_array_equal(grey[..., 2], np.arange(8).reshape(2, 4))
    buffer = io.BytesIO()
    image.fromarray(raw).save(buffer, "PNG")
    np.testing.assert_array_equal(media.pixels(buffer.getvalue(), (2, 4, 3), encoded=True), raw)
    assert media.fitted(raw, 8).shape == (4, 8, 3)
    np.testing.assert_array_equal(media.fitted(raw, 8)[::2, ::2], raw)
    assert media.fitted(np.zeros((500, 2, 3), np.uint8), 50).shape == (50, 1, 3)
    with pytest.raises(UserError, match="cannot be drawn: .* no image that can be read"):
        media.pixels(buffer.getvalue()[:50], (2, 4, 3), encoded=True)


def test_bytes_that_are_no_image_or_sound() -> None:
    with pytest.raises(UserError, match=r"of 3 bytes; expected 8 \(height x width x channels"):
        media.pixels(b"abc", (2, 4, 1))
    with pytest.raises(UserError, match="cannot be drawn"):
        media.pixels(b"abc", (2, 4, 1), encoded=True)
    with pytest.raises(UserError, match="expected a WAV .RIFF. or FLAC file"):
        media.samples(b"abc")


def test_words_of_a_drawn_tree_stand_in_order_without_touching() -> None:
    tree = trees.parse("(S (NP (DT The) (NN cat)) (VP (VBD sat) (PP (IN on) (NP (NN mats)))))")
    drawn = layout(tree)
    words = [(node.word, x) for node, (x, _), _ in drawn if node.word is not None]
    assert [word for word, _ in words] == ["The", "cat", "sat", "on", "mats"]
    for (left, x), (right, y) in zip(words, words[1:], strict=False):
        assert y - x >= LETTER * (len(left) + len(right)) / 2 + GAP - 1e-9
    places = {id(node): place for node, place, _ in drawn}
    for node, (x, level), parent in drawn:
        if node.children:
            first, last = (places[id(node.children[end])] for end in (0, -1))
            assert x == pytest.approx((first[0] + last[0]) / 2)
            assert first[1] == level + 1
        assert (parent is None) == (node is tree)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_pictures_are_the_same_bytes_each_time(theme) -> None:
    image = np.zeros((3, 5, 3), np.uint8)
    sound = wav(np.zeros(400), 8000)
    for draw in (
        lambda: pictures.label_balance([("a $x$ $", {"train": 0.5}), ("b", {"dev": 1})], theme),
        lambda: pictures.contact_sheet([image] * 9, ["caption"] * 9, theme),
        lambda: pictures.spectrograms([sound], ["a b"], theme),
        lambda: tree_picture(trees.parse("(S (XX a) (NP (XX b)))"), theme),
    ):
        first = draw()
        assert first.startswith(PNG)
        assert b"Software" not in first
        assert draw() == first
