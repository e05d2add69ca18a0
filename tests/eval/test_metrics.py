"""Each metric against the library it must equal, or against numbers worked out by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest

from components.eval.metrics import (
    accuracy,
    accuracy_top5,
    bleu,
    chrf,
    perplexity,
    sequence_accuracy,
    ter,
)


def _noisy_corpus(seed: int, sentences: int = 60) -> tuple[list[str], list[str]]:
    """References and predictions with dropped, doubled, swapped and changed words."""
    rng = random.Random(seed)
    words = "der Hund sieht die Katze, und sie läuft (schnell) weg. Über 3,5 % Äpfel!".split()
    targets, predictions = [], []
    for _ in range(sentences):
        target = rng.choices(words, k=rng.randrange(1, 15))
        prediction = [rng.choice(words) if rng.random() < 0.2 else word for word in target]
        if rng.random() < 0.3:
            rng.shuffle(prediction)
        if rng.random() < 0.3:
            prediction = prediction[: rng.randrange(len(prediction) + 1)]
        targets.append(" ".join(target))
        predictions.append(" ".join(prediction))
    return targets, predictions


CORPORA = [
    _noisy_corpus(1),
    _noisy_corpus(2),
    (["the cat sat on the mat ."], ["the cat sat on a mat ."]),
    (["a b c d e", "f"], ["x y z", ""]),  # nothing matches
    (["a b"], ["a b"]),  # no 3-grams at all
    (["a b c d e f"], ["a b c x y z"]),  # smoothed 4-grams
    (["", "a"], ["a", ""]),  # an empty reference
]


@pytest.mark.parametrize("corpus", CORPORA)
def test_sacrebleu_parity(corpus: tuple[list[str], list[str]]) -> None:
    import sacrebleu

    targets, predictions = corpus
    for module, function in (
        (bleu, sacrebleu.corpus_bleu),
        (chrf, sacrebleu.corpus_chrf),
        (ter, sacrebleu.corpus_ter),
    ):
        expected = function(predictions, [targets]).score
        found = module.metric(targets, predictions)[module.MAIN]
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-9), module.__name__


def test_signatures_are_sacrebleus() -> None:
    assert bleu.signature().startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.")
    assert chrf.signature().startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.")
    assert ter.signature().startswith("nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no")


def test_bleu_by_hand() -> None:
    # 5 of 6 words, 3 of 5 bigrams, 2 of 4 trigrams, 1 of 3 fourgrams; equal lengths.
    found = bleu.metric(["a b c d e f"], ["a b c d x f"])
    assert found["bleu"] == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    assert found["brevity_penalty"] == 1.0
    # half as long as the reference: exp(1 - 8 / 4)
    short = bleu.metric(["a b c d e f g h"], ["a b c d"])
    assert short["bleu"] == pytest.approx(100 * np.exp(-1))


def test_ter_counts_a_shifted_phrase_once() -> None:
    assert ter.metric(["a b c d"], ["c d a b"])["ter"] == pytest.approx(25.0)


def test_accuracy_against_sklearn() -> None:
    from sklearn.metrics import accuracy_score, top_k_accuracy_score

    rng = np.random.default_rng(3)
    scores = rng.normal(size=(200, 10))
    labels = rng.integers(10, size=200)
    ranked = np.argsort(-scores, axis=1)
    targets = [str(label) for label in labels]
    best = [str(row[0]) for row in ranked]
    names = [[str(label) for label in row] for row in ranked]
    assert accuracy.metric(targets, best)["accuracy"] == accuracy_score(labels, ranked[:, 0])
    assert accuracy_top5.metric(targets, names)["accuracy_top5"] == top_k_accuracy_score(
        labels, scores, k=5
    )


def test_sequence_accuracy_ignores_white_space_only() -> None:
    found = sequence_accuracy.metric(["a b", "a b", "a b"], ["a  b ", "a B", "a b c"])
    assert found["sequence_accuracy"] == pytest.approx(1 / 3)


def test_perplexity_of_a_uniform_guess_is_the_number_of_choices() -> None:
    tokens = np.array([3.0, 5.0])
    table = np.stack([tokens * np.log(8), tokens, [1.0, 1.0]], axis=-1)
    found = perplexity.metric([], table)
    assert found["perplexity"] == pytest.approx(8)
    assert found["bits_per_token"] == pytest.approx(3)
    assert found["token_accuracy"] == pytest.approx(2 / 8)


def test_perplexity_stays_finite() -> None:
    assert np.isfinite(perplexity.metric([], np.array([[1e9, 1, 0]]))["perplexity"])


def test_unequal_lengths_are_refused() -> None:
    for module in (accuracy, accuracy_top5, sequence_accuracy):
        with pytest.raises(ValueError):
            module.metric(["a", "b"], ["a"])
