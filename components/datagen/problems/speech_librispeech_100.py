"""LibriSpeech, the 100 hours of train-clean-100: read books, 16 kHz, written in capitals.

Reference: Panayotov et al. 2015, https://www.openslr.org/12. Dev is dev-clean, test test-clean.
Downloads 7 GB.

    in   a FLAC file of 2 to 24 seconds
    out  CHAPTER ONE MISSUS RACHEL LYNDE IS SURPRISED
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source


def part(split: str, sha256: str) -> tuple[Source, ...]:
    """The archive of a split."""
    path = f"https://www.openslr.org/resources/12/{split}.tar.gz"
    return (Source((path,), "librispeech", sha256=(sha256,)),)


TRAIN = part("train-clean-100", "d4ddd1d5a6ab303066f14971d768ee43278a5f2a0aa43dc716b0e64ecbbbf6e2")

PROBLEM = Problem(
    task="speech_recognition",
    train=TRAIN,
    dev=part("dev-clean", "76f87d090650617fca0cac8f88b9416e0ebf80350acb97b343a85fa903728ab3"),
    test=part("test-clean", "39fde525e59672dc6d1551919b1478f724438a95aa55f874b576be21967e6c23"),
    format="librispeech",
    options={"freq_masks": 2, "time_masks": 2},
    licence="CC BY 4.0",
    expected="WER 14.7 with attention, 5.8 with a hybrid model and its language model (Luescher et "
    "al. 2019, arXiv 1905.03072, 100 hours)",
)
