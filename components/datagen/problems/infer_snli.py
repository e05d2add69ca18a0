"""SNLI: 570,000 pairs of sentences about photographs; does the second follow from the first?

Reference: Bowman et al. 2015, https://arxiv.org/abs/1508.05326; splits of the data set. Pairs that
the annotators could not agree on are left out, as everywhere.

    in   Two women are embracing while holding to go packages. <sep> The men are fighting.
    out  contradiction
"""

from collections.abc import Mapping

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

# As TensorFlow Datasets has it for this address; not checked here against the server.
SHA256 = "afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e"
COLUMNS = {"premise": "sentence1", "hypothesis": "sentence2", "label": "gold_label"}


def part(split: str, columns: Mapping[str, str] = COLUMNS) -> tuple[Source, ...]:
    """The file of a split."""
    address = "https://nlp.stanford.edu/projects/snli/snli_1.0.zip"
    members = (f"*snli_1.0_{split}.jsonl",)
    return (Source((address,), "jsonl", columns, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="inference",
    train=part("train"),
    dev=part("dev"),
    test=part("test"),
    format="jsonl",
    columns=COLUMNS,
    vocabulary_size=16_000,
    licence="CC BY-SA 4.0",
    expected="accuracy 0.776: LSTM of width 100 a sentence (Bowman et al. 2015, Table 6), 0.832: "
    "SPINN (Bowman et al. 2016, arXiv 1603.06021)",
)
