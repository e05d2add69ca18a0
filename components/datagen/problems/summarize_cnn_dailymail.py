"""CNN and Daily Mail: 312,000 news articles and the bullet points that stand above them.

Reference: Hermann et al. 2015, https://arxiv.org/abs/1506.03340; See et al. 2017, whose splits and
names instead of entity numbers are usual (version 3.0.0 at
https://huggingface.co/datasets/abisee/cnn_dailymail). One JSON object a line, or Parquet:

    problems:
      summarize_cnn_dailymail: {train: "train-*.parquet", dev: dev.jsonl, test: test.jsonl}

    in   LONDON, England (Reuters) -- Harry Potter star Daniel Radcliffe gains access to a ...
    out  Harry Potter star Daniel Radcliffe gets £20M fortune as he turns 18 Monday.
"""

from components.datagen.problem import Problem

PROBLEM = Problem(
    task="summarization",
    columns={"document": "article", "summary": "highlights"},
    vocabulary_size=32_000,
    character_coverage=0.9995,
    drop=("empty",),
    licence="Apache-2.0 (the collection); the articles are their publishers'",
    expected="ROUGE-L 36.4 (ROUGE-1 39.5, ROUGE-2 17.3): pointer-generator with coverage (See et "
    "al. 2017, Table 1, arXiv 1704.04368)",
)
