"""Tiny Shakespeare: 1.1 million characters of his plays, a character a symbol.

Source: A. Karpathy, https://github.com/karpathy/char-rnn, one file without splits. As in nanoGPT the
first nine tenths are for training; the rest is cut in half.

    in   (nothing)
    out  First Citizen: Before we proceed any further, hear me speak.
"""

from collections.abc import Iterator

from components.datagen.problem import Problem, Rows

ADDRESS = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
)
# As TensorFlow Datasets has it for this address.
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
BYTES = {"train": (0, 1_003_854), "dev": (1_003_854, 1_059_624), "test": (1_059_624, 1_115_394)}


def rows(split: str, seed: int, *, file: str) -> Iterator[dict[str, list[str]]]:
    """The lines of a split, the first and the last one cut where the bytes are.

    file: path or address of the whole text.
    """
    from components.datagen.sources.own import located
    from components.datagen.sources.ranges import lines_between

    whole, size = located(file, sha256=SHA256).only(), BYTES["test"][1]
    for lines in lines_between(whole, *BYTES[split], size=size, encoding="ascii"):
        yield {"text": lines}


MADE = Rows("components.datagen.problems.lm_shakespeare_characters:rows", {"file": ADDRESS})

PROBLEM = Problem(
    task="language_modelling",
    train=MADE,
    dev=MADE,
    test=MADE,
    format="lines",
    targets_vocabulary="characters",
    options={"window": 128, "unit": "characters"},
    metrics=("bits_per_character", "perplexity"),
    dev_metric="bits_per_character",
    licence="public domain (the plays); MIT (the repository)",
    expected="1.47 nats, 2.12 bits, on dev and test together: nanoGPT of 6 layers, width 384, "
    "windows of 256; 1.88 nats: its setting for CPUs",
)
