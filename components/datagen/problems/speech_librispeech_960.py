"""LibriSpeech, all 960 hours of training: read books, 16 kHz, written in capitals.

Reference: Panayotov et al. 2015, https://www.openslr.org/12. Dev is dev-clean, test test-clean; the
speakers who are harder to understand are in `speech_librispeech_960_other`. Downloads 61 GB.

    in   a FLAC file of 1 to 35 seconds
    out  CHAPTER ONE MISSUS RACHEL LYNDE IS SURPRISED
"""

from dataclasses import replace

from components.datagen.problems import speech_librispeech_100
from components.datagen.problems.speech_librispeech_100 import TRAIN, part

# As TensorFlow Datasets has them for these addresses; not checked here against the server.
CLEAN = "146a56496217e96c14334a160df97fffedd6e0a04e66b9c5af0d40be3c792ecf"
OTHER = "ddb22f27f96ec163645d53215559df6aa36515f26e01dd70798188350adcb6d2"

PROBLEM = replace(
    speech_librispeech_100.PROBLEM,
    train=(*TRAIN, *part("train-clean-360", CLEAN), *part("train-other-500", OTHER)),
    expected="WER 2.7 with 10 million parameters, 2.1 with 119 million, no language model: "
    "Conformer (Gulati et al. 2020, arXiv 2005.08100)",
)
