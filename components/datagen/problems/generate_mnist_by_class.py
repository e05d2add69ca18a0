"""MNIST to be written when the digit is given: 784 bytes in reading order, a byte a symbol.

Reference: LeCun et al. 1998, https://doi.org/10.1109/5.726791; the files of `image_mnist`. With
`shrink: 2` images are 14 x 14 and a quarter as long.

    in   5
    out  784 bytes, one a pixel
"""

from dataclasses import replace

from components.datagen.problems import generate_mnist

PROBLEM = replace(generate_mnist.PROBLEM, task="class_image_generation")
