"""CoLA: 10,657 sentences of linguistics books, acceptable English (1) or not (0). As in GLUE.

Reference: Warstadt et al. 2019, https://arxiv.org/abs/1805.12471. The labels of the test set are
not public: test is GLUE's dev split, and dev is cut from train.

    in   Our friends won't buy this analysis, let alone the next one we propose.
    out  1
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

ADDRESS = "https://dl.fbaipublicfiles.com/glue/data/CoLA.zip"
# As Hugging Face's `datasets` had it for this address; not checked here against the server.
SHA256 = "f212fcd832b8f7b435fb991f101abf89f96b933ab400603bf198960dfc32cbff"
# The files have no header: source of the sentence, label, the author's mark, sentence.
COLUMNS = {"text": 4, "label": 2}


def part(split: str) -> tuple[Source, ...]:
    """The file of a split in the archive."""
    members = (f"*/{split}.tsv",)
    return (Source((ADDRESS,), "tsv", COLUMNS, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="text_classification",
    train=part("train"),
    dev=Cut("train", 850),
    test=part("dev"),
    format="tsv",
    columns=COLUMNS,
    vocabulary_size=4000,
    metrics=("matthews", "accuracy"),
    dev_metric="matthews",
    licence="none stated; the sentences are quoted from published books: research use",
    expected="Matthews correlation 0.521: BERT_base (Devlin et al. 2019, Table 1, on the hidden "
    "test set); without pretraining expect far less",
)
