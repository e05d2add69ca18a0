"""What DVC has recorded: dvc.lock, its cache and its run-cache, read without importing DVC."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components.catalog import UserError

FILE = "dvc.lock"
CACHE = Path(".dvc", "cache")


@dataclass(frozen=True)
class Stage:
    """One entry of dvc.lock."""

    entry: Mapping[str, Any]

    @property
    def digest(self) -> Any:
        """The digest that the stage last ran with: the only parameter it has."""
        for values in self.entry.get("params", {}).values():
            return next(iter(values.values()), None)
        return None

    def dep(self, path: str) -> Mapping[str, Any]:
        """A dependency's record (md5, size, nfiles); {} if there is none."""
        return _by_path(self.entry.get("deps", ()), path)

    def out(self, path: str) -> Mapping[str, Any]:
        """An output's record; {} if there is none."""
        return _by_path(self.entry.get("outs", ()), path)

    @property
    def outs(self) -> tuple[str, ...]:
        """The paths of its outputs."""
        return tuple(out["path"] for out in self.entry.get("outs", ()))


class Lock:
    """dvc.lock and the cache beside it, under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stages = {name: Stage(entry) for name, entry in _stages(root / FILE).items()}

    def stage(self, name: str) -> Stage | None:
        """The record of a stage; None if it never ran."""
        return self.stages.get(name)

    def at_hand(self, stage: Stage) -> bool:
        """Whether every output is in its place or in the cache."""
        return all(
            (self.root / out["path"]).exists() or self._cached(out["md5"])
            for out in stage.entry.get("outs", ())
        )

    def file_md5(self, path: str, inside: str) -> str | None:
        """md5 of the file `inside` an output folder `path` as recorded: of the one in its place,
        else of the one that the cache's list of the folder names. None if there is neither."""
        file = self.root / path / inside
        if file.is_file():
            return _md5(file, file.stat().st_mtime_ns)
        for stage in self.stages.values():
            md5 = stage.out(path).get("md5", "")
            listing = self.root / CACHE / "files" / "md5" / md5[:2] / md5[2:]
            if md5.endswith(".dir") and listing.is_file():
                entries = json.loads(listing.read_bytes())
                return next((one["md5"] for one in entries if one["relpath"] == inside), None)
        return None

    def kept_run(
        self,
        command: str,
        deps: Mapping[str, str],
        params: Mapping[str, Mapping[str, Any]],
        outs: list[str],
    ) -> Stage | None:
        """The run of this command that DVC has kept, of several the newest, as DVC takes it.

        deps: path -> md5. params: file -> name -> value. outs: paths.
        """
        listed = [{"path": path, "hash": "md5", "md5": md5} for path, md5 in sorted(deps.items())]
        key = {
            "cmd": command,
            "deps": listed,
            "params": {file: dict(values) for file, values in params.items()},
        }
        text = json.dumps({**key, "outs": sorted(outs)}, sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()
        kept = (self.root / CACHE / "runs" / name[:2] / name).glob("*")
        newest = max(kept, key=lambda file: file.stat().st_mtime, default=None)
        return None if newest is None else _kept_stage(newest)

    def _cached(self, md5: str) -> bool:
        return (self.root / CACHE / "files" / "md5" / md5[:2] / md5[2:]).exists()


def _stages(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        raw = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{FILE}:{mark.line + 1}" if mark else FILE
        raise _damaged(f"{where}: not YAML (a merge conflict?)") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("stages") or {}, dict):
        raise _damaged(f"{FILE}: expected a section `stages:` as DVC writes it")
    return raw.get("stages") or {}


def _kept_stage(file: Path) -> Stage | None:
    try:
        entry = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None  # DVC throws such a file away
    return Stage(entry) if isinstance(entry, dict) else None


def _damaged(what: str) -> UserError:
    return UserError(
        f"{what}; take one side's (`git checkout --ours {FILE}`) or delete the file: `dvc repro` "
        "restores from its cache what has run"
    )


@cache
def _md5(file: Path, _modified: int) -> str:
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def _by_path(items: Any, path: str) -> Mapping[str, Any]:
    return next((item for item in items if item["path"] == path), {})
