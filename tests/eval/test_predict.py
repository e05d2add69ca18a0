"""Predictions of real, untrained networks: cached as uncached, in any batches, in order."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from components.datagen.schema import EOS
from components.eval.decoding.decoder import Decoder, Search
from components.eval.decoding.search import search_of
from components.eval.input_batches import Reach, input_batches
from components.eval.predict import Predictor, dev_metric_fn, target_vocabulary
from components.eval.settings import EvalSettings
from components.train.batches import complete
from components.train.records import Records
from tests.eval import markov, tiny

MODELS = ("transformer", "lstm_attention")
LONGEST = 16
SETTINGS = EvalSettings(extra_length=4, beam_size=3)


@pytest.fixture(scope="module")
def copying(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copying")
    manifest = tiny.copying(folder)
    return folder, manifest, Records(folder, manifest, "test")


def predictor(copying, network, settings=SETTINGS, batch_tokens=64):
    folder, manifest, _ = copying
    reach = Reach(batch_tokens, settings.extra_length, settings.seed)
    vocabulary = target_vocabulary(folder, manifest)
    return Predictor(network, vocabulary, search=search_of(settings), reach=reach)


def with_reach(found, **changes):
    """The predictor with other batches or another seed: what is compiled depends on neither."""
    found.reach = dataclasses.replace(found.reach, **changes)
    return found


class Whole(keras.Model):
    """The network's teacher-forced logits, compiled."""

    def __init__(self, network):
        super().__init__()
        self.network, self.built = network, True
        self.jit_compile = keras.backend.backend() == "jax"

    def call(self, batch, training=None):
        return self.network(batch, training=False)


def uncached(whole, inputs):
    """log P(next | prefix) by a whole forward pass for each prefix of one sentence."""

    def log_probs(prefix):
        # Of one length, so that one graph does; what stands after a position cannot reach it.
        targets = np.full((1, LONGEST), EOS, np.int32)
        targets[0, : len(prefix)] = prefix
        batch = {"inputs": inputs[None], "targets": targets}
        logits = whole.predict_on_batch(batch)[0, len(prefix)]
        return logits - np.log(np.sum(np.exp(logits.astype(np.float64))))

    return log_probs


@pytest.mark.parametrize("model", MODELS)
def test_cached_beam_search_is_uncached_beam_search(copying, model, monkeypatch):
    _, manifest, records = copying
    network = tiny.network(manifest, model)
    outputs = predictor(copying, network).predict(records, max_examples=3)
    whole = Whole(network)
    monkeypatch.setattr(markov, "log_probs", lambda table, prefix: table(prefix))
    for index in range(3):
        inputs = records.batch([index])["inputs"][0]
        limit = len(inputs) + SETTINGS.extra_length
        search = markov.t2t_beam(uncached(whole, inputs), 3, limit, SETTINGS.length_penalty)
        score, ids = search[0]
        assert outputs.texts[index] == " ".join(tiny.WORDS[i] for i in ids if i != EOS)
        assert outputs.scores[index] == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_padding_of_inputs_changes_nothing(copying, model):
    _, manifest, records = copying
    decoder = predictor(copying, tiny.network(manifest, model))._model
    batch = {"inputs": records.batch([0, 1])["inputs"]}
    length = batch["inputs"].shape[1]
    batch["room"] = np.ones((2, 9), bool)
    batch["noise"] = np.zeros((2, 9), np.int32)
    ids, scores = decoder.predict_on_batch(batch)
    padded = {**batch, "inputs": np.pad(batch["inputs"], [(0, 0), (0, 17 - length)])}
    ids_again, scores_again = decoder.predict_on_batch(padded)
    assert (ids == ids_again).all()
    assert scores_again == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize("method", ["beam", "greedy", "sample"])
def test_batches_of_any_size_give_the_same_answers_in_order(copying, method):
    _, manifest, records = copying
    network = tiny.network(manifest, "transformer")
    settings = EvalSettings(method=method, extra_length=4, seed=5)
    found = predictor(copying, network, settings, batch_tokens=10_000)
    large = found.predict(records)
    first = found.predict(records, max_examples=3)
    small = with_reach(found, batch_tokens=20).predict(records)
    assert len(large.texts) == len(records) and len(set(large.texts)) > 2
    assert large.texts == small.texts
    assert small.scores == pytest.approx(large.scores, abs=1e-4)
    assert first.texts == large.texts[:3]


@pytest.fixture
def half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("method", ["beam", "greedy", "sample"])
def test_mixed_precision_decodes_every_example(copying, method, half_precision):
    _, manifest, records = copying
    network = tiny.network(manifest, "transformer")
    settings = EvalSettings(method=method, extra_length=4, seed=5)
    found = predictor(copying, network, settings).predict(records)
    assert len(found.texts) == len(records) and len(set(found.texts)) > 2
    assert np.isfinite(found.scores).all()


