"""What a file declares, read from its syntax tree without importing it (0.2 ms a file).

A model's file says what it needs of a problem and which settings it has of its own:

    NEEDS = {"targets": ["class_label"]}

    @dataclass(frozen=True)
    class Options:
        RULES = {"d_model % num_heads == 0": "num_heads {num_heads} must divide d_model {d_model}"}
        num_heads: int = setting(8, "attention heads; must divide d_model", low=1)

Rules say which values do not go together, and are checked before anything is run. They see all
settings of the model by their names, and the functions of `RULE_FUNCTIONS`.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.catalog import UserError, packages

LIMITS = ("low", "high", "open_high", "choices")
PARTS = string.Formatter()
RULE_FUNCTIONS = {"all": all, "len": len, "max": max, "min": min, "range": range}


@dataclass(frozen=True)
class Setting:
    """One setting: its type as written, default, meaning, and limits (see `hparams.setting`)."""

    name: str
    type: str
    default: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    open_high: bool = False
    choices: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Declaration:
    """What `read` found: the docstring, the literal NEEDS, the fields and RULES of Options (each with
    those that it inherits), all global names."""

    path: Path
    docstring: str
    needs: dict[str, Any]
    options: tuple[Setting, ...]
    names: frozenset[str]
    rules: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.docstring.strip().split("\n")[0].rstrip(".:")


def read(path: Path, settings: str = "Options") -> Declaration:
    """Reads a file's declarations; `settings` names the dataclass whose fields become `options`.

    Raises UserError, with the line, if it is not Python or a declaration is not a literal.
    """
    tree = parse(path)
    constants: dict[str, Any] = {}
    names: set[str] = set()
    needs: dict[str, Any] = {}
    options: tuple[Setting, ...] = ()
    rules: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
            if node.name == settings and isinstance(node, ast.ClassDef):
                for base in node.bases:
                    inherited = _inherited(path, tree, base)
                    options += inherited.options
                    rules |= inherited.rules
                options += _fields(path, node, constants)
                rules |= _rules(path, node, constants)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    names.add(target.id)
                    if node.value is not None and _is_literal(node.value, constants):
                        constants[target.id] = _value(path, node.value, constants)
                    elif target.id == "NEEDS":
                        raise UserError(f"{path}:{node.lineno}: NEEDS must be a literal dict")
    needs = constants.get("NEEDS", {})
    if not isinstance(needs, dict):
        raise UserError(f"{path}: NEEDS must be a literal dict, such as {{}}")
    return Declaration(path, ast.get_docstring(tree) or "", needs, options, frozenset(names), rules)


def broken_rules(
    rules: Mapping[str, str], values: Mapping[str, Any]
) -> Iterator[tuple[str, list[str]]]:
    """(message, the settings that it names) of each rule that the values break."""
    for rule, message in rules.items():
        known = {"__builtins__": {}, **RULE_FUNCTIONS, **values}
        if not eval(rule, known):  # written in our own or a plugin's code
            yield message.format(**values), [name for _, name, _, _ in PARTS.parse(message) if name]


def parse(path: Path) -> ast.Module:
    """The file's syntax tree. Raises UserError, with the line, if it is not Python."""
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno}: not Python: {error.msg}") from error


def _inherited(path: Path, tree: ast.Module, base: ast.expr) -> Declaration:
    """What a base class declares: of this file, or imported from one of the project or of a plugin."""
    if isinstance(base, ast.Name):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == base.id:
                return read(path, base.id)
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    if base.id == (alias.asname or alias.name):
                        return read(_file(path, node.module), alias.name)
    raise UserError(
        f"{path}:{base.lineno}: a base class of settings must be imported by its name with "
        f"`from ... import`, found {ast.unparse(base)}"
    )


def _file(path: Path, module: str) -> Path:
    """The file of an imported module. Raises UserError if neither the project nor a plugin has it."""
    for member in packages():
        if module.startswith(f"{member.name}."):
            rest = module.removeprefix(f"{member.name}.").split(".")
            file = member.folder.joinpath(*rest).with_suffix(".py")
            if file.is_file():
                return file
    raise UserError(f"{path}: imports {module}, which is no file of the project or of a plugin")


def _fields(path: Path, node: ast.ClassDef, constants: dict[str, Any]) -> tuple[Setting, ...]:
    """The fields: `name: type = setting(default, meaning, limits)`, or a plain default with the
    meaning as the string below it."""
    found: list[Setting] = []
    for item, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        if item.value is None:
            raise UserError(f"{path}:{item.lineno}: {node.name}.{item.target.id} has no default")
        name, kind = item.target.id, ast.unparse(item.annotation)
        if isinstance(item.value, ast.Call) and ast.unparse(item.value.func) == "setting":
            values = [_value(path, value, constants) for value in item.value.args]
            named = {
                word.arg: _value(path, word.value, constants)
                for word in item.value.keywords
                if word.arg in (*LIMITS, "default", "meaning")
            }
            given = dict(zip(("default", "meaning"), values, strict=False)) | named
            if "default" not in given:
                raise UserError(f"{path}:{item.lineno}: {node.name}.{name} has no default")
            found.append(Setting(name, kind, **({"meaning": ""} | given)))
            continue
        meaning = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            meaning = str(after.value.value)
        default = _factory(item.value)
        if default is None:
            default = _value(path, item.value, constants)
        found.append(Setting(name, kind, default, meaning))
    return tuple(found)


def _rules(path: Path, node: ast.ClassDef, constants: dict[str, Any]) -> dict[str, str]:
    """The literal RULES of a class of settings."""
    for item in node.body:
        if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "RULES":
            return _value(path, item.value, constants)
    return {}


def _factory(node: ast.expr) -> Any:
    """What `field(default_factory=dict)` gives a new object; None for anything else."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in (
        "field",
        "dataclasses.field",
    ):
        return None
    factories: dict[str, Any] = {"dict": {}, "list": [], "tuple": ()}
    named = [ast.unparse(word.value) for word in node.keywords if word.arg == "default_factory"]
    return factories.get(named[0]) if named else None


def _is_literal(node: ast.expr, constants: dict[str, Any]) -> bool:
    try:
        _value(Path(), node, constants)
    except UserError:
        return False
    return True


def _value(path: Path, node: ast.expr, constants: dict[str, Any]) -> Any:
    """A literal, or the name of a literal defined above it in the same file."""
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise UserError(
            f"{path}:{node.lineno}: {ast.unparse(node)} is not a literal; what a file declares is "
            "read without importing it"
        ) from error
