"""LCSTS: 2.4 million short Chinese texts of Weibo and their one-line summaries, by characters.

Reference: Hu et al. 2015, https://aclanthology.org/D15-1229. Given out on request; PART_I is train,
PART_II dev, and of PART_III the pairs with a score of 3 or more are test. One JSON object a line:

    problems:
      summarize_lcsts: {train: part1.jsonl, dev: part2.jsonl, test: part3.jsonl}

    in   新华社受权于18日全文播发修改后的《中华人民共和国立法法》，修改后的立法法分为...
    out  修改后的立法法全文公布
"""

from components.datagen.problem import Problem

PROBLEM = Problem(
    task="text_generation",
    format="jsonl",
    columns={"inputs": "text", "targets": "summary"},
    min_count=5,
    metrics=("rouge_zh", "bleu_zh", "perplexity"),
    dev_metric="rouge_zh",
    licence="for research, on request to the authors",
    expected="ROUGE-L 27.2 by characters: recurrent network with context (Hu et al. 2015)",
)
