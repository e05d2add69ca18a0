"""WMT 2014, English to French: 40 million pairs of Common Crawl, Europarl v7, News Commentary v9,
the United Nations and Giga-FrEn.

Reference: Bojar et al. 2014, https://aclanthology.org/W14-3302. Dev is newstest2013, test the full
newstest2014 (3,003 sentences), as in "Attention Is All You Need". Downloads 6 GB.

    in   Orlando Bloom and Miranda Kerr still love each other
    out  Orlando Bloom et Miranda Kerr s'aiment toujours
"""

from components.datagen.problem import Problem
from components.datagen.problems import translate_ende_wmt14
from components.datagen.problems.translate_ende_wmt14 import SERVER
from components.datagen.sources.source import Source

# From the same places as German's, and as little checked.
SHA256 = translate_ende_wmt14.SHA256 | {
    "wmt13/training-parallel-un.tgz": (
        "29141b5c1eba149a94f7a59d3b1a834b2e47fe0f8758d68dcd77a3d3f497ee47"
    ),
    "wmt10/training-giga-fren.tar": (
        "3ff8319f6919393520559bfbc7ad6a747ec81b3abc7be9993b338d4b017b4d9a"
    ),
}


def archive(address: str, name: str, ending: str = "", format: str = "parallel_text") -> Source:
    """The two files of a corpus inside one archive."""
    members = (f"*{name}.en{ending}", f"*{name}.fr{ending}")
    sha256 = (SHA256.get(address, ""),)
    return Source((f"{SERVER}/{address}",), format, sha256=sha256, members=members)


PROBLEM = Problem(
    task="translation",
    train=(
        archive("wmt13/training-parallel-commoncrawl.tgz", "commoncrawl.fr-en"),
        archive("wmt13/training-parallel-europarl-v7.tgz", "europarl-v7.fr-en"),
        archive("wmt14/training-parallel-nc-v9.tgz", "news-commentary-v9.fr-en"),
        archive("wmt13/training-parallel-un.tgz", "undoc.2000.fr-en"),
        archive("wmt10/training-giga-fren.tar", "giga-fren.release2.fixed", ".gz"),
    ),
    dev=(archive("wmt14/dev.tgz", "newstest2013"),),
    test=(
        Source(
            (f"{SERVER}/wmt14/test-full.tgz",),
            "sgm",
            members=("*newstest2014-fren-src.en.sgm", "*newstest2014-fren-ref.fr.sgm"),
        ),
    ),
    suffixes=("en", "fr"),
    vocabulary_size=32_000,
    vocabulary_sample=1_000_000,
    character_coverage=0.9995,
    byte_fallback=True,
    drop=("duplicates", "empty", "too_long", "lopsided"),
    max_length=200,
    licence="free for research (see https://www.statmt.org/wmt14/translation-task.html)",
    expected="BLEU 38.1 transformer_base, 41.8 transformer_big (Vaswani et al. 2017, Table 2)",
)
