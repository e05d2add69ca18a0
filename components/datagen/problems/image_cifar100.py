"""CIFAR-100: 60,000 photographs of a hundred classes, 32 x 32 pixels; the last 5,000 are dev.

Reference: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images",
https://www.cs.toronto.edu/~kriz/cifar.html. Labels are the fine ones, by number.

    in   3,072 bytes, three a pixel
    out  42
"""

from dataclasses import replace

from components.datagen.problems import image_cifar10

SHA256 = "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"

PROBLEM = replace(
    image_cifar10.PROBLEM,
    train=image_cifar10.part("cifar-100", "train.bin", SHA256),
    test=image_cifar10.part("cifar-100", "test.bin", SHA256),
    expected="accuracy 0.8075: Wide ResNet-28-10 (Zagoruyko and Komodakis 2016, arXiv 1605.07146); "
    "transformers without pretraining reach less",
)
