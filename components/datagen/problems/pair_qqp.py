"""QQP: 404,000 pairs of questions from Quora; do they ask the same? As in GLUE.

Reference: Wang et al. 2019, https://arxiv.org/abs/1804.07461. The labels of GLUE's test set are not
public: test is its dev split, and dev is cut from train.

    in   How is the life of a math student? <sep> Which level of preparation is enough for the exam?
    out  0
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

ADDRESS = "https://dl.fbaipublicfiles.com/glue/data/QQP-clean.zip"
# As Hugging Face's `datasets` had it for this address; not checked here against the server.
SHA256 = "40e7c862c04eb26ee04b67fd900e76c45c6ba8e6d8fab4f8f1f8072a1a3fbae0"
COLUMNS = {"premise": "question1", "hypothesis": "question2", "label": "is_duplicate"}


def part(split: str) -> tuple[Source, ...]:
    """The file of a split in the archive."""
    members = (f"*/{split}.tsv",)
    return (Source((ADDRESS,), "tsv", COLUMNS, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="inference",
    train=part("train"),
    dev=Cut("train", 10_000),
    test=part("dev"),
    format="tsv",
    columns=COLUMNS,
    vocabulary_size=32_000,
    character_coverage=0.9995,
    metrics=("f1", "accuracy"),
    dev_metric="f1",
    licence="Quora's terms of service: non-commercial use",
    expected="F1 0.712: BERT_base (Devlin et al. 2019, Table 1, on the hidden test set)",
)
