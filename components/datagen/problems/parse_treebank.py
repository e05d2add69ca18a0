"""A treebank of your own: any files of bracketed trees, as in the Penn Treebank.

Give the files in params.yaml; they may be compressed, a tree may take one line or many, and empty
elements, function tags and the outer bracket are removed as for scoring:

    problems:
      parse_treebank: {train: wsj/train.mrg.gz, dev: wsj/dev.mrg.gz, test: wsj/test.mrg.gz}

A few thousand trees teach more with `leaves: tags`, `inputs_vocabulary: tokens` and `min_count: 2`, and
a model that knows that words come in order, such as `lstm_attention`.

    in   Mr. Vinken is chairman .
    out  (S (NP XX XX )NP (VP XX (NP XX )NP )VP XX )S
"""

from components.datagen.problem import Problem

PROBLEM = Problem(
    task="parsing",
    format="bracketed_trees",
    vocabulary_size=4000,
    max_length=300,
    licence="that of your files; the Penn Treebank is licensed by the LDC",
    expected="labelled bracket F1 91.3 with a transformer on the full WSJ (Vaswani et al. 2017); "
    "59 with 3,401 trees, tags as leaves and lstm_attention (docs/problems.md)",
)
