"""Multi30k, English to German: 29,000 image captions translated by people (task 1, text only).

Reference: Elliott et al. 2016, "Multi30K: Multilingual English-German Image Descriptions",
https://aclanthology.org/W16-3210. The test split is test_2016_flickr.

    in   Two young, White males are outside near many bushes.
    out  Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

FOLDER = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw"


def parallel(split: str, english: str, german: str) -> tuple[Source, ...]:
    """The two files of a split with their sha256."""
    paths = (f"{FOLDER}/{split}.en.gz", f"{FOLDER}/{split}.de.gz")
    return (Source(paths, "parallel_text", sha256=(english, german)),)


PROBLEM = Problem(
    task="translation",
    train=parallel(
        "train",
        "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
        "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    ),
    dev=parallel(
        "val",
        "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
        "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
    ),
    test=parallel(
        "test_2016_flickr",
        "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
        "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
    ),
    suffixes=("en", "de"),
    vocabulary_size=6000,
    licence="none stated by the data set; captions derive from Flickr30k: research use",
    expected="sacreBLEU 38.5 or more: transformer of 4+4 layers, width 128 to 256, under an hour "
    "on two CPU cores; published text-only: 41.0 (tokenised, lower-cased)",
)
