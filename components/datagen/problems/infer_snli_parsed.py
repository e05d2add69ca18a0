"""SNLI with the parses that it ships: 570,000 pairs of sentences; does the second follow?

Reference: Bowman et al. 2015, https://arxiv.org/abs/1508.05326; binary parses by the Stanford PCFG
parser (Klein and Manning 2003), in the same files. For models that read a sentence as a tree; pairs
that the annotators could not agree on are left out.

    in   Two women are embracing . <sep> The sisters are hugging goodbye .
    out  neutral
"""

from components.datagen.problem import Problem
from components.datagen.problems.infer_snli import part

COLUMNS = {
    "premise_parse": "sentence1_binary_parse",
    "hypothesis_parse": "sentence2_binary_parse",
    "label": "gold_label",
}

PROBLEM = Problem(
    task="inference_parsed",
    train=part("train", COLUMNS),
    dev=part("dev", COLUMNS),
    test=part("test", COLUMNS),
    format="jsonl",
    columns=COLUMNS,
    licence="CC BY-SA 4.0",
    expected="accuracy 0.832: SPINN-PI, 0.806: an LSTM on the same words (Bowman et al. 2016, "
    "arXiv 1603.06021)",
)
