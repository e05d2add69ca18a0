"""ImageNet (ILSVRC 2012): 1.28 million photographs of a thousand classes, 224 x 224 pixels.

Reference: Russakovsky et al. 2015, https://arxiv.org/abs/1409.0575. A folder a class, the
validation images sorted into such folders too; they are the test split, as in papers, and dev is
cut off:

    problems:
      image_imagenet:
        train: ILSVRC2012/train/*/*.JPEG
        dev: {from: train, examples: 10000}
        test: ILSVRC2012/val/*/*.JPEG

From TensorFlow Datasets' `imagenet2012` such folders come by writing each example's `image`, loaded
with `decoders={"image": tfds.decode.SkipDecoding()}`, to train/<label>/<file_name> (its split
`validation` to val/...).

    in   a JPEG file, brought to 224 x 224 pixels as it is read
    out  n02123045
"""

from components.datagen.problem import Problem

PROBLEM = Problem(
    task="image_classification",
    format="folder_images",
    options={
        "image_shape": (224, 224, 3),
        "patch": 16,
        "encoded": True,
        "flip": True,
        "crop": 16,
    },
    licence="non-commercial research; after registration at https://image-net.org",
    expected="accuracy 0.722 DeiT-Ti, 0.798 DeiT-S, both with far more augmentation (Touvron et "
    "al. 2021, arXiv 2012.12877)",
)
