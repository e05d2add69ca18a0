from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from components.catalog import UserError
from components.datagen.generate import generate
from tests.datagen.records import content
from tests.datagen.tiny import pairs, tiny_problem


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting a tmpfs is not permitted: {mounted.stderr.decode().strip()}")
    yield folder
    # Lazily: the caught exception still holds files of it.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_leaves_the_old_data(tmp_path, small_disk: Path, workers, caplog):
    out = small_disk / "tiny"
    generate(tiny_problem(tmp_path / "raw"), "tiny", out)
    before = content(out)
    # About 700 KB of rows fit; their pieces or shards do not.
    many = tiny_problem(tmp_path / "raw", pairs(7_000))
    with pytest.raises(UserError, match="the disk is full; the data of tiny needs more room"):
        generate(many, "tiny", out, beam={"workers": workers})
    assert content(out) == before
    assert [path.name for path in small_disk.iterdir()] == ["tiny"]
    assert caplog.text == "", "the message is enough"


def test_a_disk_that_is_full_while_reading(tmp_path, small_disk: Path):
    many = tiny_problem(tmp_path / "raw", pairs(40_000))
    with pytest.raises(UserError, match="the disk is full"):
        generate(many, "tiny", small_disk / "tiny")
    assert list(small_disk.iterdir()) == []
