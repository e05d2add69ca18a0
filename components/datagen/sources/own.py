"""The file of a problem that reads it itself, by a function of its own."""

from __future__ import annotations

from pathlib import Path

from components.datagen.sources.files import Input
from components.datagen.sources.locate import locate
from components.datagen.sources.source import Source

CACHE = Path(".work/downloads")


def located(path: str, *, sha256: str = "", member: str = "") -> Input:
    """What lies at a path or address, fetched if need be, and which members of it are meant.

    Raises UserError as `locate` does.
    """
    members = (member,) if member else ()
    source = Source((path,), "lines", sha256=(sha256,), members=members)
    ((entry,),) = locate(source, cache_dir=CACHE, report=None, base_dir=Path.cwd())
    return entry
