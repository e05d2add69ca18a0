"""docs/from-tensor2tensor.md: what it names is here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components import catalog
from pipeline import cli

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "from-tensor2tensor.md"


def named(heading: str) -> set[str]:
    """The names in the last column of the table under a heading."""
    table = GUIDE.read_text().split(f"| {heading} | here |\n|---|---|\n")[1].split("\n\n")[0]
    cells = [row.strip(" |").split(" | ")[-1] for row in table.splitlines()]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("heading", "kind"), [("T2T's model", "models"), ("T2T's problem", "problems")]
)
def test_the_names_of_the_tables(heading: str, kind: str) -> None:
    assert len(named(heading)) > 10
    assert not named(heading) - set(catalog.entries(kind))


def test_the_commands_that_it_shows_exist() -> None:
    commands = set(re.findall(r"python -m pipeline (\w+)", GUIDE.read_text()))
    choices = cli._parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert commands >= {"import", "decode"} and not commands - set(choices)
    shown = re.findall(r"(--[a-z][\w-]*)", GUIDE.read_text().split("## Commands")[0])
    assert set(shown) <= set(choices["import"]._option_string_actions)
