"""SQuAD 1.1: 98,000 questions on Wikipedia; the answer is a part of the passage.

Reference: Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250. The test set is not public: test
is the official dev set, as in papers, and dev is cut from train.

    in   Which NFL team won Super Bowl 50? <sep> Super Bowl 50 was an American football game ...
    out  Denver Broncos
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source


def part(file: str, sha256: str) -> tuple[Source, ...]:
    """A file by its name."""
    address = f"https://rajpurkar.github.io/SQuAD-explorer/dataset/{file}.json"
    return (Source((address,), "squad", sha256=(sha256,)),)


PROBLEM = Problem(
    task="question_answering",
    train=part("train-v1.1", "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955"),
    dev=Cut("train", 4000),
    test=part("dev-v1.1", "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9"),
    format="squad",
    vocabulary_size=32_000,
    character_coverage=0.9995,
    drop=("too_long",),
    max_length=512,
    licence="CC BY-SA 4.0",
    expected="F1 77.3: BiDAF (Seo et al. 2017, Table 1, arXiv 1611.01603, test), 88.5: BERT_base "
    "(Devlin et al. 2019, Table 2); without pretrained vectors expect far less",
)
