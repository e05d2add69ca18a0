"""Flickr30k: 31,000 photographs with five captions each, Karpathy's splits of 29,000, 1,014, 1,000.

Reference: Young et al. 2014, https://aclanthology.org/Q14-1006. The splits are in
caption_datasets.zip, https://cs.stanford.edu/people/karpathy/deepimagesent; the images are given
out on request, https://shannon.cs.illinois.edu/DenotationGraph. With both in one folder:

    problems:
      caption_flickr30k:
        train: {paths: [dataset_flickr30k.json, "images/*.jpg"], members: [train]}
        dev: {paths: [dataset_flickr30k.json, "images/*.jpg"], members: [val]}
        test: {paths: [dataset_flickr30k.json, "images/*.jpg"], members: [test]}

    in   a JPEG file, brought to 224 x 224 pixels as it is read
    out  Two young guys with shaggy hair look at their hands while hanging out in the yard.
"""

from dataclasses import replace

from components.datagen.problems import caption_flickr8k

PROBLEM = replace(
    caption_flickr8k.PROBLEM,
    vocabulary_size=8000,
    expected="BLEU-4 19.1: soft attention on VGG features of ImageNet (Xu et al. 2015, Table 1, "
    "arXiv 1502.03044); without pretraining expect less",
)
