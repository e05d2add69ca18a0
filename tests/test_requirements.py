"""Each of requirements/*.lock names all that it takes, because `make` installs without resolving.

`pip --no-deps` installs what a lock names and nothing else; what a lock lacked would be missed at the
first import. So what pyproject.toml asks for is followed here through what the installed packages
say that they require.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
PROJECT = tomllib.loads((REQUIREMENTS.parent / "pyproject.toml").read_text("utf-8"))["project"]
# The extras that a lock is for; a lock of any other name is for the extra of that name.
EXTRAS = {"run": (), "dev": ("dev", "jax", "ctranslate2")}
# What `make test` installs: of these, all that applies here is there to be asked.
WHOLE = ("run", "dev", "jax", "ctranslate2")
LOCKS = sorted(file.stem for file in REQUIREMENTS.glob("*.lock"))


def pins(name: str) -> dict[str, Version]:
    """What a lock installs on this system: canonical name -> version."""
    found = {}
    for line in (REQUIREMENTS / f"{name}.lock").read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            pin = Requirement(line.rstrip("\\ "))
            if pin.marker is None or pin.marker.evaluate():
                (only,) = pin.specifier
                found[canonicalize_name(pin.name)] = Version(only.version)
    return found


def asked(name: str) -> list[Requirement]:
    """What pyproject.toml asks of the environment that a lock describes."""
    words = list(PROJECT["dependencies"])
    for extra in EXTRAS.get(name, (name,)):
        words += PROJECT["optional-dependencies"][extra]
    return [Requirement(word) for word in words]


def required(package: str, pinned: Version, extras: set[str]) -> list[Requirement] | None:
    """What a package requires here; None if that version of it is not installed."""
    try:
        found = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return None
    if Version(found.version) != pinned:
        return None
    every = [Requirement(word) for word in found.requires or ()]
    return [
        one
        for one in every
        if one.marker is None
        or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]


def lacking(name: str, locked: dict[str, Version]) -> Iterator[str]:
    """What a lock lacks, or has in a version that is not allowed, and who asks for it."""
    waiting = [("pyproject.toml", requirement) for requirement in asked(name)]
    seen: dict[str, set[str]] = {}
    while waiting:
        by, wanted = waiting.pop()
        package = canonicalize_name(wanted.name)
        if package not in locked:
            yield f"{by} asks for {wanted}, which is not in {name}.lock"
            continue
        if not wanted.specifier.contains(locked[package], prereleases=True):
            yield f"{by} asks for {wanted}, and {name}.lock has {package} {locked[package]}"
        extras = seen.get(package, set()) | wanted.extras
        if seen.get(package) == extras:
            continue
        seen[package] = extras
        for one in required(package, locked[package], extras) or ():
            waiting.append((f"{package} {locked[package]}", one))


def test_there_is_a_lock_for_every_extra() -> None:
    unlocked = {"benchmark"}
    assert set(LOCKS) == {"run", *PROJECT["optional-dependencies"]} - unlocked


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_lacks_nothing(name: str) -> None:
    assert not list(lacking(name, pins(name)))


@pytest.mark.parametrize("name", WHOLE)
def test_this_environment_is_the_lock(name: str) -> None:
    """Else the test above would have asked packages of other versions, or none."""
    locked = pins(name)
    other = {
        one: version for one, version in locked.items() if required(one, version, set()) is None
    }
    assert not other, f"not installed in these versions: {other}; `make test` installs them"


def test_a_lock_that_lacks_something_is_found() -> None:
    locked = pins("run")
    del locked["pydantic-core"]
    locked["grpcio"] = Version("1.0")
    said = "\n".join(lacking("run", locked))
    assert "asks for pydantic-core==" in said
    assert "run.lock has grpcio 1.0" in said
