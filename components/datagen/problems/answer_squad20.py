"""SQuAD 2.0: SQuAD 1.1 and 53,000 questions that the passage does not answer.

Reference: Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822. The test set is not public: test
is the official dev set, as in papers, and dev is cut from train.

    in   What is France a region of? <sep> The Normans were the people who in the 10th ...
    out  (nothing)
"""

from dataclasses import replace

from components.datagen.problem import Cut
from components.datagen.problems import answer_squad11
from components.datagen.problems.answer_squad11 import part

TRAIN = "68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002"
DEV = "80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8"

PROBLEM = replace(
    answer_squad11.PROBLEM,
    train=part("train-v2.0", TRAIN),
    dev=Cut("train", 5000),
    test=part("dev-v2.0", DEV),
    expected="F1 81.9: BERT_large (Devlin et al. 2019, Table 3, dev); saying that there is no "
    "answer has about 50",
)
