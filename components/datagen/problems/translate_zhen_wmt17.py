"""WMT 2017, Chinese to English: News Commentary v12, the 227,000 pairs that need no registration.

Reference: Bojar et al. 2017, https://aclanthology.org/W17-4717. Dev is newsdev2017, test
newstest2017. The other 20 million pairs of the task (UN corpus v1.0, CWMT) are given out on their
own pages; with them beside the rest, in params.yaml:

    problems:
      zhen_all: {base: translate_zhen_wmt17, train: [nc/nc.zh-en, un/UNv1.0.en-zh, cwmt/all]}

    in   28岁厨师被发现死于旧金山一家商场
    out  28-Year-Old Chef Found Dead at San Francisco Mall
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

SERVER = "https://data.statmt.org/wmt17/translation-task"
# The server publishes none. As TensorFlow Datasets (the corpus) and stagedml (dev.tgz) have them for
# these addresses; not checked here against the server. For test.tgz none is known.
SHA256 = {
    "training-parallel-nc-v12.tgz": (
        "2b45f30ef1d550d302fd17dd3a5cbe19134ccc4c2cf50c2dae534aee600101a2"
    ),
    "dev.tgz": "9d5ff04a28496b7796904ea65e50e3837bab14dbdca88b1e063105f17513dca9",
}


def archive(address: str, chinese: str, english: str, format: str) -> Source:
    """The two files of a corpus inside one archive."""
    sha256 = (SHA256.get(address, ""),)
    members = (f"*{chinese}", f"*{english}")
    return Source((f"{SERVER}/{address}",), format, sha256=sha256, members=members)


PROBLEM = Problem(
    task="translation",
    train=(
        archive(
            "training-parallel-nc-v12.tgz",
            "news-commentary-v12.zh-en.zh",
            "news-commentary-v12.zh-en.en",
            "parallel_text",
        ),
    ),
    dev=(archive("dev.tgz", "newsdev2017-zhen-src.zh.sgm", "newsdev2017-zhen-ref.en.sgm", "sgm"),),
    test=(
        archive("test.tgz", "newstest2017-zhen-src.zh.sgm", "newstest2017-zhen-ref.en.sgm", "sgm"),
    ),
    suffixes=("zh", "en"),
    vocabulary_size=16_000,
    shared_vocabulary=False,
    character_coverage=0.9995,
    byte_fallback=True,
    drop=("duplicates", "empty", "too_long"),
    max_length=200,
    licence="free for research (see https://www.statmt.org/wmt17/translation-task.html)",
    expected="BLEU 24.2 with all the corpora (baseline of Hassan et al. 2018, arXiv 1803.05567); "
    "with News Commentary alone expect far less",
)
