"""What runs again after an edit, counted on a real DVC repository: that, and nothing else."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from itertools import product

import pytest

from tests.pipeline.project import Project

PROBLEMS, MODELS, SETS = (
    ("image_digits", "pairs"),
    ("transformer", "lstm_attention"),
    ("tiny", "small"),
)


def cells(
    problems: tuple[str, ...] = PROBLEMS,
    models: tuple[str, ...] = MODELS,
    sets: tuple[str, ...] = SETS,
    *,
    kinds: tuple[str, ...] = ("train", "evaluate"),
) -> set[str]:
    names = ["-".join(names) for names in product(problems, models, sets, ("1",))]
    return {f"{kind}@{name}" for kind in kinds for name in names}


def append(file: str, text: str = "\n# edited\n") -> Callable[[Project], None]:
    def change(project: Project) -> None:
        with (project.root / file).open("a") as stream:
            stream.write(text)

    return change


def replace(file: str, old: str, new: str) -> Callable[[Project], None]:
    return lambda project: project.edit(file, old, new)


def both(*changes: Callable[[Project], None]) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        for one in changes:
            one(project)

    return change


# Fewer cells to run again where a second problem or model would tell nothing more.
digits_only = replace("params.yaml", "[image_digits, pairs]", "[image_digits]")
one_model = replace("params.yaml", "[transformer, lstm_attention]", "[transformer]")
one_cell = both(one_model, digits_only, replace("params.yaml", "[tiny, small]", "[tiny]"))


def in_plan(text: str) -> set[str]:
    """The cells that `plan` says would run, written as DVC's stages are."""
    lines = re.findall(r"^(\S+/\S+/\S+/\d+) +(?:train|evaluate) ", text, flags=re.MULTILINE)
    return {name.replace("/", "-") for name in lines}


CASES = {
    "a comment in params.yaml": (append("params.yaml"), set()),
    "a set": (
        replace("params.yaml", "dropout: 0.1", "dropout: 0.2"),
        cells(sets=("tiny",)) | {"compare"},
    ),
    "the base of a set": (
        replace("params.yaml", "num_heads: 2}", "num_heads: 4}"),
        cells(models=("transformer",), sets=("tiny",)) | {"compare"},
    ),
    "the base of a built-in set": (
        both(
            digits_only,
            replace(
                "components/train/sets/transformer.yaml",
                "transformer_test: {base: transformer_base, d_model: 16",
                "transformer_test: {base: transformer_base, d_model: 32",
            ),
        ),
        cells(("image_digits",), sets=("small",)) | {"compare"},
    ),
    "a model": (
        both(digits_only, append("components/train/models/lstm_attention.py")),
        cells(("image_digits",), models=("lstm_attention",)) | {"compare"},
    ),
    "a layer that one model uses": (
        both(digits_only, append("components/train/layers/feed_forward.py")),
        cells(("image_digits",), models=("transformer",)) | {"compare"},
    ),
    "a problem's wording: same data": (
        append("components/datagen/problems/image_digits.py"),
        {"datagen@image_digits"},
    ),
    "a problem's data": (
        both(
            one_model,
            replace("components/datagen/problems/image_digits.py", '"patch": 2', '"patch": 4'),
        ),
        {"datagen@image_digits", "compare"} | cells(("image_digits",), ("transformer",)),
    ),
    "a problem in params.yaml": (
        both(one_model, replace("params.yaml", "vocabulary_size: 20", "vocabulary_size: 21")),
        {"datagen@pairs", "compare"} | cells(("pairs",), ("transformer",)),
    ),
    "a task, same data": (
        append("components/datagen/tasks/translation.py"),
        {"datagen@pairs"},
    ),
    "a local data file": (
        both(one_model, append("../outside/train.tsv", "new line\tneue Zeile\n")),
        {"datagen@pairs", "compare"} | cells(("pairs",), ("transformer",)),
    ),
    "decoding": (
        both(digits_only, replace("params.yaml", "beam_size: 2", "beam_size: 3")),
        cells(("image_digits",), kinds=("evaluate",)) | {"compare"},
    ),
    "a metric": (
        append("components/eval/metrics/ter.py"),
        cells(problems=("pairs",), kinds=("evaluate",)),
    ),
    "how data is made": (replace("params.yaml", "eval:", "beam: {workers: 2}\neval:"), set()),
    "the pipeline's own code": (append("pipeline/plan.py"), set()),
}

# Where a second repro is tried, too: one case of each kind of stage that ran.
TWICE = {
    "a comment in params.yaml",
    "a problem's wording: same data",
    "a local data file",
    "a metric",
}


@pytest.mark.parametrize("name", CASES)
def test_only_what_an_edit_reaches_runs_again(finished: Project, name: str) -> None:
    change, expected = CASES[name]
    change(finished)
    planned = finished.pipeline("plan")
    assert planned.code == 0, planned.output
    first = finished.dvc("repro")
    assert first.code == 0, first.output
    assert set(first.stages) == expected | {"resolve"}
    # The plan may say more where data is made again: it cannot know that it will be the same.
    if not any(stage.startswith("datagen@") for stage in expected):
        assert in_plan(planned.output) == {
            stage.partition("@")[2] for stage in expected if "@" in stage
        }
    if name in TWICE:
        assert finished.dvc("repro").stages == []


