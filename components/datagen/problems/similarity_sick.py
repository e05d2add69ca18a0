"""SICK's relatedness: 9,927 pairs of sentences and how related they are, 1 to 5.

Reference: Marelli et al. 2014, http://www.lrec-conf.org/proceedings/lrec2014/summaries/363.html;
https://doi.org/10.5281/zenodo.2787612. Splits of SemEval 2014, task 1: 4,500, 500 and 4,927. Files
of your own have one JSON object a line; others are named by `columns`:

    problems:
      similarity_sick: {train: sick_train.jsonl, dev: sick_dev.jsonl, test: sick_test.jsonl}

    in   The young boys are playing outdoors <sep> There is no boy playing outdoors
    out  3.6
"""

from components.datagen.problem import Problem
from components.datagen.problems.infer_sick import part

COLUMNS = {"first": "sentence_A", "second": "sentence_B", "score": "relatedness_score"}

PROBLEM = Problem(
    task="similarity",
    train=part("train", COLUMNS),
    dev=part("trial", COLUMNS),
    test=part("test_annotated", COLUMNS),
    columns={"first": "sentence1", "second": "sentence2", "score": "relatedness"},
    vocabulary_size=2000,
    options={"low": 1.0, "high": 5.0},
    licence="CC BY-NC-SA 3.0; https://doi.org/10.5281/zenodo.2787612",
    expected="Pearson 0.868: Tree-LSTM on dependencies with pretrained vectors (Tai et al. 2015, "
    "Table 3, arXiv 1503.00075)",
)
