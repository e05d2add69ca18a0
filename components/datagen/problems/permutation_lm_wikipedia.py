"""Permutation language modelling, as XLNet learns, on a Wikipedia dump of your own.

Reference: Yang et al. 2019, https://arxiv.org/abs/1906.08237, section 2.3 (their text is more than
Wikipedia). Make text of a dump of https://dumps.wikimedia.org, one paragraph a line (WikiExtractor
does):

    problems:
      permutation_lm_wikipedia: {train: "wiki/train/*.txt", dev: wiki/dev.txt, test: wiki/test.txt}

    in   Anarchism is a <gap_1> philosophy and movement <gap_0> is sceptical of all authority .
    out  that political
"""

from components.datagen.problem import Problem

PROBLEM = Problem(
    task="permutation_lm",
    format="lines",
    vocabulary_size=32_000,
    vocabulary_sample=1_000_000,
    character_coverage=0.9995,
    # There are 32 gaps; a sixth of the pieces of 128 words seldom needs more.
    options={"window": 128, "unit": "words"},
    licence="CC BY-SA 4.0 (Wikipedia); https://dumps.wikimedia.org",
    expected="no published number for Wikipedia alone; the paper reports tasks after fine-tuning",
)
