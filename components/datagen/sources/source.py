"""Source: where the raw rows of a split come from, as a value.

A reader of a format turns it into Arrow record batches (`read.py`). Standard library only.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from components.catalog import UserError, closest

FORMATS = {
    "parallel_text": "one file a column, line n of each is row n",
    "lines": "one column, one row a line",
    "tsv": "one row a line, fields between tabs, no quoting",
    "csv": "comma-separated with a header; quoted fields may hold commas and line ends",
    "jsonl": "one JSON object a line",
    "parquet": "Apache Parquet",
    "bracketed_trees": "bracketed trees as in the Penn Treebank, each over one or several lines",
    "idx_images": "images and labels in the two files of the MNIST layout",
    "sgm": "WMT test sets, one SGML file a column",
    "folder_images": "PNG, JPEG, ... files; the folder of each is its label",
    "cifar_binary": "CIFAR-10's and CIFAR-100's binary files",
    "coco_captions": "captions in COCO's JSON (or Karpathy's) with the images beside it",
    "captioned_images": "JSON lines that name an image and a sentence, with the images in an archive",
    "tagged_trees": "bracketed trees, read for the tags of their words",
    "audio_files": "WAV or FLAC files; folder or file name tell the label",
    "audio_table": "a TSV that names WAV or FLAC files and their texts",
    "librispeech": "LibriSpeech's folders or archives: FLAC files and transcripts",
    "conllu": "CoNLL-U, or CoNLL-2003's columns: words with their tags",
    "squad": "SQuAD's JSON, 1.1 or 2.0",
    "sentiment_trees": "the Stanford Sentiment Treebank, one labelled tree a line",
    "sentiment_phrases": "the same trees, a row for every labelled phrase",
}
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
RECORDINGS = (".wav", ".flac")
# Formats whose files may name others, in or below their folder: the endings of these.
BESIDE = {
    "audio_table": RECORDINGS,
    "librispeech": RECORDINGS,
    "coco_captions": IMAGES,
    "captioned_images": IMAGES,
}
COMPRESSIONS = (".gz", ".bz2", ".xz")
ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz")
SUFFIXES = {
    ".tsv": "tsv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".mrg": "bracketed_trees",
    ".ptb": "bracketed_trees",
    ".trees": "bracketed_trees",
    ".sgm": "sgm",
    ".sgml": "sgm",
    ".txt": "lines",
    ".conllu": "conllu",
    ".conll": "conllu",
}


@dataclass(frozen=True)
class Source:
    """Files of one format whose rows belong together.

    paths: local paths, globs (`data/train.*.tsv`) or http(s) addresses. Formats with one file a
        column (parallel_text, sgm, idx_images) take one entry a column, in the task's order; the
        others read all files one after the other. Files may be .gz, .bz2, .xz, .zip or .tar(.*).
    format: a name of `FORMATS`.
    columns: {the task's column: its name in the file}. TSV and CSV also take a position counted
        from 1, and JSONL a path such as `translation.en`. Empty: the names are the task's own.
    sha256: of the file as stored, one an entry of `paths`; "" or nothing = not checked.
    members: which files of an archive, by name or glob (`*` matches `/` too). One for all entries
        of `paths`, one an entry, or, with a single archive, one a column.
    encoding: of text files; UTF-8 may begin with a byte order mark.
    """

    paths: tuple[str, ...]
    format: str
    columns: Mapping[str, str | int] = field(default_factory=dict)
    sha256: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    encoding: str = "utf-8"


def is_url(path: str) -> bool:
    """True for http and https addresses."""
    return path.lower().startswith(("http://", "https://"))


def is_glob(path: str) -> bool:
    """True if the path or member name has wild cards."""
    return any(letter in path for letter in "*?[")


def check_format(name: str) -> None:
    """Raises UserError that names the closest format if there is none of that name."""
    if name not in FORMATS:
        raise UserError(f"there is no format {name!r} for data files; {closest(name, FORMATS)}")


def format_of(paths: Sequence[str]) -> str:
    """The format that file names tell: `train.tsv.gz` is tsv, two unknown endings parallel text.

    Raises UserError if the names tell nothing.
    """
    found = {_told(path) for path in paths}
    if found <= {"", "lines"} and len(paths) > 1:
        return "parallel_text"
    if len(found) == 1 and "" not in found:
        return found.pop()
    raise UserError(
        f"{', '.join(paths)}: the names do not tell the format; write format: and one of "
        f"{', '.join(FORMATS)}"
    )


def _told(path: str) -> str:
    suffixes = PurePosixPath(path).suffixes
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    if fnmatch.fnmatch(path, "*-ubyte*") or fnmatch.fnmatch(path, "*.idx[13]*"):
        return "idx_images"
    return SUFFIXES.get(suffixes[-1].lower(), "") if suffixes else ""
