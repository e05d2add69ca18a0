"""What params.yaml may name, with one line of meaning each."""

from __future__ import annotations

from pathlib import Path

import yaml

from components import catalog, declaration
from components.datagen.problem import fields
from components.declaration import Setting
from pipeline import sections, sets
from pipeline.problems import TYPES
from pipeline.schema import expectation


def listing(root: Path, kind: str) -> str:
    """The names of a kind (problems, tasks, models, metrics, hparams, settings), with plugins'."""
    _use_plugins(root)
    if kind == "settings":
        return _settings()
    if kind == "hparams":
        return _table([(name, _differs(values)) for name, values in sets.built_in().items()])
    rows = []
    for name, entry in catalog.entries(kind).items():
        declared = declaration.read(entry.path)
        rows.append((name, declared.summary))
        if kind == "tasks":
            common = fields()
            own = [one for key, one in fields(name).items() if key not in common]
        else:
            own = list(declared.options) if kind == "models" else []
        rows += ((f"  {one.name}", _meaning(one)) for one in own)
    return _table(rows)


def _use_plugins(root: Path) -> None:
    """The plugins of params.yaml, whatever else is wrong in there."""
    file = root / "params.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    plugins = data.get("plugins") if isinstance(data, dict) else None
    catalog.use([one for one in plugins or [] if isinstance(one, str)])


def _settings() -> str:
    parts = []
    for section, title in (
        ("grid", "grid"),
        ("common", "hparams.<set>"),
        ("train", "train (a set may override these)"),
        ("eval", "eval"),
        ("runtime", "runtime"),
        ("beam", "beam"),
        ("tracking", "tracking"),
    ):
        rows = [(one.name, _meaning(one)) for one in sections.settings(section)]
        parts.append(f"{title}\n{_table(rows, indent='  ')}")
    rows = [(name, _meaning(one)) for name, one in fields().items()]
    parts.insert(1, f"problems.<name>\n{_table(rows, indent='  ')}")
    return "\n\n".join(parts)


def _meaning(one: Setting) -> str:
    if one.type in TYPES:
        return one.meaning  # which says what may stand there
    default = "" if one.default in (None, "", (), [], {}) else f", default {one.default}"
    return f"{one.meaning} ({expectation(one)}{default})"


def _differs(values: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _table(rows: list[tuple[str, str]], indent: str = "") -> str:
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{indent}{name:{width}}  {meaning}" for name, meaning in rows)