def test_mixed_precision_rounds_no_noise(copying, half_precision):
    _, manifest, records = copying

    def untouched(step, init_cache, batch, memory):
        return batch["noise"], ops.zeros((ops.shape(batch["noise"])[0],))

    decoder = Decoder(tiny.network(manifest, "transformer"), Search(1, untouched))
    for _, batch in input_batches(records, Reach()):
        np.testing.assert_array_equal(decoder.predict_on_batch(batch)[0], batch["noise"])
        assert len(np.unique(batch["noise"] % 4096)) > 100  # the low bits are drawn as well


def test_another_seed_draws_other_texts(copying):
    _, manifest, records = copying
    network = tiny.network(manifest, "transformer")
    one, same = (
        predictor(copying, network, EvalSettings(method="sample", seed=1)) for _ in range(2)
    )
    drawn = one.predict(records).texts
    assert same.predict(records).texts == drawn
    assert with_reach(same, seed=2).predict(records).texts != drawn


def test_static_batches_have_one_shape_a_padded_length(copying):
    *_, records = copying
    reach = Reach(batch_tokens=80, extra_length=4)
    batches = list(input_batches(records, reach, static=True))
    assert sorted(index for indices, _ in batches for index in indices) == list(range(14))
    assert {batch["inputs"].shape for _, batch in batches} == {(5, 16)}
    assert {batch["room"].shape for _, batch in batches} == {(5, 20)}
    for indices, batch in batches:
        limits = records.lengths["inputs"][indices] + 4
        assert batch["room"].sum(axis=1).tolist() == [*limits, *[0] * (5 - len(indices))]


def test_graphs_are_made_once_not_for_every_batch(copying):
    _, manifest, records = copying
    found = predictor(copying, tiny.network(manifest, "transformer"), batch_tokens=20)
    traces = []
    call = found._model.call

    def counted(batch, training=None):
        traces.append(batch["inputs"].shape)
        return call(batch)

    found._model.call = counted
    found.predict(records)
    made = len(traces)
    found.predict(records)
    # Three shapes at most before TensorFlow takes all; JAX has one a padded length, here 16.
    assert made <= 3
    assert len(traces) == made


def test_losses_are_in_record_order_and_sum_the_negative_log_likelihood(copying):
    _, manifest, records = copying
    network = tiny.network(manifest, "transformer")
    found = predictor(copying, network, batch_tokens=30).losses(records)
    assert (found[:, 1] == records.lengths["targets"]).all()
    whole = Whole(network)
    for index in (0, 3):
        one = records.batch([index])
        log_probs = uncached(whole, one["inputs"][0])
        ids = one["targets"][0].tolist()
        steps = [log_probs(ids[:place]) for place in range(len(ids))]
        nll = -sum(step[symbol] for step, symbol in zip(steps, ids, strict=True))
        right = sum(int(np.argmax(step)) == symbol for step, symbol in zip(steps, ids, strict=True))
        assert found[index, 0] == pytest.approx(nll, abs=1e-3)
        assert found[index, 2] == right


@pytest.mark.parametrize("model", ["transformer_encoder", "transformer"])
def test_labels_are_ranked_by_their_logits(tmp_path, model):
    manifest = tiny.animals(tmp_path)
    records = Records(tmp_path, manifest, "test")
    network = tiny.network(manifest, model)
    found = predictor((tmp_path, manifest, records), network, batch_tokens=12).predict(records)
    batch = complete(records.batch(range(len(records))), records, None, None)
    logits = ops.convert_to_numpy(network(batch, training=False))[:, 0]
    for index, row in enumerate(logits):
        expected = [tiny.LABELS[label] for label in np.argsort(-row)[:5]]
        assert found.rankings[index] == expected
        assert found.texts[index] == expected[0]


def test_the_dev_metric_is_that_of_greedy_outputs_with_the_weights_of_the_moment(copying):
    folder, manifest, _ = copying
    dev = Records(folder, manifest, "dev")
    network = tiny.network(manifest, "transformer")
    dev_metric = dev_metric_fn(folder, manifest, 6)
    first = dev_metric(network)["bleu"]
    other = tiny.network(manifest, "transformer", seed=2)
    for weight, value in zip(network.weights, other.weights, strict=True):
        weight.assign(ops.convert_to_numpy(value))
    second = dev_metric(network)["bleu"]
    greedy = EvalSettings(method="greedy")
    outputs = predictor(copying, other, greedy).predict(dev, max_examples=6)
    from components.eval.metrics import bleu

    assert second == bleu.metric(dev.texts("targets")[:6], outputs.texts)["bleu"]
    assert first != second
