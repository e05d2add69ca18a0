"""COCO captions: 123,000 photographs with five captions each.

Reference: Chen et al. 2015, https://arxiv.org/abs/1504.00325. COCO's own files of 2014: test is its
validation set of 40,504, as the test set has no public captions, and dev is cut from the 82,783 of
train. Downloads 20 GB. Papers use Karpathy's splits of the same images (caption_datasets.zip,
https://cs.stanford.edu/people/karpathy/deepimagesent). With all of it unpacked side by side:

    problems:
      caption_coco:
        train: {paths: [dataset_coco.json, "*2014/*.jpg"], members: ["train,restval"]}
        dev: {paths: [dataset_coco.json, "val2014/*.jpg"], members: [val]}
        test: {paths: [dataset_coco.json, "val2014/*.jpg"], members: [test]}

    in   a JPEG file, brought to 224 x 224 pixels as it is read
    out  A man with a red helmet on a small moped on a dirt road.
"""

from components.datagen.problem import Cut, Problem
from components.datagen.sources.source import Source

SERVER = "http://images.cocodataset.org"
# As TensorFlow Datasets has them for these addresses; not checked here against the server.
CAPTIONS = "031296bbc80c45a1d1f76bf9a90ead27e94e99ec629208449507a4917a3bf009"
TRAIN = "ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775"
VAL = "fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0"


def part(split: str, sha256: str) -> tuple[Source, ...]:
    """The captions and the images of a split."""
    paths = (f"{SERVER}/annotations/annotations_trainval2014.zip", f"{SERVER}/zips/{split}.zip")
    members = (f"*captions_{split}.json",)
    return (Source(paths, "coco_captions", sha256=(CAPTIONS, sha256), members=members),)


PROBLEM = Problem(
    task="captioning",
    train=part("train2014", TRAIN),
    dev=Cut("train", 5000),
    test=part("val2014", VAL),
    format="coco_captions",
    vocabulary_size=10_000,
    byte_fallback=True,
    options={"image_shape": (224, 224, 3), "patch": 16, "encoded": True},
    licence="CC BY 4.0 (captions); the photographs have the terms of Flickr",
    expected="BLEU-4 24.3 on Karpathy's test split: soft attention on VGG features of ImageNet (Xu "
    "et al. 2015, Table 1, arXiv 1502.03044); without pretraining expect less",
)
