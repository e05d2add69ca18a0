"""WMT 2014, English to German: 4.5 million pairs of Common Crawl, Europarl v7, News Commentary v9.

Reference: Bojar et al. 2014, https://aclanthology.org/W14-3302. Dev is newstest2013, test the full
newstest2014 (3,003 sentences), as in "Attention Is All You Need". Downloads 1.6 GB.

    in   Orlando Bloom and Miranda Kerr still love each other
    out  Orlando Bloom und Miranda Kerr lieben sich noch immer
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

SERVER = "https://www.statmt.org"
# The server publishes none. As TensorFlow Datasets has them for these addresses, and dev.tgz's as
# other public code has it; not checked here against the server. For test-full.tgz none is known.
SHA256 = {
    "wmt13/training-parallel-commoncrawl.tgz": (
        "c7a74e2ea01ac6c920123108627e35278d4ccb5701e15428ffa34de86fa3a9e5"
    ),
    "wmt13/training-parallel-europarl-v7.tgz": (
        "0224c7c710c8a063dfd893b0cc0830202d61f4c75c17eb8e31836103d27d96e7"
    ),
    "wmt14/training-parallel-nc-v9.tgz": (
        "cb8953f292298e6877ae433c98912b927cb0766b303f4540512ddd286c748485"
    ),
    "wmt14/dev.tgz": "cda0f85309e8ea4c9c2bc142cd795fb2771a5939ed5b4527b525dae05fa0c145",
}


def archive(address: str, english: str, german: str, format: str = "parallel_text") -> Source:
    """The two files of a corpus inside one archive."""
    sha256 = (SHA256.get(address, ""),)
    return Source((f"{SERVER}/{address}",), format, sha256=sha256, members=(english, german))


PROBLEM = Problem(
    task="translation",
    train=(
        archive(
            "wmt13/training-parallel-commoncrawl.tgz",
            "*commoncrawl.de-en.en",
            "*commoncrawl.de-en.de",
        ),
        archive(
            "wmt13/training-parallel-europarl-v7.tgz",
            "*europarl-v7.de-en.en",
            "*europarl-v7.de-en.de",
        ),
        archive(
            "wmt14/training-parallel-nc-v9.tgz",
            "*news-commentary-v9.de-en.en",
            "*news-commentary-v9.de-en.de",
        ),
    ),
    dev=(archive("wmt14/dev.tgz", "*newstest2013.en", "*newstest2013.de"),),
    test=(
        archive(
            "wmt14/test-full.tgz",
            "*newstest2014-deen-src.en.sgm",
            "*newstest2014-deen-ref.de.sgm",
            format="sgm",
        ),
    ),
    suffixes=("en", "de"),
    vocabulary_size=32_000,
    vocabulary_sample=1_000_000,
    character_coverage=0.9995,
    byte_fallback=True,
    drop=("duplicates", "empty", "too_long", "lopsided"),
    max_length=200,
    licence="free for research (see https://www.statmt.org/wmt14/translation-task.html)",
    expected="BLEU 27.3 transformer_base, 28.4 transformer_big (Vaswani et al. 2017, Table 2); "
    "12 hours and 3.5 days on eight P100",
)
