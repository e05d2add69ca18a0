"""One Billion Word Benchmark: shuffled sentences of news, subwords; scored a word.

Reference: Chelba et al. 2013, https://arxiv.org/abs/1312.3005. Test is the part of the held-out
sentences that all papers report (heldout-00000), dev the next one. Downloads 1.8 GB.

    in   (nothing)
    out  The U.S. Centers for Disease Control and Prevention initially advised school systems ...
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

ADDRESS = (
    "https://www.statmt.org/lm-benchmark/"
    "1-billion-word-language-modeling-benchmark-r13output.tar.gz"
)
# As TensorFlow Datasets has it for this address: the server publishes no checksum, and it was not
# checked here against the server.
SHA256 = "01ba60381110baf7f189dfd2b8374de371e8c9a340835793f190bdae9e90a34e"


def part(files: str) -> tuple[Source, ...]:
    """Files of the archive."""
    return (Source((ADDRESS,), "lines", sha256=(SHA256,), members=(files,)),)


PROBLEM = Problem(
    task="language_modelling",
    train=part("*training-monolingual.tokenized.shuffled/news.en-*"),
    dev=part("*/news.en.heldout-00001-of-00050"),
    test=part("*/news.en.heldout-00000-of-00050"),
    format="lines",
    vocabulary_size=32_000,
    vocabulary_sample=1_000_000,
    byte_fallback=True,
    drop=("too_long",),
    metrics=("word_perplexity", "perplexity", "bits_per_character"),
    dev_metric="word_perplexity",
    licence="none stated; made of the monolingual news of WMT 2011: research use",
    expected="word perplexity 30.0: LSTM of 1.04 billion parameters (Jozefowicz et al. 2016, "
    "arXiv 1602.02410)",
)
