"""YAML in which every key knows its line, so that an error can name it.

Read as YAML 1.2, as DVC does: `1e-4` is a number, `on` and `no` are words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components.catalog import UserError

Key = tuple[str | int, ...]


class ParamsError(UserError):
    """One or more faults of a settings file; each begins with `file:line:`."""

    exit_code = 2


@dataclass
class Located:
    """A YAML file's data, and the line (from 1) at which each key path stands."""

    file: str
    data: Any = None
    lines: dict[Key, int] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def line(self, key: Key) -> int:
        """The line of the key, or of the nearest key above it that is there."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def fault(self, key: Key, message: str) -> None:
        """Notes that something is wrong at a key; the same thing once only."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
        found = (self.line(key), f"{path.lstrip('.')}: {message}" if key else message)
        if found not in self.faults:
            self.faults.append(found)

    def has_fault(self, key: Key) -> bool:
        """Whether something is noted at just this key."""
        name = ".".join(map(str, key))
        return any(message.startswith(f"{name}: ") for _, message in self.faults)

    def check(self) -> None:
        """Raises ParamsError that lists all faults noted, in the order of the file."""
        if not self.faults:
            return
        listed = [f"{self.file}:{line}: {message}" for line, message in sorted(self.faults)]
        if len(listed) > 1:
            listed.insert(0, f"{len(listed)} things are wrong in {self.file}:")
        raise ParamsError("\n  ".join(listed))


def read(path: Path) -> Located:
    """Reads a file that must hold a mapping.

    Raises ParamsError if it is missing, empty, not UTF-8, not YAML, or not a mapping. Keys that
    stand twice are noted as faults.
    """
    located = Located(path.name)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(
            f"{path.name} is missing; expected it in {path.resolve().parent} "
            "(git has it: `git checkout params.yaml`)"
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ParamsError(f"{path.name}:{line}: not UTF-8 text; save the file as UTF-8") from None
    try:
        node = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise ParamsError(_syntax(path.name, text, error)) from None
    if node is None:
        raise ParamsError(f"{path.name} is empty; expected sections, `grid:` among them")
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1
        raise ParamsError(f"{path.name}:{line}: expected sections such as `grid:`, one a line")
    located.data = _build(node, (), located)
    return located


class Loader(yaml.CSafeLoader):
    """The C parser with the plain scalars of YAML 1.2's core schema."""


Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
):
    Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first
    )


def _build(node: yaml.Node, key: Key, located: Located) -> Any:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = str(getattr(name_node, "value", ""))
            line = name_node.start_mark.line + 1
            if name in found:
                first = located.lines[(*key, name)]
                located.fault((*key, name), f"stands here and in line {line}; keep one of the two")
                located.lines[(*key, name)] = first
                continue
            located.lines[(*key, name)] = line
            found[name] = _build(value_node, (*key, name), located)
        return found
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            located.lines[(*key, index)] = item.start_mark.line + 1
            items.append(_build(item, (*key, index), located))
        return items
    return _scalar(str(node.value), node.tag.rpartition(":")[2])


def _scalar(text: str, tag: str) -> Any:
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int":
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if tag == "float":
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _syntax(name: str, text: str, error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.encode()[: error.position].count(b"\n") + 1
        return f"{name}:{line}: not YAML: {error.reason}"
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{name}: not YAML: {error}"
    problem = str(getattr(error, "problem", "") or "cannot be read")
    context = getattr(error, "context_mark", None)
    line = mark.line + 1
    lines = text.splitlines()
    shown = lines[mark.line].strip() if mark.line < len(lines) else "the end of the file"
    before = lines[mark.line][: mark.column + 1] if mark.line < len(lines) else ""
    if "\t" in before:
        problem = "a tab; YAML is indented by spaces"
    elif "mapping values are not allowed" in problem:
        problem = "a colon where none can be: wrong indentation, or text that needs quotes"
    elif context is not None and context.line != mark.line:
        problem += f" in what begins in line {context.line + 1}"
    return f"{name}:{line}: not YAML: {problem}, at `{shown}`"
