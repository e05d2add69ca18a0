"""SST in two classes: film reviews liked (1) or not (0), neutral ones left out.

Reference: Socher et al. 2013, https://aclanthology.org/D13-1170; the data set's splits: 1,821 test
sentences. As there, training has every phrase of its trees that is not neutral.

    in   It 's a lovely film with lovely performances by Buy and Accorsi .
    out  1
"""

from components.datagen.problem import Problem
from components.datagen.problems.sentiment_sst5 import part

COLUMNS = {"label": "polarity"}

PROBLEM = Problem(
    task="text_classification",
    train=part("train", "sentiment_phrases", COLUMNS),
    dev=part("dev", columns=COLUMNS),
    test=part("test", columns=COLUMNS),
    format="sentiment_trees",
    columns=COLUMNS,
    vocabulary_size=4000,
    licence="none stated by the authors: research use",
    expected="accuracy 0.854: RNTN (Socher et al. 2013), 0.880: Tree-LSTM with pretrained vectors "
    "(Tai et al. 2015)",
)
