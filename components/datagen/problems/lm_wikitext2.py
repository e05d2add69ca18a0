"""WikiText-2: 2 million words of Wikipedia's good articles, a word a symbol.

Reference: Merity et al. 2016, https://arxiv.org/abs/1609.07843; splits of the data set. Words seen
less than three times are <unk> in the files. The first server is closed; this is an author's.

    in   (nothing)
    out  = Robert <unk> = <eol> <eol> Robert <unk> is an English film , television and theatre ...
"""

from dataclasses import replace

from components.datagen.problems import lm_wikitext103
from components.datagen.problems.lm_wikitext103 import part

ADDRESS = "https://wikitext.smerity.com/wikitext-2-v1.zip"
SHA256 = ""  # none is known for this address

PROBLEM = replace(
    lm_wikitext103.PROBLEM,
    train=part("train", ADDRESS, SHA256),
    dev=part("valid", ADDRESS, SHA256),
    test=part("test", ADDRESS, SHA256),
    options={"window": 70, "unit": "words"},
    expected="perplexity 65.8: AWD-LSTM, 34 million parameters (Merity et al. 2018, "
    "arXiv 1708.02182); windows that begin with no context cost some more",
)
