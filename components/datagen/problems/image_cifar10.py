"""CIFAR-10: 60,000 photographs of ten classes, 32 x 32 pixels; the last 5,000 of training are dev.

Reference: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images",
https://www.cs.toronto.edu/~kriz/cifar.html. 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog,
6 frog, 7 horse, 8 ship, 9 truck.

    in   3,072 bytes, three a pixel
    out  3
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"


def part(name: str, files: str, sha256: str) -> tuple[Source, ...]:
    """Files of the archive of that name."""
    address = f"https://www.cs.toronto.edu/~kriz/{name}-binary.tar.gz"
    return (Source((address,), "cifar_binary", members=(f"*/{files}",), sha256=(sha256,)),)


PROBLEM = Problem(
    task="image_classification",
    train=part("cifar-10", "data_batch_*.bin", SHA256),
    dev=Cut("train", 5000, "last"),
    test=part("cifar-10", "test_batch.bin", SHA256),
    format="cifar_binary",
    options={"image_shape": (32, 32, 3), "patch": 4, "flip": True, "crop": 4},
    licence="none stated; the authors ask to cite the report: research use",
    expected="accuracy 0.9125: ResNet-20 (He et al. 2016, Table 6); transformers without "
    "pretraining reach less",
)
