"""enwik8: the first 100 million bytes of an English Wikipedia dump, a byte a symbol.

Reference: M. Mahoney, http://mattmahoney.net/dc/textdata.html. Split as in Graves 2013 (arXiv
1308.0850) and ever since: 90, 5 and 5 million bytes, in this order. Read as Latin-1, every byte is one
character: bits_per_character is then the published number.

    in   (nothing)
    out  <title>Anarchism</title>
"""

from collections.abc import Iterator

from components.datagen.problem import Problem, Rows

ADDRESS = "http://mattmahoney.net/dc/enwik8.zip"
# As public code has it for this address; not checked here against the server.
SHA256 = "547994d9980ebed1288380d652999f38a14fe291a6247c157c3d33d4932534bc"
PARTS = {"train": (0, 90), "dev": (90, 95), "test": (95, 100)}
MILLION = 1_000_000


def rows(split: str, seed: int, *, archive: str) -> Iterator[dict[str, list[str]]]:
    """The lines of a split, the first and the last one cut where the bytes are.

    archive: path or address of enwik8.zip.
    """
    from components.datagen.sources.own import located
    from components.datagen.sources.ranges import lines_between

    file = located(archive, sha256=SHA256 if archive == ADDRESS else "", member="enwik8").only()
    start, end = (part * MILLION for part in PARTS[split])
    for lines in lines_between(file, start, end, size=100 * MILLION, encoding="latin-1"):
        yield {"text": lines}


MADE = Rows("components.datagen.problems.lm_enwik8:rows", {"archive": ADDRESS})

PROBLEM = Problem(
    task="language_modelling",
    train=MADE,
    dev=MADE,
    test=MADE,
    format="lines",
    targets_vocabulary="characters",
    options={"window": 512, "unit": "characters"},
    metrics=("bits_per_character", "perplexity"),
    dev_metric="bits_per_character",
    licence="CC BY-SA 3.0 (Wikipedia); http://mattmahoney.net/dc/enwik8.zip",
    expected="1.06 bits a byte: Transformer-XL of 12 layers, 41 million parameters (Dai et al. "
    "2019, Table 2); windows that begin with no context cost some more",
)
