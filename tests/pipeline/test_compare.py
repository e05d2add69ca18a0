"""The comparison of a grid made of files: what it says, says again, and draws."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from components import catalog
from pipeline import outcome, report_numbers, report_statistics
from pipeline.cells import EXCLUDED, NOT_APPLICABLE, Cell
from pipeline.compare import compare
from pipeline.report_palette import spread
from pipeline.tracking import TrackingSettings
from tests.pipeline import fake_grid

ENDE, DIGITS = "translate_ende_synth", "image_digits"
BEST = Cell(ENDE, "transformer", "tiny", 1)
AGAIN = Cell(ENDE, "transformer", "tiny", 2)
WORSE = Cell(ENDE, "lstm_attention", "tiny", 1)
IMPOSSIBLE = Cell(ENDE, "encoder", "tiny", 1, NOT_APPLICABLE, "encoder needs class_label")
DONE = Cell(DIGITS, "encoder", "tiny", 1)
BROKEN = Cell(DIGITS, "transformer", "tiny", 1)
WAITING = Cell(DIGITS, "lstm_attention", "tiny", 1)
LEFT_OUT = Cell(DIGITS, "bytenet", "tiny", 1, EXCLUDED, "grid.exclude: */bytenet")
CELLS = [BEST, AGAIN, WORSE, IMPOSSIBLE, DONE, BROKEN, WAITING, LEFT_OUT]


def write_grid(root: Path) -> None:
    for problem in (ENDE, DIGITS):
        fake_grid.write_data(root, problem)
    fake_grid.write_cell(root, BEST, error=0.05, seconds=190, params=1_240_000)
    fake_grid.write_cell(root, AGAIN, error=0.056, seconds=195, params=1_240_000)
    fake_grid.write_cell(root, WORSE, error=0.25, seconds=140, params=980_000)
    fake_grid.write_not_applicable(root, IMPOSSIBLE, IMPOSSIBLE.reason)
    fake_grid.write_not_applicable(root, LEFT_OUT, LEFT_OUT.reason)
    fake_grid.write_cell(root, DONE, error=0.02, seconds=22, params=410_000)
    fake_grid.write_failure(root, BROKEN, "the dev loss is nan | step 400")


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("grid")
    write_grid(root)
    (root / "printed.txt").write_text(compare(root, CELLS, TrackingSettings()), encoding="utf-8")
    return root


def report(root: Path, name: str) -> str:
    return (root / "reports" / name).read_text(encoding="utf-8")


def test_the_printed_table_marks_the_best_and_names_every_state(grid: Path) -> None:
    lines = (grid / "printed.txt").read_text(encoding="utf-8").splitlines()
    marked = [line.split()[1:4] for line in lines if line.startswith("  * ")]
    assert marked == [["transformer", "tiny", "1"], ["encoder", "tiny", "0.9833"]]
    text = "\n".join(lines)
    assert "  - encoder tiny 1: not applicable: encoder needs class_label" in text
    assert "  - transformer tiny 1: failed: the dev loss is nan | step 400" in text
    assert "      alone: dvc repro evaluate@image_digits-transformer-tiny-1" in text
    assert "  - lstm_attention tiny 1: not yet run" in text
    assert "bytenet" not in text  # who excludes a cell does not look for it
    assert "transformer tiny: " in text and "over 2 seeds" in text
    assert "examples: train 20,000, dev 500, test 120" in text
    assert "3 of 120 test in train (5 by input alone)" in text
    assert "mlflow ui --backend-store-uri sqlite:///mlflow.db" in lines[-2]
    assert "dvc repro" in lines[-1] and "params.yaml" in lines[-1]


def test_the_numbers_are_those_of_the_metric_files(grid: Path) -> None:
    cells = json.loads(report(grid, "compare.json"))[ENDE]["cells"]
    for cell in (BEST, AGAIN, WORSE):
        file = grid / cell.folder / "metrics.json"
        numbers = json.loads(file.read_text(encoding="utf-8"))
        found = cells[cell.name]
        assert found["value"] == numbers["bleu"]
        assert (found["low"], found["high"]) == (numbers["bleu_low"], numbers["bleu_high"])
        assert found["low"] < found["value"] < found["high"]
        assert found["chrf"] == numbers["chrf"]
        assert found["train_seconds"] == numbers["train_seconds"]


def test_p_values_tell_a_worse_system_from_an_equal_one(grid: Path) -> None:
    cells = json.loads(report(grid, "compare.json"))[ENDE]["cells"]
    assert cells[BEST.name]["best"] and cells[BEST.name]["p"] is None
    assert cells[AGAIN.name]["p"] > 0.05
    assert cells[WORSE.name]["p"] < 0.01


def test_the_mean_and_deviation_over_seeds(grid: Path) -> None:
    found = json.loads(report(grid, "compare.json"))[ENDE]
    first, second = (found["cells"][cell.name]["value"] for cell in (BEST, AGAIN))
    [group] = found["seeds"]
    assert (group["model"], group["hparams"], group["count"]) == ("transformer", "tiny", 2)
    assert group["mean"] == pytest.approx((first + second) / 2)
    # The sample's standard deviation of two numbers is their difference over the root of two.
    assert group["std"] == pytest.approx(abs(first - second) / 2**0.5)


def test_markdown_has_the_best_in_bold_and_the_pictures(grid: Path) -> None:
    text = report(grid, "compare.md")
    assert "| **transformer** | **tiny** | **1** |" in text
    assert "| lstm_attention | tiny | 1 |" in text
    assert "failed: the dev loss is nan \\| step 400" in text
    pictures = {file.name for file in (grid / "reports").glob("*.png")}
    assert pictures == {f"learning_{ENDE}.png", f"learning_{DIGITS}.png", "quality_and_cost.png"}
    assert all(f"({name})" in text for name in pictures)


class Links(HTMLParser):
    """Everything a page would have to fetch, and the tables' rows."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        self.fetched += [
            value[:16] for name, value in attrs if name in ("src", "srcset") and value is not None
        ]


