"""translate_ende_wmt14 on a stand-in of its downloads, from a server of this process."""

from __future__ import annotations

import dataclasses
import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.datagen.generate import generate
from components.datagen.problem import Problem
from components.datagen.problems.translate_ende_wmt14 import PROBLEM, SERVER
from tests.datagen.records import texts
from tests.datagen.tiny import pairs

CORPORA = {
    "wmt13/training-parallel-commoncrawl.tgz": ("commoncrawl.de-en", pairs(200)),
    "wmt13/training-parallel-europarl-v7.tgz": ("training/europarl-v7.de-en", pairs(100, 200)),
    "wmt14/training-parallel-nc-v9.tgz": ("training/news-commentary-v9.de-en", pairs(60, 290)),
    "wmt14/dev.tgz": ("dev/newstest2013", pairs(12, 1000)),
}


def sgm(kind: str, lines: list[str]) -> str:
    segments = "\n".join(f'<seg id="{at + 1}">{line}</seg>' for at, line in enumerate(lines))
    body = f'<doc docid="a">\n<p>\n{segments}\n</p>\n</doc>'
    return f'<{kind} setid="newstest2014">\n{body}\n</{kind}>\n'


def write_archive(path: Path, members: dict[str, str]) -> None:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


@pytest.fixture
def server(tmp_path):
    """The address of a server with archives laid out as those of statmt.org."""
    folder = tmp_path / "served"
    folder.mkdir()
    for address, (name, rows) in CORPORA.items():
        members = {
            f"{name}.en": "".join(f"{one}\n" for one, _ in rows),
            f"{name}.de": "".join(f"{other}\n" for _, other in rows),
            f"{name.replace('de-en', 'fr-en')}.fr": "un\n",
        }
        write_archive(folder / address, members)
    test = pairs(9, 2000)
    write_archive(
        folder / "wmt14/test-full.tgz",
        {
            "test-full/newstest2014-deen-src.de.sgm": sgm("srcset", ["falsch"]),
            "test-full/newstest2014-deen-src.en.sgm": sgm("srcset", [one for one, _ in test]),
            "test-full/newstest2014-deen-ref.de.sgm": sgm("refset", [other for _, other in test]),
        },
    )
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("localhost", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://localhost:{serving.server_address[1]}"
        serving.shutdown()


def moved(problem: Problem, server: str) -> Problem:
    """The problem with its archives on another server, where they have other checksums."""
    splits = {}
    for split in ("train", "dev", "test"):
        splits[split] = tuple(
            dataclasses.replace(
                source,
                paths=tuple(path.replace(SERVER, server) for path in source.paths),
                sha256=(),
            )
            for source in getattr(problem, split)
        )
    return dataclasses.replace(problem, **splits)


def test_it_downloads_unpacks_filters_and_writes(server, tmp_path):
    problem = dataclasses.replace(moved(PROBLEM, server), vocabulary_size=400)
    events: list[dict] = []
    manifest = generate(
        problem,
        "translate_ende_wmt14",
        tmp_path / "out",
        cache_dir=tmp_path / "cache",
        report=lambda event: events.append(dict(event)),
    )
    assert any(event["event"] == "download" for event in events)
    # 360 rows were read; News Commentary repeats the last ten of Europarl.
    assert manifest.report["rows"]["train"]["duplicates"] == 10
    assert [split.examples for split in manifest.splits.values()] == [350, 12, 9]
    assert texts(tmp_path / "out", "test", "inputs_text") == [one for one, _ in pairs(9, 2000)]
    assert texts(tmp_path / "out", "test", "targets_text") == [two for _, two in pairs(9, 2000)]
