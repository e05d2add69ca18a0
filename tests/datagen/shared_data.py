"""The real data sets that measurements use, where this checkout has them beside it."""

from __future__ import annotations

import dataclasses
import glob
import os
from pathlib import Path
from typing import Any

import pytest

from components import catalog
from components.datagen.problem import Problem, Rows, from_settings
from components.datagen.schema import SPLITS
from components.datagen.sources.source import is_url

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TENSORGRID_SHARED", ROOT.parent / "shared")) / "data"


def three(pattern: str, dev: str = "valid") -> dict[str, Any]:
    """The splits of a folder whose files are called train, `dev` and test."""
    return {split: pattern.format(dev if split == "dev" else split) for split in SPLITS}


def archived(archive: str, train: str, dev: str, test: str) -> dict[str, Any]:
    """The splits by members of one archive."""
    members = {"train": train, "dev": dev, "test": test}
    return {split: {"paths": [archive], "members": [one]} for split, one in members.items()}


STATE_UNION = three("lm/state_union.{}.txt.gz")
SNLI_NAMES = {"premise": "sentence1", "hypothesis": "sentence2", "label": "gold_label"}
# Without a training split: enough to read and to encode, not to learn from.
SNLI_SAMPLE = {
    "train": "snli_sample/snli_1.0_dev.head.jsonl.gz",
    "dev": {"from": "train", "examples": 200},
    "test": "snli_sample/snli_1.0_test.head.jsonl.gz",
}
DIGITS = ("*_[1-4][0-9].wav", "*_[5-9].wav", "*_[0-4].wav")
# Writing an image byte by byte takes long: small ones, and of the test files alone.
TEN_THOUSAND = {
    "paths": ["mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"],
    "format": "idx_images",
}
DIGIT_IMAGES = {
    "train": TEN_THOUSAND,
    "dev": {"from": "train", "examples": 500},
    "test": TEN_THOUSAND,
    "shrink": 4,
}
# What params.yaml would say to read a problem's splits from local copies; a value with a slash is a
# path below `SHARED`.
LOCAL: dict[str, dict[str, Any]] = {
    "translate_ende_multi30k": dict.fromkeys(SPLITS, "multi30k/task1"),
    "translate_enfr_multi30k": dict.fromkeys(SPLITS, "multi30k/task1"),
    "translate_enzh_tatoeba": three("tatoeba_en_zh/{}.tsv.gz"),
    "parse_treebank": three("treebank/{}.clean.mrg.gz", "dev"),
    "parse_ptb": {**three("treebank/{}.mrg.gz", "dev"), "vocabulary_size": 4000},
    "tag_treebank": three("treebank/{}.mrg.gz", "dev"),
    "image_mnist": dict.fromkeys(("train", "test"), "mnist/"),
    "generate_mnist": DIGIT_IMAGES,
    "generate_mnist_by_class": DIGIT_IMAGES,
    "image_cifar10": {s: f"cifar10_subset/{s}.bin.gz" for s in ("train", "test")},
    "generate_cifar10": {s: f"cifar10_subset/{s}.bin.gz" for s in ("train", "test")}
    | {"shrink": 4, "dev": {"from": "train", "examples": 500}},
    "caption_nlvr": {
        split: {"paths": [f"nlvr/caption_{name}.jsonl.gz", "nlvr/images_perm0.tar"]}
        for split, name in zip(SPLITS, ("train", "valid", "test"), strict=True)
    },
    "audio_fsdd": archived("fsdd/fsdd_recordings.tar.gz", *DIGITS),
    "speech_fsdd": {"rows": {"recordings": "fsdd/fsdd_recordings.tar.gz"}},
    "lm_shakespeare_characters": three("lm/tinyshakespeare.{}.txt.gz"),
    "lm_state_union_words": STATE_UNION,
    "infer_snli": {**SNLI_SAMPLE, "vocabulary_size": 2000},
    "infer_snli_parsed": SNLI_SAMPLE,
    "infer_rte": {
        "train": [f"rte/rte{n}_dev.jsonl.gz" for n in (1, 2, 3)],
        "test": "rte/rte3_test.jsonl.gz",
        "columns": SNLI_NAMES,
    },
    "infer_sick": three("sick/sick_{}.jsonl.gz", "dev"),
    "infer_sick_parsed": three("sick/sick_{}.jsonl.gz", "dev"),
    "similarity_sick": three("sick/sick_{}.jsonl.gz", "dev"),
    "sentiment_sst5": three("sst/{}.txt.gz", "dev"),
    "sentiment_sst_binary": three("sst/{}.txt.gz", "dev"),
    "sentiment_polarity": three("sentence_polarity/{}.tsv.gz", "dev"),
    "couplets_zh": three("zh_couplets/{}.tsv.gz"),
    "quatrains_zh": three("zh_quatrains/{}.jsonl.gz"),
}
# Other data of the same form, for problems on files of a user's own: what they declare is proven to
# work, no more.
STAND_INS: dict[str, dict[str, Any]] = {
    "image_folder": archived("nlvr/images_perm0.tar", "*[0-7]-?-0.png", "*8-?-0.png", "*9-?-0.png"),
    "lm_enwik8": {
        split: {"paths": [path], "encoding": "latin-1"} for split, path in STATE_UNION.items()
    },
    "mlm_wikipedia": {**STATE_UNION, "vocabulary_size": 4000},
    "mlm_bookcorpus": {**STATE_UNION, "vocabulary_size": 4000},
    "mlm_clue": three("zh_couplets/{}.tsv.gz"),
    "span_corruption_wikipedia": {**STATE_UNION, "vocabulary_size": 4000},
    "permutation_lm_wikipedia": {**STATE_UNION, "vocabulary_size": 4000},
    "sentence_order_wikipedia": {**STATE_UNION, "vocabulary_size": 4000},
    "tag_conll2003": {**three("treebank/{}.mrg.gz", "dev"), "format": "tagged_trees"},
}
ENOUGH = 1000


