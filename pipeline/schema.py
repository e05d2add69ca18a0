"""From declared settings to pydantic models, and from pydantic's errors to messages for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from components.catalog import closest
from components.declaration import Setting
from pipeline.located import Key, Located

WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "list[str]": "a list of texts",
    "list[int]": "a list of whole numbers",
    "dict": "settings, one a line",
    "dict[str, str]": "texts by name",
    "dict[str, str | int]": "names or numbers by name",
}


def normal_type(text: str) -> str:
    """A type as YAML can hold it: tuples are lists, mappings are dicts."""
    text = text.replace("Mapping", "dict").replace("tuple[str, ...]", "list[str]")
    text = text.replace("tuple[int, ...]", "list[int]")
    return {"dict[str, Any]": "dict", "tuple": "list[str]"}.get(text, text)


def expectation(setting: Setting) -> str:
    """What may stand there, in words: type and limits."""
    kind = normal_type(setting.type)
    optional = kind.endswith(" | None")
    kind = kind.removesuffix(" | None")
    if setting.choices:
        of = "a list of" if kind.startswith("list") else "one of"
        return f"{of} " + ", ".join(str(choice) or "''" for choice in setting.choices)
    text = WORDS.get(kind, kind)
    if setting.low is not None and setting.high is not None:
        text += f" from {setting.low} to {'below ' if setting.open_high else ''}{setting.high}"
    elif setting.low is not None:
        text += f", at least {setting.low}"
    elif setting.high is not None:
        text += f", {'below' if setting.open_high else 'at most'} {setting.high}"
    return text + (", or null" if optional else "")


@cache
def model_of(title: str, settings: tuple[Setting, ...]) -> type[BaseModel]:
    """A strict pydantic model with one field a setting; unknown keys are errors."""
    fields: dict[str, Any] = {}
    for setting in settings:
        kind = _type(setting)
        limits = {"ge": setting.low, "lt" if setting.open_high else "le": setting.high}
        given: dict[str, Any] = {k: v for k, v in limits.items() if v is not None}
        fields[setting.name] = (kind, Field(default=None, **given))
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return create_model(title, __config__=config, **fields)


def validate(
    located: Located, key: Key, values: Any, settings: Sequence[Setting], *, what: str = "setting"
) -> dict[str, Any]:
    """The values that are right, converted; what is wrong is noted in `located`.

    An empty section counts as {}.
    """
    if values is None:
        return {}
    if not isinstance(values, dict):
        located.fault(key, f"expected settings, one a line, got {values!r}")
        return {}
    by_name = {setting.name: setting for setting in settings}
    right = dict(values)
    try:
        done = model_of(".".join(map(str, key)), _hashable(settings)).model_validate(values)
    except ValidationError as error:
        for item in error.errors():
            path = tuple(item["loc"])
            name = str(path[0])
            right.pop(name, None)
            if item["type"] == "extra_forbidden":
                located.fault((*key, name), f"there is no such {what}; {closest(name, by_name)}")
            else:
                expected = expectation(by_name[name])
                got = _show(item["input"])
                located.fault((*key, *_within(path, values)), f"expected {expected}, got {got}")
        return right
    return {name: value for name, value in done.model_dump().items() if name in values}


def _within(path: Sequence[str | int], values: Any) -> Key:
    """The part of pydantic's location that exists in the data (it names union members too)."""
    found: list[str | int] = []
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            break
        found.append(part)
    return tuple(found)


def _hashable(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """Without defaults, which may be dicts, and which validation does not need."""
    return tuple(
        Setting(
            one.name,
            one.type,
            None,
            "",
            one.low,
            one.high,
            one.open_high,
            None if one.choices is None else tuple(one.choices),
        )
        for one in settings
    )


def _type(setting: Setting) -> Any:
    text = normal_type(setting.type)
    if setting.choices:
        one: Any = Literal[setting.choices]
        return list[one] if text.startswith("list") else one
    known = {"int": int, "float": float, "bool": bool, "str": str, "list": list, "dict": dict}
    known["Any"] = Any  # type: ignore[assignment]
    return eval(text, {"__builtins__": {}}, known)  # a type written in our own or a plugin's code


def _show(value: Any) -> str:
    """A value as it would be written in YAML, shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