def test_html_is_one_file_with_examples(grid: Path) -> None:
    text = report(grid, "compare.html")
    links = Links()
    links.feed(text)
    # Three pictures, each for a light and for a dark page; one heading row a table.
    assert links.fetched == ["data:image/png;b"] * 6
    assert links.rows == 1 + 3 + 1 + 1
    assert "http-equiv" not in text and "@import" not in text
    assert "<mark>" in text and "class=reference" in text
    assert "the first of 2 lines that a cell got wrong, of 120" in text


def test_html_leads_to_what_is_inside_the_models(grid: Path) -> None:
    links = re.findall(r'href="(\.\./[^"]+)"', report(grid, "compare.html"))
    assert len(links) == 4  # the cells that are done
    assert all((grid / "reports" / link).resolve().is_file() for link in links)


def test_the_same_files_give_the_same_bytes(grid: Path, tmp_path: Path) -> None:
    for folder in ("runs", "data", ".work"):
        shutil.copytree(grid / folder, tmp_path / folder)
    compare(tmp_path, CELLS, TrackingSettings())
    names = sorted(file.name for file in (grid / "reports").iterdir())
    assert names == sorted(file.name for file in (tmp_path / "reports").iterdir())
    for name in names:
        ours, theirs = (folder / "reports" / name for folder in (grid, tmp_path))
        assert ours.read_bytes() == theirs.read_bytes(), name


def test_a_cell_takes_its_name_with_it_when_it_is_done(tmp_path: Path) -> None:
    write_grid(tmp_path)
    compare(tmp_path, CELLS, TrackingSettings())
    fake_grid.write_cell(tmp_path, BROKEN, error=0.5)
    text = compare(tmp_path, [BROKEN, DONE], TrackingSettings())
    assert "failed" not in text
    assert json.loads(report(tmp_path, "compare.json"))[DIGITS]["missing"] == {}
    # The problem that left the grid leaves no picture behind.
    assert not (tmp_path / "reports" / f"learning_{ENDE}.png").exists()


def test_a_problem_without_data_fails_its_cells(tmp_path: Path) -> None:
    fake_grid.write_json(tmp_path / ".work" / "failures" / f"{ENDE}.json", {"reason": "disk full"})
    text = compare(tmp_path, [BEST, IMPOSSIBLE, WAITING], TrackingSettings())
    assert "transformer tiny 1: failed: its data could not be made: disk full" in text
    assert "encoder tiny 1: not applicable" in text
    assert "lstm_attention tiny 1: not yet run" in text


