"""STS-B: 7,200 pairs of sentences and how alike they are, 0 to 5. As in GLUE.

Reference: Cer et al. 2017, https://aclanthology.org/S17-2001. The scores of GLUE's test set are not
public: test is its dev split, and dev is cut from train.

    in   A plane is taking off. <sep> An air plane is taking off.
    out  5.000
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

ADDRESS = "https://dl.fbaipublicfiles.com/glue/data/STS-B.zip"
# As Hugging Face's `datasets` had it for this address; not checked here against the server.
SHA256 = "e60a6393de5a8b5b9bac5020a1554b54e3691f9d600b775bd131e613ac179c85"
COLUMNS = {"first": "sentence1", "second": "sentence2", "score": "score"}


def part(split: str) -> tuple[Source, ...]:
    """The file of a split in the archive."""
    members = (f"*/{split}.tsv",)
    return (Source((ADDRESS,), "tsv", COLUMNS, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="similarity",
    train=part("train"),
    dev=Cut("train", 500),
    test=part("dev"),
    format="tsv",
    columns=COLUMNS,
    vocabulary_size=8000,
    options={"low": 0.0, "high": 5.0},
    licence="CC BY-SA 4.0 in parts; see http://ixa2.si.ehu.eus/stswiki",
    expected="Spearman 0.858: BERT_base (Devlin et al. 2019, Table 1, on the hidden test set); "
    "without pretraining expect far less",
)
