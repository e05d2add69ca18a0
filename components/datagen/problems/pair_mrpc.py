"""MRPC: 5,801 pairs of sentences from the news; do they mean the same?

Reference: Dolan and Brockett 2005, https://aclanthology.org/I05-5002. Dev is cut from train, as the
data set has none; test is its own.

    in   PCCW's chief operating officer ... will report directly to Mr So . <sep> Current Chief ...
    out  1
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

FOLDER = "https://dl.fbaipublicfiles.com/senteval/senteval_data"
COLUMNS = {"premise": "#1 String", "hypothesis": "#2 String", "label": "Quality"}
# As TensorFlow Datasets has them for these addresses; not checked here against the server.
TRAIN = "60a9b09084528f0673eedee2b69cb941920f0b8cd0eeccefc464a98768457f89"
TEST = "a04e271090879aaba6423d65b94950c089298587d9c084bf9cd7439bd785f784"


def part(split: str, sha256: str) -> tuple[Source, ...]:
    """The file of a split."""
    path = f"{FOLDER}/msr_paraphrase_{split}.txt"
    return (Source((path,), "tsv", COLUMNS, sha256=(sha256,)),)


PROBLEM = Problem(
    task="inference",
    train=part("train", TRAIN),
    dev=Cut("train", 400),
    test=part("test", TEST),
    format="tsv",
    columns=COLUMNS,
    vocabulary_size=4000,
    metrics=("f1", "accuracy"),
    dev_metric="f1",
    licence="Microsoft Research Data License; research use",
    expected="F1 0.889: BERT_base (Devlin et al. 2019, Table 1); always saying yes has about 0.80",
)