def test_cells_whose_data_is_gone_do_not_vanish(tmp_path: Path) -> None:
    """DVC removes data before it makes it again; what had been trained on it is still in runs/."""
    write_grid(tmp_path)
    record = tmp_path / ".work" / "failures" / f"{DIGITS}.json"
    fake_grid.write_json(record, {"reason": "a bad line"})
    text = compare(tmp_path, [DONE], TrackingSettings())
    assert "a bad line" not in text  # of an earlier time: there is data
    (tmp_path / "data" / DIGITS / "manifest.json").unlink()
    text = compare(tmp_path, [DONE, WAITING], TrackingSettings())
    assert "encoder tiny 1: failed: its data could not be made: a bad line" in text
    assert "0 of 2 cells done, 2 failed" in report(tmp_path, "compare.md")
    record.unlink()
    text = compare(tmp_path, [DONE], TrackingSettings())
    assert f"encoder tiny 1: without data: it is done, but data/{DIGITS}/ is not there" in text
    assert "0 of 1 cell done, 1 without data" in report(tmp_path, "compare.md")


def test_a_grid_of_which_nothing_has_run(tmp_path: Path) -> None:
    text = compare(tmp_path, [WAITING, IMPOSSIBLE], TrackingSettings())
    assert "not yet run" in text and "not applicable" in text
    assert "0 of 2 cells done" in report(tmp_path, "compare.md")
    assert not list((tmp_path / "reports").glob("*.png"))


def test_predictions_of_another_test_set_get_no_p_value(tmp_path: Path) -> None:
    write_grid(tmp_path)
    for kind in ("predictions", "references"):
        file = tmp_path / WORSE.folder / f"{kind}.test.txt"
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(lines[:50]) + "\n", encoding="utf-8")
    compare(tmp_path, CELLS, TrackingSettings())
    cells = json.loads(report(tmp_path, "compare.json"))[ENDE]["cells"]
    assert cells[WORSE.name]["p"] is None
    assert cells[AGAIN.name]["p"] > 0.05


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.14159, "3.1 s"), (59.4, "59 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert report_numbers.duration(seconds) == text


def test_a_plugins_metric_and_labels_with_dollars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the stage does it, in a process that has not read params.yaml."""
    metrics = tmp_path / "mine" / "metrics"
    metrics.mkdir(parents=True)
    accuracy = catalog.ROOT / "components" / "eval" / "metrics" / "accuracy.py"
    (metrics / "my_share.py").write_text(accuracy.read_text().replace('"accuracy"', '"my_share"'))
    monkeypatch.setitem(fake_grid.METRICS, DIGITS, ("my_share",))
    prices = [("$1_$10", "$10_$50", "$50_$100")[number % 3] for number in range(120)]
    monkeypatch.setattr(fake_grid, "references", lambda *_: prices)
    monkeypatch.chdir(tmp_path)
    catalog.use(["mine"])
    fake_grid.write_data(tmp_path, DIGITS)
    fake_grid.write_cell(tmp_path, DONE, error=0.1, seconds=9, params=10)
    catalog.use([])
    stored = SimpleNamespace(
        plugins=["mine"], cells=[DONE], settings={"tracking": {"enabled": False}}
    )
    monkeypatch.setattr(outcome, "read", lambda _: stored)
    text = outcome.publish(tmp_path)
    assert "my share" in text and "mlflow" not in text
    catalog.use([])


def test_counts_and_p_values() -> None:
    assert report_numbers.count(1_240_000) == "1.24 M"
    assert report_numbers.count(781) == "781"
    assert report_numbers.p_value(1 / 1001) == "<0.001"
    assert report_numbers.p_value(0.05) == "0.050"


def test_labels_are_spread_without_changing_their_order() -> None:
    assert spread([1.0, 1.0, 5.0], 2.0) == [0.0, 2.0, 5.0]
    assert spread([5.0, 0.0], 1.0) == [5.0, 0.0]


def test_equal_numbers_have_one_best(tmp_path: Path) -> None:
    fake_grid.write_data(tmp_path, DIGITS)
    for cell in (BROKEN, DONE):
        fake_grid.write_cell(tmp_path, cell, error=0.0)
    compare(tmp_path, [BROKEN, DONE], TrackingSettings())
    cells = json.loads(report(tmp_path, "compare.json"))[DIGITS]["cells"]
    assert [cell["best"] for _, cell in sorted(cells.items())].count(True) == 1
    assert sorted(cell["p"] for cell in cells.values() if not cell["best"]) == [1.0]
    assert report_statistics.LEVEL == 0.05
