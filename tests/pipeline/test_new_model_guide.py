"""docs/new-model.md: its commands print what it says, and what it names is here."""

from __future__ import annotations

import re
import textwrap

from components import catalog
from pipeline import scaffold

GUIDE = catalog.ROOT / "docs" / "new-model.md"


def test_the_command_prints_what_the_page_shows() -> None:
    place = scaffold._place("model", "my_model", None)
    said = [
        f"wrote {scaffold._shown(place.path)}",
        *scaffold._next("model", "my_model", None, place),
    ]
    assert textwrap.indent("\n".join(said), "    ") in GUIDE.read_text()


def test_the_files_that_it_names_are_here() -> None:
    text = GUIDE.read_text()
    table = text.split("| for | take |\n|---|---|\n")[1].split("\n\n")[0]
    layers = set(re.findall(r"`(\w+\.py)`", table))
    assert len(layers) > 10
    assert not [
        name for name in layers if not (catalog.ROOT / "components/train/layers" / name).is_file()
    ]
    own = {"components/train/models/my_model.py", "tests/train/models/test_my_model.py"}
    paths = set(re.findall(r"((?:components|tests)/[\w/]+\.py)", text)) - own
    assert paths and not [path for path in paths if not (catalog.ROOT / path).is_file()]


def test_the_parts_of_a_file_are_those_of_the_template() -> None:
    table = GUIDE.read_text().split("| part | what it says |\n|---|---|\n")[1].split("\n\n")[0]
    template = (scaffold.TEMPLATES / "model.py.txt").read_text()
    for name in re.findall(r"^\| `(\w+)` \|", table, re.M):
        assert re.search(rf"^(class )?{name}\b", template, re.M), name
    for method in ("encode", "decode", "init_cache", "step"):
        assert f"def {method}(" in template
