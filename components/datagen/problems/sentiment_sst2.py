"""SST-2: 68,000 phrases and sentences of film reviews, liked (1) or not (0). As in GLUE.

Reference: Socher et al. 2013, https://aclanthology.org/D13-1170. The labels of GLUE's test set are
not public: test is its dev split, and dev is cut from train, which holds phrases of its sentences.

    in   hide new secretions from the parental units
    out  0
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

ADDRESS = "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip"
# As Hugging Face's `datasets` had it for this address; not checked here against the server.
SHA256 = "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa"
COLUMNS = {"text": "sentence", "label": "label"}


def part(split: str) -> tuple[Source, ...]:
    """The file of a split in the archive."""
    members = (f"*/{split}.tsv",)
    return (Source((ADDRESS,), "tsv", COLUMNS, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="text_classification",
    train=part("train"),
    dev=Cut("train", 2000),
    test=part("dev"),
    format="tsv",
    columns=COLUMNS,
    vocabulary_size=8000,
    licence="none stated by the authors: research use",
    expected="accuracy 0.880: Tree-LSTM with pretrained vectors (Tai et al. 2015), 0.935: BERT "
    "(base; Devlin et al. 2019, Table 1); both on the hidden test set",
)