def local_problem(name: str) -> Problem:
    """The problem `name` on local data. Skips the test where there is none."""
    problem = catalog.load("problems", name)
    given = LOCAL.get(name) or STAND_INS.get(name)
    if given is None:
        _skip_unless_made_here(name, problem)
        return _fewer(problem)
    placed = {key: _placed(name, value) for key, value in given.items()}
    return from_settings(name, placed, problem)


def _fewer(problem: Problem) -> Problem:
    """A generated problem with fewer rows to learn from."""
    made = problem.train
    if not isinstance(made, Rows) or made.options.get("examples", 0) <= ENOUGH:
        return problem
    return dataclasses.replace(
        problem, train=Rows(made.function, {**made.options, "examples": ENOUGH})
    )


def _placed(name: str, value: Any) -> Any:
    """The value with its paths below `SHARED` in full; skips where one is not there."""
    if isinstance(value, dict):
        return {key: _placed(name, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_placed(name, one) for one in value]
    if not isinstance(value, str) or "/" not in value:
        return value
    path = SHARED / value
    if not glob.glob(glob.escape(str(path)) + "*"):
        pytest.skip(f"{name} needs {path}, which is not here")
    return str(path)


def _skip_unless_made_here(name: str, problem: Problem) -> None:
    for split in SPLITS:
        source = getattr(problem, split)
        if source is None:
            pytest.skip(f"{name} reads files of a user's own")
        paths = [path for one in source for path in one.paths] if type(source) is tuple else []
        if isinstance(source, Rows):
            paths += [value for value in source.options.values() if isinstance(value, str)]
        if any(map(is_url, paths)):
            pytest.skip(f"{name} needs downloads; its formats have tests of their own")
        assert paths or isinstance(source, Rows) or split != "train"
