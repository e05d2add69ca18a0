"""From what a source says to files on this disk: globs, downloads, checksums."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.catalog import UserError
from components.datagen.sources.download import fetch, sha256_of
from components.datagen.sources.files import Input
from components.datagen.sources.source import Source, is_glob, is_url


def local_files(source: Source, base_dir: Path) -> list[Path]:
    """The local files of a source, globs spelled out, in the order they are read; no downloads.

    Raises UserError that names the closest file if one is missing.
    """
    return [
        file for path in source.paths if not is_url(path) for _, file in _expanded(path, base_dir)
    ]


def locate(
    source: Source,
    *,
    cache_dir: Path,
    report: Callable[[Mapping[str, Any]], None] | None,
    base_dir: Path,
) -> tuple[tuple[Input, ...], ...]:
    """One group of inputs for each entry of `paths`, or for each member of a single archive.

    Fetches what is not here and checks every sha256. Raises UserError if a file is missing, has
    another checksum, cannot be fetched, or if the numbers of paths, members and sha256 disagree.
    """
    if not source.paths:
        raise UserError("a source needs at least one path or address")
    sums = _one_a_path(source, "sha256", source.sha256)
    found = []
    for path, expected in zip(source.paths, sums, strict=True):
        if is_url(path):
            found.append([(path, fetch(path, expected, cache_dir, report))])
            continue
        files = _expanded(path, base_dir)
        if expected:
            _check(path, files, expected)
        found.append(files)
    if len(source.paths) == 1 and len(source.members) > 1:
        return tuple(
            tuple(Input(file, name, member) for name, file in found[0]) for member in source.members
        )
    members = source.members * len(source.paths) if len(source.members) == 1 else source.members
    return tuple(
        tuple(Input(file, name, member) for name, file in files)
        for files, member in zip(found, _one_a_path(source, "members", members), strict=True)
    )


def one_a_column(
    inputs: tuple[tuple[Input, ...], ...], columns: tuple[str, ...], format_name: str
) -> list[tuple[Input, ...]]:
    """The inputs that belong together, [one a column] for each set, in the order of `columns`.

    Raises UserError unless every column has its group and all groups have as many files.
    """
    if len(inputs) != len(columns):
        raise UserError(
            f"{format_name} needs one path (or member of an archive) for each of "
            f"{', '.join(columns)}: {len(columns)}, but there are {len(inputs)}"
        )
    if len({len(group) for group in inputs}) > 1:
        counts = ", ".join(
            f"{len(group)} for {c}" for c, group in zip(columns, inputs, strict=True)
        )
        raise UserError(
            f"{format_name}: every column needs as many files, but there are {counts} "
            f"(the first ones: {', '.join(group[0].name for group in inputs)})"
        )
    return list(zip(*inputs, strict=True))


def _one_a_path(source: Source, name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        return ("",) * len(source.paths)
    if len(values) != len(source.paths):
        raise UserError(
            f"{name}: {len(values)} given for {len(source.paths)} paths "
            f"({', '.join(source.paths)}); expected one each"
        )
    return values


def _expanded(path: str, base_dir: Path) -> list[tuple[str, Path]]:
    """(name for messages, file), sorted by name."""
    file = base_dir / Path(path).expanduser()
    if file.is_file():
        return [(path, file)]
    if file.is_dir():
        raise UserError(f"{path}: is a folder; expected files, e.g. {path.rstrip('/')}/*")
    if not is_glob(path):
        raise UserError(f"{path}: there is no such file; {_nearest(file)}")
    home = Path(path).expanduser()
    names = sorted(glob.glob(str(home), root_dir=base_dir, recursive=True))
    found = [(name, base_dir / name) for name in names if (base_dir / name).is_file()]
    if not found:
        raise UserError(f"{path}: matches no file in {base_dir}")
    return found


def _nearest(file: Path) -> str:
    folder = file.parent
    while not folder.is_dir():
        file, folder = folder, folder.parent
    names = sorted(path.name for path in folder.iterdir())
    longer = [name for name in names if name.startswith(file.name)]  # train.en: train.en.gz
    close = longer or difflib.get_close_matches(file.name, names, n=1, cutoff=0.6)
    missing = f"{folder} has no {file.name!r}"
    return f"{missing}; did you mean {close[0]!r}?" if close else missing


def _check(path: str, files: list[tuple[str, Path]], expected: str) -> None:
    if len(files) > 1:
        raise UserError(
            f"{path}: has a sha256 but matches {len(files)} files; name them one by one"
        )
    seen = sha256_of(files[0][1])
    if seen != expected.lower():
        raise UserError(f"{path}: wrong sha256; expected {expected}, seen {seen}")
