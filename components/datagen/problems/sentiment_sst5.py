"""SST-5: 11,855 sentences of film reviews with trees, 0 (worst) to 4 (best).

Reference: Socher et al. 2013, https://aclanthology.org/D13-1170; splits of the data set. As there,
training has every labelled phrase of its trees, dev and test have whole sentences. With local files:

    problems:
      sentiment_sst5: {train: {paths: [train.txt], format: sentiment_phrases}, dev: dev.txt, test: test.txt}

    in   It 's a lovely film with lovely performances by Buy and Accorsi .
    out  3
"""

from collections.abc import Mapping

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

ADDRESS = "https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip"
# As Hugging Face's `datasets` had it for this address; not checked here against the server.
SHA256 = "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc"


def part(
    split: str, format: str = "sentiment_trees", columns: Mapping[str, str] | None = None
) -> tuple[Source, ...]:
    """The file of a split."""
    members = (f"*{split}.txt",)
    return (Source((ADDRESS,), format, columns or {}, sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="text_classification",
    train=part("train", "sentiment_phrases"),
    dev=part("dev"),
    test=part("test"),
    format="sentiment_trees",
    vocabulary_size=4000,
    licence="none stated by the authors: research use",
    expected="accuracy 0.457: RNTN (Socher et al. 2013), 0.510: Tree-LSTM with pretrained vectors "
    "(Tai et al. 2015); both with the labels of phrases",
)
