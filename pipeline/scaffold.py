"""`new problem` and `new model`: a file that works at once, to be changed bit by bit."""

from __future__ import annotations

import keyword
from pathlib import Path

from components import catalog
from components.catalog import UserError
from pipeline.whole_file import write_text

TEMPLATES = Path(__file__).parent / "templates"


def scaffold(kind: str, name: str, plugin: str | None) -> str:
    """Writes the file and returns what to do next.

    Raises UserError if the name is taken or is no name, or if the plugin's folder is not there.
    """
    if not (name.isidentifier() and name.isascii() and name == name.lower()):
        raise UserError(
            f"{name!r} cannot be a name: expected small letters, digits and _, beginning with a "
            "letter"
        )
    if keyword.iskeyword(name):
        raise UserError(f"{name!r} is a word of Python; choose another name")
    plural = f"{kind}s"
    plugins = [plugin] if plugin else []
    taken = catalog.entries(plural, plugins)
    if name in taken:
        raise UserError(f"there is a {kind} {name!r} already: {taken[name].path}")
    package, folder = catalog.KINDS[plural][0], catalog.ROOT
    if plugin:
        own = catalog.package(plugin)
        package, folder = f"{own.name}.{plural}", own.folder.parents[own.name.count(".")]
    path = folder.joinpath(*package.split(".")) / f"{name}.py"
    text = (TEMPLATES / f"{kind}.py.txt").read_text(encoding="utf-8")
    text = text.replace("MODULE", f"{package}.{name}").replace("NAME", name)
    write_text(path, text)
    shown = path.relative_to(catalog.ROOT) if path.is_relative_to(catalog.ROOT) else path
    lines = [f"wrote {shown}", f"  params.yaml: add {name} to grid.{kind}"]
    if plugin:
        lines.append(f"  params.yaml: plugins: [{plugin}]")
    lines.append("  then: dvc repro")
    if not plugin:
        lines.append(f"  its contract: make test ARGS='-k {name}'")
    return "\n".join(lines)
