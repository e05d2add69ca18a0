"""MultiNLI: 433,000 pairs of sentences from ten kinds of text; does the second follow from the
first?

Reference: Williams et al. 2018, https://arxiv.org/abs/1704.05426. The labels of its test set are
not public: test is dev-matched, as in most papers, and dev is cut from train.

    in   You and your friends are not welcome here, said Severn. <sep> Severn said they were.
    out  contradiction
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

# As TensorFlow Datasets has it for this address; not checked here against the server.
SHA256 = "049f507b9e36b1fcb756cfd5aeb3b7a0cfcb84bf023793652987f7e7e0957822"
COLUMNS = {"premise": "sentence1", "hypothesis": "sentence2", "label": "gold_label"}


def part(split: str) -> tuple[Source, ...]:
    """The file of a split."""
    address = "https://cims.nyu.edu/~sbowman/multinli/multinli_1.0.zip"
    members = (f"*multinli_1.0_{split}.jsonl",)
    return (Source((address,), "jsonl", COLUMNS, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="inference",
    train=part("train"),
    dev=Cut("train", 9000),
    test=part("dev_matched"),
    format="jsonl",
    columns=COLUMNS,
    vocabulary_size=32_000,
    licence="OANC licence; part CC BY-SA 3.0 and CC BY 3.0",
    expected="accuracy 0.723: ESIM (Williams et al. 2018, Table 4, test), 0.846: BERT_base (Devlin "
    "et al. 2019, Table 1, test)",
)
