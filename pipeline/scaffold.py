"""`new problem`, `new task` and `new model`: files that work at once, to be changed bit by bit.

A problem and a task come with a test that passes as written.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from pathlib import Path
from string import Template

from components import catalog
from components.catalog import UserError
from pipeline import scaffold_problem
from pipeline.whole_file import write_text

TEMPLATES = Path(__file__).parent / "templates"
CONTRACTS = {
    "problem": "tests/datagen/test_problem_contract.py",
    "model": "tests/train/test_models.py",
}
TASK_TESTS = (
    "  `make test` trains on every task and breaks its files; for that it wants two lines:",
    '    tests/tasks/raw.py, in RAW:\n      "{name}": labelled,',
    "    tests/tasks/broken_text.py, above `def a_line_without_its_tab`:\n"
    '      @case("{name}", "train.tsv, line 7: 1 fields between tabs")',
)


@dataclass(frozen=True)
class Place:
    """Where the files go. module: the import name; test: None for a kind that comes without one."""

    module: str
    path: Path
    test: Path | None


def scaffold(kind: str, name: str, plugin: str | None, task: str | None = None) -> str:
    """Writes the files and returns what to do next.

    kind: problem, task or model. task: of a problem, its task; None: translation.

    Raises UserError if the name is taken or is no name, if the plugin's folder or the task is not
    there, or if problems of the task need no Python: it then shows the lines of params.yaml.
    """
    if not (name.isidentifier() and name.isascii() and name == name.lower()):
        raise UserError(
            f"{name!r} cannot be a name: expected small letters, digits and _, beginning with a "
            "letter"
        )
    if keyword.iskeyword(name):
        raise UserError(f"{name!r} is a word of Python; choose another name")
    if task is not None and kind != "problem":
        raise UserError(f"--task says the task of a problem; leave it out with `new {kind}`")
    place = _place(kind, name, plugin)
    values = {"name": name, "module": place.module, "use": "", "imports": ""}
    if plugin:
        values |= _with_plugin(kind, plugin)
    template = f"{kind}.py.txt"
    if kind == "problem":
        template, more = scaffold_problem.filled(name, task or "translation", plugin)
        values |= more
    texts = {place.path: _text(template, values)}
    if place.test:
        texts[place.test] = _text(f"{kind}_test.py.txt", values)
    for path, text in texts.items():
        write_text(path, text)
    lines = [f"wrote {_shown(path)}" for path in texts]
    return "\n".join([*lines, *_next(kind, name, plugin, place)])


def _place(kind: str, name: str, plugin: str | None) -> Place:
    """Raises UserError if there is such a file, or a test of its name."""
    plural = f"{kind}s"
    taken = catalog.entries(plural, [plugin] if plugin else [])
    if name in taken:
        raise UserError(f"there is a {kind} {name!r} already: {taken[name].path}")
    package, folder = catalog.KINDS[plural][0], catalog.ROOT
    tests = catalog.ROOT / "tests" / plural
    if plugin:
        own = catalog.package(plugin)
        package, folder = f"{own.name}.{plural}", own.folder.parents[own.name.count(".")]
        tests = own.folder / "tests"
    test = None if kind == "model" else tests / f"test_{name}.py"
    if test and test.exists():
        raise UserError(
            f"there is a test of {name!r} already, {test}; move it or choose another name"
        )
    path = folder.joinpath(*package.split(".")) / f"{name}.py"
    return Place(f"{package}.{name}", path, test)


def _with_plugin(kind: str, plugin: str) -> dict[str, str]:
    """What a test must do to find the files of a plugin: a folder is named from the test's own."""
    folder = "/" in plugin or Path(plugin).expanduser().is_dir()
    named = "str(Path(__file__).resolve().parents[1])" if folder else f'"{plugin}"'
    if kind == "problem":
        return {"use": f"    catalog.use([{named}])\n"}
    return {"imports": "from components import catalog\n", "use": f"\ncatalog.use([{named}])\n\n"}


def _text(template: str, values: dict[str, str]) -> str:
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)


def _shown(path: Path) -> Path:
    return path.relative_to(catalog.ROOT) if path.is_relative_to(catalog.ROOT) else path


def _next(kind: str, name: str, plugin: str | None, place: Place) -> list[str]:
    lines = [f"  params.yaml: plugins: [{plugin}]"] if plugin else []
    if place.test and not plugin:
        lines.append(f"  its test: make test ARGS={_shown(place.test)}")
    elif place.test:
        lines.append(f"  its test: python -m pytest {place.test}")
    if kind == "task":
        lines.append(f"  data of it: params.yaml, problems: a name with `task: {name}`")
        lines += [] if plugin else [text.format(name=name) for text in TASK_TESTS]
    else:
        lines += [f"  params.yaml: add {name} to grid.{kind}", "  then: dvc repro"]
        if not plugin:
            lines.append(f"  its contract: make test ARGS='{CONTRACTS[kind]} -k {name}'")
    guide = "docs/new-model.md" if kind == "model" else "docs/new-problem.md"
    return [*lines, f"  the guide: {guide}"]
