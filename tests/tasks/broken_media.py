"""Broken raw files of the tasks that read pictures and sound."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from tests.tasks.broken import case, cut, replaced
from tests.tasks.raw import SIZES, Settings, files, wav

# Captions.


@case(
    "captioning",
    "captions_train.json, images[3]: there is no file 'train3.gif' in ",
    "mean 'train3.",
)
def a_caption_of_a_missing_image(raw: Path, settings: Settings) -> None:
    path = raw / "captions_train.json"
    path.write_text(path.read_text().replace("train3.png", "train3.gif"))


@case("captioning", "captions_dev.json, annotations[2]: image_id 99 is the id of no image")
def a_caption_of_no_image(raw: Path, settings: Settings) -> None:
    path = raw / "captions_dev.json"
    data = json.loads(path.read_text())
    data["annotations"][2]["image_id"] = 99
    path.write_text(json.dumps(data))


@case(
    "captioning", "captions_train.json, images[6]: train6.jpg: ", " bytes that begin ", "truncated"
)
def an_image_cut_after_others_with_two_captions(raw: Path, settings: Settings) -> None:
    path = raw / "captions_train.json"
    path.write_text(path.read_text().replace("train6.png", "train6.jpg"))
    (raw / "train6.jpg").write_bytes(jpeg())
    cut(raw / "train6.jpg")


# Pictures.


def relabelled(raw: Path, settings: Settings) -> None:
    """Another folder, and so another class, in dev."""
    (raw / "dev" / "yes").rename(raw / "dev" / "yess")


def jpeg() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG")
    return out.getvalue()


@case("image_classification", "raw/train/no/6.jpg: ", " bytes that begin ", "truncated")
@case("image_generation", "raw/train/no/6.jpg: ", " bytes that begin ", "truncated")
@case("class_image_generation", "raw/train/no/6.jpg: ", " bytes that begin ", "truncated")
def a_jpeg_cut(raw: Path, settings: Settings) -> Settings:
    found = files(raw, lambda random, label: jpeg(), "jpg")
    cut(raw / "train" / "no" / "6.jpg")
    return {**settings, **found}


@case(
    "image_classification", "raw/dev/yes/3.png: not an image that can be read", "begins b'<html>'"
)
def an_image_that_is_text(raw: Path, settings: Settings) -> None:
    (raw / "dev" / "yes" / "3.png").write_text("<html>")


@case(
    "image_classification", "raw/dev/yess/1.png: label 'yess' of dev does not", "did you mean 'yes'"
)
@case("class_image_generation", "raw/dev/yess/1.png: label 'yess' of dev does not occur in train")
def a_folder_that_train_lacks(raw: Path, settings: Settings) -> None:
    relabelled(raw, settings)


@case(
    "image_classification", "raw/train/no/0.png: an image of ", "; expected 192", "`encoded: true`"
)
def files_that_are_not_said_to_be_encoded(raw: Path, settings: Settings) -> Settings:
    return {**settings, "encoded": False}


@case("image_classification", "train-images-idx3-ubyte, image 1: an image of 16 bytes; expected 64")
def an_image_of_another_size(raw: Path, settings: Settings) -> Settings:
    found: Settings = {"format": "idx_images", "image_shape": [8, 8, 1], "patch": 4}
    for split in SIZES:
        images, labels = raw / f"{split}-images-idx3-ubyte", raw / f"{split}-labels-idx1-ubyte"
        images.write_bytes(struct.pack(">4B3i", 0, 0, 8, 3, 2, 4, 4) + bytes(32))
        labels.write_bytes(struct.pack(">4Bi", 0, 0, 8, 1, 2) + bytes(2))
        found[split] = {"image": str(images), "label": str(labels)}
    return found


# Sound.


@case(
    "audio_classification",
    "raw/train/yes/7.wav: the WAV file is cut short: its chunk b'data' should",
)
def a_recording_cut(raw: Path, settings: Settings) -> None:
    cut(raw / "train" / "yes" / "7.wav")


@case(
    "audio_classification",
    "raw/dev/no/4.wav: a recording of 16000 Hz; expected 8000 (say `sample_rate",
)
def a_recording_of_another_rate(raw: Path, settings: Settings) -> None:
    (raw / "dev" / "no" / "4.wav").write_bytes(wav(Random(1), 440, rate=16000))


@case("audio_classification", "raw/train/no/2.wav: a recording of 10 ms is too short")
def a_recording_too_short(raw: Path, settings: Settings) -> None:
    path = raw / "train" / "no" / "2.wav"
    data = bytearray(path.read_bytes()[: 44 + 160])
    data[40:44] = struct.pack("<I", 160)
    path.write_bytes(bytes(data))


@case("audio_classification", "raw/train/no/2.wav: neither WAV nor FLAC; it begins b'a text'")
def a_recording_that_is_text(raw: Path, settings: Settings) -> None:
    (raw / "train" / "no" / "2.wav").write_text("a text")


@case("audio_classification", "raw/dev/yess/1.wav: label 'yess' of dev does not occur in train")
def a_class_that_train_lacks(raw: Path, settings: Settings) -> None:
    relabelled(raw, settings)


@case("speech_recognition", "train.tsv, line 3: train1.wav: a recording of 11025 Hz; expected 8000")
def a_clip_of_another_rate(raw: Path, settings: Settings) -> None:
    (raw / "train1.wav").write_bytes(wav(Random(1), 440, rate=11025))


@case(
    "speech_recognition",
    "dev.tsv, line 4: there is no file 'dev22.wav' in ",
    "did you mean 'dev2.wav'",
)
def a_clip_that_is_missing(raw: Path, settings: Settings) -> None:
    replaced(raw / "dev.tsv", 4, "dev22.wav\tshe sleeps")


@case("speech_recognition", "dev.tsv, line 1: no column 'text'; did you mean 'txt'?")
def a_column_of_the_table_misspelt(raw: Path, settings: Settings) -> None:
    replaced(raw / "dev.tsv", 1, "audio\ttxt")
