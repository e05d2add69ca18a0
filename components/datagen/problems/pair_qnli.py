"""QNLI: 110,000 pairs of a question and a sentence; does the sentence hold the answer? As in GLUE.

Reference: Wang et al. 2019, https://arxiv.org/abs/1804.07461, made of SQuAD 1.1. The labels of
GLUE's test set are not public: test is its dev split, and dev is cut from train.

    in   When did the third Digimon series begin? <sep> Unlike the two seasons before it, ...
    out  not_entailment
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

ADDRESS = "https://dl.fbaipublicfiles.com/glue/data/QNLIv2.zip"
# As public code has it for this address, and TensorFlow Datasets for the file's older one; not checked
# here against the server.
SHA256 = "e634e78627a29adaecd4f955359b22bf5e70f2cbd93b493f2d624138a0c0e5f5"
COLUMNS = {"premise": "question", "hypothesis": "sentence", "label": "label"}


def part(split: str) -> tuple[Source, ...]:
    """The file of a split in the archive."""
    members = (f"*/{split}.tsv",)
    return (Source((ADDRESS,), "tsv", COLUMNS, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="inference",
    train=part("train"),
    dev=Cut("train", 5000),
    test=part("dev"),
    format="tsv",
    columns=COLUMNS,
    vocabulary_size=32_000,
    character_coverage=0.9995,
    licence="CC BY-SA 4.0 (SQuAD)",
    expected="accuracy 0.905: BERT_base (Devlin et al. 2019, Table 1, on the hidden test set)",
)
