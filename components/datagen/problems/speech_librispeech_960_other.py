"""LibriSpeech, all 960 hours of training, judged on the speakers who are harder to understand.

Reference: Panayotov et al. 2015, https://www.openslr.org/12. Dev is dev-other, test test-other;
training is that of `speech_librispeech_960`, whose archives in the cache are used.

    in   a FLAC file of 1 to 35 seconds
    out  THERE'S IRON THEY SAY IN ALL OUR BLOOD AND A GRAIN OR TWO PERHAPS IS GOOD ...
"""

from dataclasses import replace

from components.datagen.problems import speech_librispeech_960
from components.datagen.problems.speech_librispeech_100 import part

# As TensorFlow Datasets has them for these addresses; not checked here against the server.
DEV = "12661c48e8c3fe1de2c1caa4c3e135193bfb1811584f11f569dd12645aa84365"
TEST = "d09c181bba5cf717b3dee7d4d592af11a3ee3a09e08ae025c5506f6ebe961c29"

PROBLEM = replace(
    speech_librispeech_960.PROBLEM,
    dev=part("dev-other", DEV),
    test=part("test-other", TEST),
    expected="WER 6.3 with 10 million parameters, 4.3 with 119 million, no language model: "
    "Conformer (Gulati et al. 2020, arXiv 2005.08100)",
)
