"""MNIST: 70,000 handwritten digits, 28 x 28 grey pixels; the last 5,000 training images are dev.

Reference: LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition",
https://doi.org/10.1109/5.726791. The original server is often closed; the address is a mirror of
the same bytes (unpacked, they have the MD5 sums of the originals; every gzip file is its own).

    in   784 bytes, one a pixel
    out  5
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

FOLDER = "https://ossci-datasets.s3.amazonaws.com/mnist"

PROBLEM = Problem(
    task="image_classification",
    train=(
        Source(
            (f"{FOLDER}/train-images-idx3-ubyte.gz", f"{FOLDER}/train-labels-idx1-ubyte.gz"),
            "idx_images",
            sha256=(
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
        ),
    ),
    dev=Cut("train", 5000, "last"),
    test=(
        Source(
            (f"{FOLDER}/t10k-images-idx3-ubyte.gz", f"{FOLDER}/t10k-labels-idx1-ubyte.gz"),
            "idx_images",
            sha256=(
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
    suffixes=("images-idx3-ubyte", "labels-idx1-ubyte"),
    options={"image_shape": (28, 28, 1), "patch": 4},
    licence="CC BY-SA 3.0 (as commonly given; the authors state none)",
    expected="accuracy 0.985 or more: transformer_encoder of width 128, ten minutes on two "
    "CPU cores",
)