@pytest.mark.parametrize("kind", ["train", "evaluate"])
def test_no_work_is_done_by_code_that_resolve_has_not_seen(finished: Project, kind: str) -> None:
    """As when a source file is edited while a grid runs: the cells to come would be recorded as
    results of the code before."""
    file = "components/train/models/transformer.py"
    before = (finished.root / file).read_text()
    cell = ("pairs", "transformer", "tiny", "1")
    stage = f"{kind}@{'-'.join(cell)}"
    by_dvc = ("env", f"DVC_STAGE={stage}", sys.executable, "-m", "pipeline", kind, *cell)
    said = f"{stage} failed: source files of {stage} changed since `resolve` ran"
    append(file)(finished)
    assert said in finished.command(*by_dvc).output
    (finished.root / file).write_text(before)
    finished.fail("edit", file)  # while the libraries are imported
    assert said in finished.command(*by_dvc).output
    (finished.root / file).write_text(before)
    finished.unfail()
    run = finished.command(*by_dvc)
    assert run.code == 0, run.output


def test_no_data_is_made_by_code_that_resolve_has_not_seen(finished: Project) -> None:
    file = "components/datagen/tasks/translation.py"
    manifest = finished.root / "data/pairs/manifest.json"
    before, made = (finished.root / file).read_text(), manifest.read_bytes()
    stage = "datagen@pairs"
    by_dvc = ("env", f"DVC_STAGE={stage}", sys.executable, "-m", "pipeline", "datagen", "pairs")
    append(file)(finished)
    run = finished.command(*by_dvc)
    assert run.code == 1, run.output
    assert f"{stage} failed: source files of {stage} changed since `resolve` ran" in run.output
    assert manifest.read_bytes() == made
    (finished.root / file).write_text(before)
    run = finished.command(*by_dvc)
    assert run.code == 0, run.output


def test_nothing_runs_again_without_an_edit(finished: Project) -> None:
    assert finished.dvc("repro").stages == []
    status = finished.dvc("status")
    assert "Data and pipelines are up to date" in status.output
    assert finished.git("status", "--porcelain").output == ""


def test_a_cell_that_is_added_runs_alone(finished: Project) -> None:
    one_cell(finished)
    finished.edit("params.yaml", "seed: [1]", "seed: [1, 2]")
    cell = "image_digits-transformer-tiny-2"
    added = {f"train@{cell}", f"evaluate@{cell}"}
    assert set(finished.dvc("repro").stages) == {"resolve", *added, "compare"}


def test_an_order_in_the_grid_runs_nothing(finished: Project) -> None:
    finished.edit("params.yaml", "[tiny, small]", "[small, tiny]")
    assert set(finished.dvc("repro").stages) <= {"resolve", "compare"}


def test_going_back_restores_from_the_cache(finished: Project) -> None:
    one_cell(finished)
    finished.edit("params.yaml", "dropout: 0.1", "dropout: 0.2")
    changed = cells(("image_digits",), ("transformer",), ("tiny",))
    assert set(finished.dvc("repro").stages) == {"resolve", *changed, "compare"}
    finished.edit("params.yaml", "dropout: 0.2", "dropout: 0.1")
    run = finished.dvc("repro")
    assert set(run.stages) <= {"resolve", "compare"}
    assert "is cached" in run.output


def test_a_plugin_file_counts_like_our_own(single: Project) -> None:
    models = single.folder / "mine" / "models"
    models.mkdir(parents=True)
    source = (single.root / "components/train/models/lstm_attention.py").read_text()
    (models / "my_lstm.py").write_text(source)
    single.edit("params.yaml", "plugins: []", "plugins: [../mine]")
    single.edit("params.yaml", "[transformer]", "[transformer, my_lstm]")
    run = single.dvc("repro")
    assert run.code == 0, run.output
    (models / "my_lstm.py").write_text(source + "# edited\n")
    mine = cells(("image_digits",), ("my_lstm",), ("tiny",))
    assert set(single.dvc("repro").stages) == mine | {"resolve", "compare"}
    assert single.dvc("repro").stages == []


def test_files_that_come_and_go_in_a_folder_of_data_are_seen_by_repro(single: Project) -> None:
    folder = single.folder / "outside" / "many"
    folder.mkdir()
    (folder / "a.tsv").write_text((folder.parent / "train.tsv").read_text())
    single.edit("params.yaml", "../outside/train.tsv", "../outside/many/*.tsv")
    single.edit("params.yaml", "[image_digits]", "[pairs]")
    assert single.pipeline("repro").code == 0
    (folder / "b.tsv").write_text((folder / "a.tsv").read_text() + "more\tmehr\n")
    run = single.pipeline("repro")
    assert "datagen@pairs" in run.stages
    assert "train@pairs-transformer-tiny-1" in run.stages
    (folder / "a.tsv").unlink()
    run = single.pipeline("repro")
    assert run.code == 0, run.output
    assert "datagen@pairs" in run.stages
