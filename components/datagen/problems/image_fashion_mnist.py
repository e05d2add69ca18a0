"""Fashion-MNIST: 70,000 articles of clothing, 28 x 28 grey pixels; a drop-in for MNIST.

Reference: Xiao et al. 2017, https://arxiv.org/abs/1708.07747. The last 5,000 training images are
dev. 0 T-shirt, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 boot.

    in   784 bytes, one a pixel
    out  9
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

FOLDER = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"


def part(split: str, images: str, labels: str) -> tuple[Source, ...]:
    """The images and the labels of a split with their sha256."""
    paths = (f"{FOLDER}/{split}-images-idx3-ubyte.gz", f"{FOLDER}/{split}-labels-idx1-ubyte.gz")
    return (Source(paths, "idx_images", sha256=(images, labels)),)


# The sums are as TensorFlow Datasets has them for these addresses; not checked against the server.
PROBLEM = Problem(
    task="image_classification",
    train=part(
        "train",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    dev=Cut("train", 5000, "last"),
    test=part(
        "t10k",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    suffixes=("images-idx3-ubyte", "labels-idx1-ubyte"),
    options={"image_shape": (28, 28, 1), "patch": 4, "flip": True},
    licence="MIT",
    expected="accuracy 0.916: two convolutions and pooling; 0.949: ResNet-18 (table of "
    "https://github.com/zalandoresearch/fashion-mnist)",
)
