"""WikiText-103: 103 million words of Wikipedia's good articles, a word a symbol.

Reference: Merity et al. 2016, https://arxiv.org/abs/1609.07843; splits of the data set. There are
267,735 different words, so the last layer is most of a small model. The first server is closed;
this is an author's.

    in   (nothing)
    out  = Robert <unk> = <eol> <eol> Robert <unk> is an English film , television and theatre ...
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

ADDRESS = "https://wikitext.smerity.com/wikitext-103-v1.zip"
# Of the first server's file, as Hugging Face's `datasets` had it; public code has the same for this
# address. Not checked here against the server.
SHA256 = "242ba0f20b329cfdf1ccc61e9e9e5b59becf189db7f7a81cd2a0e2fc31539590"


def part(split: str, address: str = ADDRESS, sha256: str = SHA256) -> tuple[Source, ...]:
    """The file of a split in an archive."""
    members = (f"*wiki.{split}.tokens",)
    return (Source((address,), "lines", sha256=(sha256,), members=members),)


PROBLEM = Problem(
    task="language_modelling",
    train=part("train"),
    dev=part("valid"),
    test=part("test"),
    format="lines",
    targets_vocabulary="tokens",
    options={"window": 256, "unit": "words"},
    licence="CC BY-SA 3.0 (Wikipedia)",
    expected="perplexity 24.0: Transformer-XL, 151 million parameters (Dai et al. 2019, Table 1, "
    "arXiv 1901.02860); windows that begin with no context cost some more",
)
