"""Named hparams sets: `base:` another set, then overrides; flat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from components import catalog
from components.catalog import UserError, closest
from components.declaration import Declaration, Setting, broken_rules
from pipeline import sections
from pipeline.located import Located, read
from pipeline.schema import validate

BASE = Setting("base", "str", None, "the set to start from")
BUILT_IN = "components/train/sets"


@cache
def built_in() -> dict[str, dict[str, Any]]:
    """The sets of components/train/sets, a file for each family of models.

    Raises UserError if two files have a set of one name.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((catalog.ROOT / BUILT_IN).glob("*.yaml")):
        own = read(path).data
        if twice := sorted(set(own) & set(found)):
            raise UserError(f"{path}: another file beside it has a set {twice[0]!r} too")
        found |= own
    return found


def known_settings(models: Iterable[Declaration]) -> tuple[Setting, ...]:
    """Everything that a set may hold: `base`, common hparams, keys of `train:`, models' options."""
    found = {"base": BASE}
    for group in (
        sections.settings("common"),
        sections.settings("train"),
        *(one.options for one in models),
    ):
        for one in group:
            found.setdefault(one.name, one)
    return tuple(found.values())


def check_names(
    located: Located, name: str, given: dict[str, Any], known: tuple[Setting, ...]
) -> None:
    """Notes what a set of params.yaml holds that no set may hold."""
    if "train" in given:
        located.fault(
            ("hparams", name, "train"),
            "a set holds the settings of `train:` without that word, as in `steps: 1000`",
        )
    validate(located, ("hparams", name), {k: v for k, v in given.items() if k != "train"}, known)


def chain(located: Located, own: dict[str, dict[str, Any]], name: str) -> list[tuple[str, bool]]:
    """The set and what it is based on, itself first, as (name, whether params.yaml holds it).

    A set may have the name of the built-in set it is based on. A base that does not exist, or that
    leads back to the set, is noted as a fault, and ends the chain.
    """
    found: list[tuple[str, bool]] = []
    following: str | None = name
    while following is not None:
        mine = following in own and (following, True) not in found
        if not mine and (following not in built_in() or (following, False) in found):
            key = ("hparams", found[-1][0], "base")
            if following in own:
                circle = " -> ".join([*(step for step, _ in found), following])
                located.fault(key, f"goes in a circle: {circle}")
            else:
                known = {*own, *built_in()}
                located.fault(key, f"there is no set {following!r}; {closest(following, known)}")
            break
        found.append((following, mine))
        values = own[following] if mine else built_in()[following]
        base = values.get("base") if isinstance(values, dict) else None
        following = base if isinstance(base, str) else None
    return found


def merged(own: dict[str, dict[str, Any]], steps: list[tuple[str, bool]]) -> dict[str, Any]:
    """The values of a chain of sets, the first one's winning; without `base`."""
    values: dict[str, Any] = {}
    for name, mine in reversed(steps):
        values.update(own[name] if mine else built_in()[name])
    values.pop("base", None)
    return values


def complete(
    values: dict[str, Any], options: tuple[Setting, ...], train: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A set for one model: (its hparams with defaults, the settings of its training).

    Options of other models are left out, so that they change nothing for this one.
    """
    fields = (*sections.settings("common"), *options)
    hparams = {one.name: typed(one, values.get(one.name, one.default)) for one in fields}
    settings = {
        one.name: typed(one, values.get(one.name, train[one.name]))
        for one in sections.settings("train")
    }
    return hparams, settings


def typed(one: Setting, value: Any) -> Any:
    """`2` for a float is 2.0, so that the same number always has the same digest."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if one.type == "float" and whole else value


def check_cell_values(
    located: Located,
    own: dict[str, dict[str, Any]],
    steps: list[tuple[str, bool]],
    options: tuple[Setting, ...],
) -> dict[str, Any]:
    """Notes which of a set's values a model cannot have; all of its values, defaults for those."""
    values = merged(own, steps)
    fields = (*sections.settings("common"), *options)
    names = {one.name for one in fields}
    home = ("hparams", steps[0][0]) if steps[0][1] else ("grid", "hparams")
    scratch = Located(located.file)
    right = validate(scratch, (), {k: v for k, v in values.items() if k in names}, fields)
    for _, message in scratch.faults:
        name, _, rest = message.partition(": ")
        held = _holder(own, steps, name.partition("[")[0])
        located.fault(held or home, rest if held else message)
    return {one.name: right.get(one.name, one.default) for one in fields}


def check_rules(
    located: Located,
    own: dict[str, dict[str, Any]],
    steps: list[tuple[str, bool]],
    model: str,
    rules: Mapping[str, str],
    values: Mapping[str, Any],
) -> None:
    """Notes which values of a set do not go together in a model, by the rules that it declares."""
    home = ("hparams", steps[0][0]) if steps[0][1] else ("grid", "hparams")
    for message, named in broken_rules(rules, values):
        held = [key for name in named if (key := _holder(own, steps, name))]
        located.fault(held[0] if held else home, f"{message} ({model})")


def _holder(
    own: dict[str, dict[str, Any]], steps: list[tuple[str, bool]], name: str
) -> tuple[str, ...] | None:
    """Where in params.yaml a chain of sets gets a value from; None if it is built in or a default."""
    for step, mine in steps:
        if mine and name in own[step]:
            return ("hparams", step, name)
    return None
