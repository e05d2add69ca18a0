"""Multi30k, English to French: 29,000 image captions translated by people (task 1, text only).

Reference: Elliott et al. 2017, "Findings of the Second Shared Task on Multimodal Machine
Translation and Multilingual Image Description", https://aclanthology.org/W17-4718.
The test split is test_2016_flickr.

    in   Two young, White males are outside near many bushes.
    out  Deux jeunes hommes blancs sont dehors près de buissons.
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

FOLDER = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw"


def parallel(split: str, english: str, french: str) -> tuple[Source, ...]:
    """The two files of a split with their sha256."""
    paths = (f"{FOLDER}/{split}.en.gz", f"{FOLDER}/{split}.fr.gz")
    return (Source(paths, "parallel_text", sha256=(english, french)),)


PROBLEM = Problem(
    task="translation",
    train=parallel(
        "train",
        "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
        "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c",
    ),
    dev=parallel(
        "val",
        "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
        "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9",
    ),
    test=parallel(
        "test_2016_flickr",
        "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
        "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90",
    ),
    suffixes=("en", "fr"),
    vocabulary_size=6000,
    licence="none stated by the data set; captions derive from Flickr30k: research use",
    expected="published text-only: 61.8 (Wu et al. 2021), of tokenised, lower-cased text",
)
