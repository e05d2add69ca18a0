"""dvc.lock written in a time that does not grow with it: the same bytes as DVC writes.

After every stage DVC parses all of dvc.lock by a YAML library that keeps comments (in Python, 12 k
lines/s) and writes all of it again: a grid of n cells costs n squared. Here the text of the one
entry is exchanged instead; the entry itself is written by DVC's own functions.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipeline.located import Loader
from pipeline.whole_file import write_text

if TYPE_CHECKING:
    from dvc.dvcfile import Lockfile

HEAD = "schema: '2.0'\nstages:\n"
# Entries as DVC writes them: no comment, no other section, nothing but what is indented.
ENTRIES = re.compile(r"(?:  [^\n]*\n)+")
NEXT = re.compile(r"^  [^ \n]", re.MULTILINE)


def exchange(text: str, name: str, entry: str) -> str | None:
    """dvc.lock with the entry of one stage put in, or added at its end.

    entry: its lines as they will stand there, the first one `  <name>:`. None if the file is not in
    the form in which DVC writes it.
    """
    if not text:
        return HEAD + entry
    first = f"  {name}:\n"
    if not (_as_written(text) and entry.startswith(first)):
        return None
    begin, end = _span(text, first)
    return text[:begin] + entry + text[end:]


def recorded(text: str, name: str) -> Mapping[str, Any] | None:
    """The entry of a stage in a text that `exchange` has accepted; None if there is none."""
    begin, end = _span(text, f"  {name}:\n")
    return yaml.load(text[begin:end], Loader=Loader)[name] if begin < end else None


def _as_written(text: str) -> bool:
    """Whether the file has the form that DVC gives it."""
    return text.startswith(HEAD) and bool(ENTRIES.fullmatch(text, len(HEAD)))


def _span(text: str, first: str) -> tuple[int, int]:
    """Where an entry begins and ends; the end of the text, twice, if there is none."""
    begin = text.find("\n" + first) + 1
    if not begin:
        return len(text), len(text)
    after = NEXT.search(text, begin + len(first))
    return begin, after.start() if after else len(text)


def main(arguments: Sequence[str]) -> int:
    """Runs a command of DVC in this process, with this way of writing dvc.lock; its exit code."""
    from pipeline import dvc_index, dvc_stages

    path = list(sys.path)
    install()
    dvc_index.install()
    dvc_stages.install(path)
    sys.unraisablehook = _quiet_about_bars
    from dvc.cli import main as run

    return int(run(list(arguments)) or 0)


def _quiet_about_bars(raised: sys.UnraisableHookArgs) -> None:
    """^C may leave one of DVC's progress bars half made: that its end cannot be drawn is no news."""
    if getattr(raised.object, "__qualname__", "") != "tqdm.__del__":
        sys.__unraisablehook__(raised)


def install() -> None:
    """Makes DVC, in this process, write and read dvc.lock as above. Imports DVC (1 s)."""
    from dvc import dvcfile
    from dvc.fs import LocalFileSystem
    from dvc.stage.serialize import to_lockfile
    from dvc.utils import strictyaml
    from dvc.utils.serialize import dumps_yaml
    from fsspec.implementations.memory import MemoryFileSystem

    by_dvc = dvcfile.Lockfile.dump_stages
    parse_by_dvc = strictyaml.parse_yaml

    def parse(text: str, path: str, typ: str = "safe") -> Any:
        if typ == "safe" and dvcfile.is_lock_file(path) and _as_written(text):
            return yaml.load(text, Loader=Loader)
        return parse_by_dvc(text, path, typ)

    def dump_stages(self: Lockfile, stages: Sequence[Any], **options: Any) -> None:
        if not isinstance(self.repo.fs, LocalFileSystem):
            return by_dvc(self, stages, **options)
        file = Path(self.path)
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        text, modified = before, False
        for stage in stages:
            values = to_lockfile(stage, **options)
            entry = dumps_yaml({"stages": values}).removeprefix("stages:\n")
            after = exchange(text, stage.name, entry)
            if after is None:
                return by_dvc(self, stages, **options)
            modified = modified or recorded(text, stage.name) != values[stage.name]
            text = after
        if not before:
            dvcfile.logger.info("Generating lock file '%s'", self.relpath)
        if modified:
            dvcfile.logger.info("Updating lock file '%s'", self.relpath)
            self.repo.scm_context.track_file(self.relpath)
        write_text(file, text)
        # DVC hashes each folder's list of files through a file in memory, never removes that, and
        # searches them all for the next one.
        MemoryFileSystem.store.clear()

    dvcfile.Lockfile.dump_stages = dump_stages
    strictyaml.parse_yaml = parse
