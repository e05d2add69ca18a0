"""Bad input ends in one message that names the file, the line and what was expected."""

from __future__ import annotations

import gzip

import pytest

from components.catalog import UserError
from components.datagen.generate import generate
from components.datagen.problem import from_settings
from tests.datagen.tiny import pairs, tiny_problem


def broken_message(problem, tmp_path) -> str:
    out = tmp_path / "data" / "tiny"
    with pytest.raises(UserError) as caught:
        generate(problem, "tiny", out)
    assert not out.exists()
    assert list(out.parent.iterdir()) == [], "nothing half written"
    return str(caught.value)


def test_misaligned_parallel_files(tmp_path):
    problem = tiny_problem(tmp_path / "raw")
    with open(tmp_path / "raw" / "train.de", "a", encoding="utf-8") as file:
        file.write("eins zu viel\n")
    message = broken_message(problem, tmp_path)
    assert "train.en" in message and "train.de" in message
    assert "300" in message and "301" in message


def test_broken_utf8(tmp_path):
    problem = tiny_problem(tmp_path / "raw")
    path = tmp_path / "raw" / "dev.de"
    lines = path.read_bytes().split(b"\n")
    lines[6] = b"f\xfcnf"
    path.write_bytes(b"\n".join(lines))
    message = broken_message(problem, tmp_path)
    assert "dev.de" in message and "7" in message and "UTF-8" in message


def test_a_truncated_gz(tmp_path):
    raw = tmp_path / "raw"
    problem = tiny_problem(raw)
    whole = gzip.compress("".join(f"{one}\t{other}\n" for one, other in pairs(5000)).encode())
    (raw / "train.tsv.gz").write_bytes(whole[: len(whole) // 2])
    problem = from_settings("tiny", {"train": str(raw / "train.tsv.gz")}, problem)
    message = broken_message(problem, tmp_path)
    assert "train.tsv.gz" in message


def test_an_empty_split(tmp_path):
    problem = tiny_problem(tmp_path / "raw")
    for suffix in ("en", "de"):
        (tmp_path / "raw" / f"test.{suffix}").write_text("")
    message = broken_message(problem, tmp_path)
    assert "test" in message and "empty" in message


def test_a_line_that_is_no_tree(tmp_path):
    good = "(S (NP (PRP She)) (VP (VBZ sleeps)))\n"
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.mrg").write_text(good * 3)
    (tmp_path / "train.mrg").write_text(good + "(S (NP (PRP She) and) (VP (VBZ sleeps)))\n")
    splits = {split: str(tmp_path / f"{split}.mrg") for split in ("train", "dev", "test")}
    message = broken_message(from_settings("tiny", {"task": "parsing", **splits}), tmp_path)
    assert "train.mrg" in message and "2" in message and "and" in message


def test_a_label_that_train_lacks_and_an_image_of_another_size(tmp_path):
    import pandas as pd

    from components.datagen.frames import problem_of_frames

    def problem(test: pd.DataFrame):
        train = pd.DataFrame({"image": [b"abcd"] * 6, "label": ["cat", "dog"] * 3})
        frames = {"train": train, "test": test}
        dev = {"from": "train", "examples": 2, "where": "last"}
        images = {"image_shape": [2, 2, 1], "patch": 2}
        return problem_of_frames(
            "image_classification", "tiny", frames, tmp_path / "raw", **images, dev=dev
        )

    message = broken_message(
        problem(pd.DataFrame({"image": [b"abcd"], "label": ["cats"]})), tmp_path
    )
    assert message.endswith("label 'cats' of test does not occur in train; did you mean 'cat'?")
    message = broken_message(
        problem(pd.DataFrame({"image": [b"abcd", b"abc"], "label": ["cat", "dog"]})), tmp_path
    )
    assert "test.parquet, row 2" in message and "an image of 3 bytes; expected 4" in message


def test_a_missing_split(tmp_path):
    import dataclasses

    problem = dataclasses.replace(tiny_problem(tmp_path / "raw"), dev=None)
    with pytest.raises(UserError, match="problem tiny: no dev split; give `dev: path`, or"):
        generate(problem, "tiny", tmp_path / "out")
