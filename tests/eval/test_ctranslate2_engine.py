"""CTranslate2 in the place of the network: the same outputs, the same scores, a clear record."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops

from components.catalog import UserError
from components.datagen.schema import EOS, PAD, Manifest
from components.eval.decoding.search import search_of
from components.eval.evaluate import evaluate
from components.eval.export_ctranslate2 import engine_of
from components.eval.input_batches import Reach
from components.eval.predict import Predictor, target_vocabulary
from components.eval.settings import EvalSettings
from components.train.records import Records
from tests.eval import tiny
from tests.eval.pairs import HPARAMS, random_network, saved, write_pairs

ctranslate2 = pytest.importorskip("ctranslate2")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs"))


@pytest.fixture(scope="module")
def network(data: Path) -> Any:
    return random_network(data, HPARAMS)


def both(data: Path, network: Any, settings: EvalSettings) -> tuple[Any, Any]:
    """What we and what CTranslate2 answer on the dev split."""
    manifest = Manifest.load(data)
    dev = Records(data, manifest, "dev")
    reach = Reach(settings.batch_tokens, settings.extra_length)
    vocabulary = target_vocabulary(data, manifest)
    ours = Predictor(network, vocabulary, search=search_of(settings), reach=reach).predict(dev)
    return ours, engine_of(network, manifest, data, settings).predict(dev)


@pytest.mark.parametrize("extra", [3, 50])
def test_greedy_outputs_are_ours_cut_at_the_same_length(
    data: Path, network: Any, extra: int
) -> None:
    ours, theirs = both(data, network, EvalSettings(method="greedy", extra_length=extra))
    same = [a == b for a, b in zip(ours.texts, theirs.texts, strict=True)]
    assert sum(same) >= 29 and len(set(ours.texts)) > 10


@pytest.mark.parametrize(("method", "alpha"), [("greedy", 0.0), ("beam", 0.6)])
def test_scores_are_the_penalised_log_probabilities_of_our_network(
    data: Path, network: Any, method: str, alpha: float
) -> None:
    manifest = Manifest.load(data)
    dev = Records(data, manifest, "dev")
    engine = engine_of(network, manifest, data, EvalSettings(method=method, extra_length=8))
    found = []
    translate = engine._translate

    def kept(rows: list[list[str]], limit: int) -> list[tuple[float, list[int]]]:
        answers = translate(rows, limit)
        found.extend((limit, row, *one) for row, one in zip(rows, answers, strict=True))
        return answers

    engine._translate = kept  # type: ignore[method-assign]
    engine.predict(dev)
    pieces = engine.pieces["inputs"]
    assert len(found) == 30
    for limit, row, score, ids in found:
        assert 0 < len(ids) <= limit and EOS not in ids[:-1]
        inputs = np.array([[*map(pieces.index, row), EOS]])
        batch = {"inputs": inputs, "targets": np.array([ids])}
        logits = np.array(ops.convert_to_numpy(network(batch, training=False))[0])
        logits[:, PAD] = -1e9  # never drawn, and CTranslate2 leaves it out of the sum as well
        log_probs = ops.convert_to_numpy(ops.log_softmax(logits))
        total = sum(float(log_probs[i, symbol]) for i, symbol in enumerate(ids))
        length = len(ids) if ids[-1] == EOS else limit
        # Each symbol within 1e-4 (weights are large here).
        each = 1e-4 * len(ids)
        assert score == pytest.approx(total / ((5 + length) / 6) ** alpha, abs=each)


def test_our_search_finds_the_same_or_better(data: Path, network: Any) -> None:
    # Padding has probability in these random weights, which only our scores count: so texts.
    ours, theirs = both(data, network, EvalSettings(extra_length=8))
    same = [a == b for a, b in zip(ours.texts, theirs.texts, strict=True)]
    assert np.mean(same) >= 0.5


def run_of(network: Any, folder: Path) -> Path:
    (folder / "checkpoint").mkdir()
    saved(network, folder / "checkpoint" / "best.safetensors")
    return folder


def evaluated(run: Path, data: Path, model: str, hparams: dict[str, Any], **settings: Any) -> Any:
    values = {"method": "greedy", "extra_length": 8, "bootstrap_samples": 0, **settings}
    return evaluate(
        run_dir=run,
        data_dir=data,
        model=model,
        hparams=hparams,
        settings=values,
        report=lambda event: None,
    )


@pytest.mark.slow
def test_metrics_say_which_engine_it_was_and_agree(
    data: Path, network: Any, tmp_path: Path
) -> None:
    run = run_of(network, tmp_path)
    ours = evaluated(run, data, "transformer", HPARAMS)
    texts = (run / "predictions.test.txt").read_text()
    theirs = evaluated(run, data, "transformer", HPARAMS, engine="ctranslate2")
    assert json.loads((run / "metrics.json").read_text()) == theirs
    assert (run / "predictions.test.txt").read_text() == texts
    assert theirs["engine"] == "ctranslate2" and ours["engine"] == "keras"
    assert theirs["engine_version"] == ctranslate2.__version__
    assert theirs["engine_quantization"] == "float32"
    assert theirs["bleu"] == ours["bleu"] and theirs["loss"] == ours["loss"]
    small = evaluated(run, data, "transformer", HPARAMS, engine="ctranslate2", quantization="int8")
    assert small["engine_quantization"] == "int8"


@pytest.mark.parametrize("kind", ["model", "symbols"])
def test_what_it_cannot_run_is_decoded_by_keras_and_says_so(
    kind: str, data: Path, tmp_path: Path
) -> None:
    if kind == "model":
        hparams: dict[str, Any] = {"d_model": 16, "num_layers": 1}
        model, folder, reason = "lstm_attention", data, "only transformer can be exported"
        network = random_network(data, hparams, model)
    else:
        folder = tmp_path / "data"
        folder.mkdir()
        network = tiny.network(tiny.copying(folder), "transformer")
        model, hparams = "transformer", tiny.HPARAMS["transformer"]
        reason = "tiny: its inputs are no SentencePiece symbols"
    found = evaluated(run_of(network, tmp_path), folder, model, hparams, engine="ctranslate2")
    assert found["engine"] == "keras" and reason in found["engine_reason"]
    assert "engine_quantization" not in found


def test_where_it_is_not_installed_the_message_says_what_installs_it(
    data: Path, network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(UserError, match="not installed; `make repro EXTRA=ctranslate2`"):
        evaluated(run_of(network, tmp_path), data, "transformer", HPARAMS, engine="ctranslate2")
