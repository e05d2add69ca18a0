"""Names to files to objects, and plugins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components import catalog
from components.catalog import UserError


@pytest.fixture(autouse=True)
def _no_plugins_after() -> Iterator[None]:
    yield
    catalog.use(())


def plugin(folder: Path, name: str = "my_plugin") -> Path:
    metrics = folder / name / "metrics"
    metrics.mkdir(parents=True)
    (metrics / "half.py").write_text(
        "def metric(targets, predictions):\n    return {'half': 0.5}\n"
    )
    return folder / name


def test_a_file_is_found_by_its_name() -> None:
    entry = catalog.find("models", "transformer")
    assert entry.module == "components.train.models.transformer"
    assert entry.path.name == "transformer.py"


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_file_has_the_export_of_its_kind(kind: str) -> None:
    from components.declaration import read

    export = catalog.KINDS[kind][1]
    for entry in catalog.entries(kind).values():
        assert export in read(entry.path).names, f"{entry.path} does not define {export}"


def test_a_wrong_name_is_answered_by_the_closest() -> None:
    with pytest.raises(UserError, match="no metric 'blue'; did you mean 'bleu'?"):
        catalog.find("metrics", "blue")
    with pytest.raises(UserError, match="there are: accuracy, "):
        catalog.find("metrics", "zzzzzzzz")


def test_a_plugin_adds_names(tmp_path: Path) -> None:
    folder = plugin(tmp_path)
    assert catalog.load("metrics", "half", [str(folder)])([], []) == {"half": 0.5}
    assert "half" not in catalog.entries("metrics")
    catalog.use([str(folder)])
    assert "half" in catalog.entries("metrics")


def test_a_plugin_cannot_hide_a_name_of_ours(tmp_path: Path) -> None:
    folder = plugin(tmp_path)
    (folder / "metrics" / "bleu.py").write_text("metric = None\n")
    with pytest.raises(UserError, match="two metrics are called 'bleu'"):
        catalog.entries("metrics", [str(folder)])


@pytest.mark.parametrize(
    ("named", "said"),
    [("no/such/folder", "no such folder"), ("no_such_package", "neither a folder here nor")],
)
def test_a_plugin_that_is_not_there(named: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        catalog.package(named)


def test_a_plugin_may_not_be_called_like_one_of_our_folders(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "pipeline")
    with pytest.raises(UserError, match="cannot be called 'pipeline'"):
        catalog.package(str(folder))


def test_a_file_without_its_export_is_refused(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "other_plugin")
    (folder / "metrics" / "empty.py").write_text("")
    with pytest.raises(UserError, match="must define metric"):
        catalog.load("metrics", "empty", [str(folder)])
