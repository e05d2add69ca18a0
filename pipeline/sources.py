"""`.sources/`: links to every file outside the repository that a stage reads, for DVC to watch.

A local data file or a plugin's file is then part of the grid like any other: when it is edited, the
output of `resolve` has changed, and what depends on it runs again. DVC follows links to files but
not to folders, so folders are linked file by file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from components.datagen.replaced_folder import replaced_folder

FOLDER = ".sources"
PLUGINS = "_plugins"
# Beside the links: their names and folders, because a folder may be a label. DVC warns of folders
# without a file.
CONTENTS = "contents.txt"


def listing(root: Path, paths: Iterable[Path]) -> dict[str, Path]:
    """Link name -> file, for files and whole folders, in a fixed order."""
    files = [file for path in paths for file in _files(root / path)]
    return {f"{index:06d}-{file.name}": file for index, file in enumerate(files)}


def write(root: Path, listings: Mapping[str, Mapping[str, Path]]) -> None:
    """Replaces `.sources/` by one folder a listing, whole or not at all."""
    base = root / FOLDER
    with replaced_folder(base) as partial:
        for name, files in listings.items():
            folder = partial / name
            folder.mkdir()
            home = (base / name).resolve()
            for link, file in files.items():
                (folder / link).symlink_to(os.path.relpath(file.resolve(), home))
            (folder / CONTENTS).write_text(_contents(files), encoding="utf-8")


def as_written(root: Path, listings: Mapping[str, Mapping[str, Path]]) -> bool:
    """Whether `.sources/` links just these files; a new file in a folder makes it differ."""
    base = root / FOLDER
    if not base.is_dir() or {child.name for child in base.iterdir()} != set(listings):
        return False
    return all(
        {link.name: link.resolve() for link in (base / name).iterdir() if link.is_symlink()}
        == {link: file.resolve() for link, file in files.items()}
        for name, files in listings.items()
    )


def folder_size(files: Mapping[str, Path]) -> tuple[int, int]:
    """(files, bytes) of the folder of these links, as DVC counts them."""
    size = sum(file.stat().st_size for file in files.values())
    return len(files) + 1, size + len(_contents(files).encode())


def folder_md5(files: Mapping[str, Path]) -> str:
    """The md5 that DVC gives the folder of these links."""
    digests = {link: _md5(file) for link, file in files.items()}
    digests[CONTENTS] = hashlib.md5(_contents(files).encode()).hexdigest()
    entries = [{"md5": md5, "relpath": link} for link, md5 in sorted(digests.items())]
    return hashlib.md5(json.dumps(entries, sort_keys=True).encode()).hexdigest() + ".dir"


def _contents(files: Mapping[str, Path]) -> str:
    lines = (f"{link} {file.parent.name}\n" for link, file in files.items())
    return "".join(lines) or "no files outside the repository\n"


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())
