"""SICK: 9,927 pairs of sentences about photographs and films; does the second follow from the
first?

Reference: Marelli et al. 2014, http://www.lrec-conf.org/proceedings/lrec2014/summaries/363.html;
https://doi.org/10.5281/zenodo.2787612. Splits of SemEval 2014, task 1: 4,500, 500 and 4,927. Files
of your own have one JSON object a line, named as in SNLI; others are named by `columns`:

    problems:
      infer_sick: {train: sick_train.jsonl, dev: sick_dev.jsonl, test: sick_test.jsonl}

    in   The young boys are playing outdoors <sep> There is no boy playing outdoors
    out  CONTRADICTION
"""

from collections.abc import Mapping

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

SERVER = "https://alt.qcri.org/semeval2014/task1/data/uploads"
COLUMNS = {"premise": "sentence_A", "hypothesis": "sentence_B", "label": "entailment_judgment"}
# As Hugging Face's `datasets` had them for these addresses; not checked here against the server.
SHA256 = {
    "train": "097295b8ad526d80cefc7a56444424d7f39020729e589618b4d40bb654195e1a",
    "trial": "8a81f25e2807f64a9419218cf4bca1eca86f2b74de03b1311cad6e3262a15e94",
    "test_annotated": "8a44227bb1f9d7249c0ac10cac54c5a6cc579195982b7f33fb0e3ebf5226b594",
}


def part(split: str, columns: Mapping[str, str] = COLUMNS) -> tuple[Source, ...]:
    """The table of a split; "trial" is what others call dev."""
    path, members = f"{SERVER}/sick_{split}.zip", (f"*SICK_{split}.txt",)
    return (Source((path,), "tsv", columns, sha256=(SHA256[split],), members=members),)


PROBLEM = Problem(
    task="inference",
    train=part("train"),
    dev=part("trial"),
    test=part("test_annotated"),
    columns={"premise": "sentence1", "hypothesis": "sentence2", "label": "gold_label"},
    vocabulary_size=2000,
    licence="CC BY-NC-SA 3.0; https://doi.org/10.5281/zenodo.2787612",
    expected="accuracy 0.713: LSTM of width 100 trained on SICK alone (Bowman et al. 2015); "
    "the largest class has 0.567 of the test split",
)
