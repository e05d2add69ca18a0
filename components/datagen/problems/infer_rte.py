"""RTE: 2,490 pairs of texts; does the second follow from the first? As in GLUE, from RTE 1, 2, 3,
5.

Reference: Dagan et al. 2006, https://doi.org/10.1007/11736790_9; Wang et al. 2019,
https://arxiv.org/abs/1804.07461. The labels of GLUE's test set are not public: test is its dev
split, and dev is cut from train. Files of another make are named by `columns`:

    problems:
      infer_rte: {train: rte1.jsonl, dev: rte2.jsonl, test: rte3.jsonl, columns:
                  {premise: sentence1, hypothesis: sentence2, label: gold_label}}

    in   Oracle had fought to keep the forms from being released <sep> Oracle released a document
    out  not_entailment
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

ADDRESS = "https://dl.fbaipublicfiles.com/glue/data/RTE.zip"
# As public code has it for this address, and TensorFlow Datasets for the file's older one; not checked
# here against the server.
SHA256 = "6bf86de103ecd335f3441bd43574d23fef87ecc695977a63b82d5efb206556ee"
COLUMNS = {"premise": "sentence1", "hypothesis": "sentence2", "label": "label"}


def part(split: str) -> tuple[Source, ...]:
    """The file of a split in the archive."""
    members = (f"*/{split}.tsv",)
    return (Source((ADDRESS,), "tsv", COLUMNS, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="inference",
    train=part("train"),
    dev=Cut("train", 250),
    test=part("dev"),
    columns=COLUMNS,
    vocabulary_size=4000,
    licence="none stated by GLUE; the PASCAL challenges ask to be cited: research use",
    expected="accuracy 0.664: BERT_base (Devlin et al. 2019, Table 1, test); half is chance, and "
    "models without pretraining stay near it",
)
