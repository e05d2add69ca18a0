"""A trained Transformer as a CTranslate2 model, checked against the network it comes from.

CTranslate2 (https://opennmt.net/CTranslate2) decodes on CPU and GPU, in int8 too, with no Keras.
Its beam search ranks by log p / length^a where ours has ((5 + length) / 6)^a, so greedy outputs and
scores are compared, not beams. `ctranslate2_engine.py` evaluates with what is written here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.catalog import UserError
from components.datagen import vocabulary
from components.datagen.replaced_folder import replaced_folder
from components.datagen.schema import Manifest
from components.eval.ctranslate2_engine import Engine, words
from components.eval.decoding.greedy import GREEDY
from components.eval.predict import Predictor
from components.eval.settings import EvalSettings
from components.train import checkpoint
from components.train.network import Network, build_network
from components.train.records import Records
from components.train.runtime import cores

BODY = "components.train.models.transformer"
# What is written below knows these settings only.
PLAIN = {
    "positions": "timing",
    "normalization": "layer_norm",
    "feed_forward": "relu",
    "attention_bias": False,
    "num_kv_heads": 0,
    "tied_softmax": True,
}
"""The model that can be exported. It is not imported here: an evaluation may export, and the identity
of another model's cell would depend on this one's code."""
LENGTHS = 1024
"""Positions that are written: CTranslate2 reads the sinusoids from a table."""
CLOSE = 1e-3
"""How far the log probability of a symbol may be from ours, in float32."""
CHECKED = 8
"""Dev examples on which an evaluation makes sure of that."""


def export(
    *,
    data_dir: str | Path,
    weights: str | Path,
    model: str,
    hparams: Mapping[str, Any],
    out_dir: str | Path,
    quantization: str | None = None,
    examples: int = 64,
) -> dict[str, Any]:
    """Writes a CTranslate2 model of SentencePiece pieces, and the vocabulary, into out_dir.

    data_dir: `data/<problem>`. weights: a checkpoint/*.safetensors of the cell.
    quantization: as CTranslate2 names it (int8, float16, ...); None keeps float32.
    examples: dev examples on which it is compared with the network.

    Returns {"examples", "same": greedy outputs that are equal, "difference": the largest between
    log probabilities of a reference's symbols}. Raises UserError if ctranslate2 is not installed,
    the cell is no Transformer from symbols to symbols, the quantization is unknown, the folder is not
    empty, or (in float32) the log probabilities differ.
    """
    ctranslate2 = installed()
    out, data = Path(out_dir), Path(data_dir)
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} is not empty; give another folder, or remove it")
    manifest = Manifest.load(data)
    network = build_network(manifest, model, dict(hparams))
    reason = unsupported(network, manifest)
    if reason:
        raise UserError(reason)
    checkpoint.load_weights(network, weights)
    with replaced_folder(out) as partial:
        pieces = write(network, manifest, data, partial, quantization)
        for name in {manifest.features[side].vocabulary for side in pieces}:
            (partial / str(name)).write_bytes((data / str(name)).read_bytes())
        translator = ctranslate2.Translator(str(partial), device="cpu", inter_threads=1)
        records = Records(data, manifest, "dev")
        found = difference(translator, network, records, pieces, examples)
        if quantization is None:
            check(found, str(out))
        loaded = vocabulary.load(data / str(manifest.features["targets"].vocabulary))
        greedy = Predictor(network, loaded, search=GREEDY)
        engine = Engine(translator, pieces, loaded, EvalSettings(method="greedy"))
        expected, texts = (
            one.predict(records, max_examples=examples).texts for one in (greedy, engine)
        )
        same = sum(a == b for a, b in zip(texts, expected, strict=True))
    return {"examples": min(examples, len(records)), "same": same, "difference": found}


def installed() -> Any:
    """The library; raises UserError if it is not installed."""
    try:
        import ctranslate2
    except ImportError as error:
        raise UserError(
            "ctranslate2 is not installed; `make repro EXTRA=ctranslate2` installs it"
        ) from error
    return ctranslate2


def unsupported(network: Network, manifest: Manifest) -> str | None:
    """Why CTranslate2 cannot run a network on a problem; None if it can."""
    reason = unsupported_model(type(network.body).__module__, network.hp)
    if reason:
        return reason
    for side in ("inputs", "targets"):
        file = manifest.features[side].vocabulary or ""
        if not file.endswith(vocabulary.KINDS["sentencepiece"]):
            return f"{manifest.problem}: its {side} are no SentencePiece symbols"
    return None


def unsupported_model(module: str, hp: Any) -> str | None:
    """Why CTranslate2 can run no network of this model, whatever the problem; None if it can.

    module: the model's, by its full name. hp: all hparams as attributes.
    """
    if module != BODY:
        name = module.rpartition(".")[2]
        return f"only transformer can be exported to CTranslate2, not {name}"
    for option, value in PLAIN.items():
        if getattr(hp, option) != value:
            return f"{option} {getattr(hp, option)!r} is not exported, only {value!r}"
    return None


def write(
    network: Network,
    manifest: Manifest,
    data: Path,
    folder: Path,
    quantization: str | None,
    positions: int = LENGTHS,
) -> dict[str, list[str]]:
    """Writes the network's weights as a CTranslate2 model; returns the pieces of each side.

    positions: the longest input or output that it must take. Raises UserError for an unknown
    quantization.
    """
    pieces = {side: _pieces(data, manifest, side) for side in ("inputs", "targets")}
    spec = _spec(installed(), network, positions)
    spec.register_source_vocabulary(pieces["inputs"])
    spec.register_target_vocabulary(pieces["targets"])
    spec.validate()
    try:
        spec.optimize(quantization=quantization)
    except ValueError as error:  # names the accepted ones
        raise UserError(f"quantization: {error}") from error
    spec.save(str(folder))
    return pieces


def _pieces(data: Path, manifest: Manifest, side: str) -> list[str]:
    import sentencepiece

    file = data / str(manifest.features[side].vocabulary)
    loaded = sentencepiece.SentencePieceProcessor(model_file=str(file))
    return [loaded.id_to_piece(i) for i in range(loaded.vocab_size())]


def _spec(ctranslate2: Any, network: Network, positions: int) -> Any:
    """The network's weights where CTranslate2 looks for them; its matrices are [out, in]."""
    hp, body = network.hp, network.body
    spec = ctranslate2.specs.TransformerSpec.from_config(
        (len(body.encoder.layers), len(body.decoder)), hp.num_heads, pre_norm=hp.norm == "pre"
    )
    timing = _array(body.positions(keras.ops.arange(positions)))
    spec.encoder.position_encodings.encodings = timing + _array(body.target_space)
    spec.decoder.position_encodings.encodings = timing
    spec.encoder.embeddings[0].weight = _array(network.input_net.embedding)
    spec.decoder.embeddings.weight = _array(network.target_net.embedding)
    spec.decoder.projection.weight = _array(network.target_net.embedding)
    spec.decoder.start_from_zero_embedding = True
    for theirs, layer in zip(spec.encoder.layer, body.encoder.layers, strict=True):
        _self_attention(theirs.self_attention, layer.attention, layer.wrap_attention)
        _feed_forward(theirs.ffn, layer.feed_forward, layer.wrap_ffn)
    for theirs, layer in zip(spec.decoder.layer, body.decoder, strict=True):
        _self_attention(theirs.self_attention, layer.self_attention, layer.wrap_self)
        _cross_attention(theirs.attention, layer.cross_attention, layer.wrap_cross)
        _feed_forward(theirs.ffn, layer.feed_forward, layer.wrap_ffn)
    if hp.norm == "pre":
        _norm(spec.encoder.layer_norm, body.encoder.close)
        _norm(spec.decoder.layer_norm, body.close)
    spec.config.unk_token, spec.config.eos_token = "<unk>", "</s>"
    spec.config.bos_token = spec.config.decoder_start_token = "<pad>"
    spec.config.add_source_eos = True
    spec.config.layer_norm_epsilon = body.decoder[0].wrap_ffn.norm.epsilon
    return spec


def _array(value: Any) -> np.ndarray:
    return np.ascontiguousarray(keras.ops.convert_to_numpy(value), np.float32)


def _turned(value: Any) -> np.ndarray:
    return np.ascontiguousarray(_array(value).T)


def _norm(spec: Any, wrapper: Any) -> None:
    spec.gamma, spec.beta = _array(wrapper.norm.gamma), _array(wrapper.norm.beta)


def _self_attention(spec: Any, layer: Any, wrapper: Any) -> None:
    q, kv = _turned(layer.q_kernel), _turned(layer.kv_kernel)
    spec.linear[0].weight = np.concatenate([q, kv])
    spec.linear[1].weight = _turned(layer.output_kernel)
    _norm(spec.layer_norm, wrapper)


def _cross_attention(spec: Any, layer: Any, wrapper: Any) -> None:
    spec.linear[0].weight = _turned(layer.q_kernel)
    spec.linear[1].weight = _turned(layer.kv_kernel)
    spec.linear[2].weight = _turned(layer.output_kernel)
    _norm(spec.layer_norm, wrapper)


def _feed_forward(spec: Any, layer: Any, wrapper: Any) -> None:
    for theirs, dense in ((spec.linear_0, layer.expand), (spec.linear_1, layer.contract)):
        theirs.weight, theirs.bias = _turned(dense.kernel), _array(dense.bias)
    _norm(spec.layer_norm, wrapper)


def difference(
    translator: Any,
    network: Network,
    records: Records,
    pieces: Mapping[str, list[str]],
    examples: int,
) -> float:
    """The largest between the two log probabilities of a reference's symbols."""
    batch = records.batch(range(min(examples, len(records))))
    sources = [words(row, pieces["inputs"]) for row in batch["inputs"]]
    targets = [words(row, pieces["targets"]) for row in batch["targets"]]
    scored = translator.score_batch(sources, targets)
    logits = network({"inputs": batch["inputs"], "targets": batch["targets"]}, training=False)
    ours = _array(keras.ops.log_softmax(keras.ops.cast(logits, "float32")))
    chosen = np.take_along_axis(ours, batch["targets"][..., None], axis=-1)[..., 0]
    return max(
        float(np.abs(np.array(one.log_probs) - row[: len(one.log_probs)]).max())
        for one, row in zip(scored, chosen, strict=True)
    )


def check(found: float, place: str) -> None:
    """Raises UserError if a float32 export's log probabilities are not the network's."""
    if found > CLOSE:
        raise UserError(
            f"{place}: a log probability differs by {found:.2g} from the network's; "
            "this is a fault of the export, please report it (nothing was written)"
        )


def engine_of(network: Network, manifest: Manifest, data: Path, settings: EvalSettings) -> Engine:
    """CTranslate2 with the weights that a network has now, ready to decode a split.

    `unsupported` must be None. Raises UserError if ctranslate2 is not installed, or if float32 log
    probabilities are not the network's.
    """
    library = installed()
    quantization = None if settings.quantization == "float32" else settings.quantization
    split, dev = (Records(data, manifest, name) for name in (settings.split, "dev"))
    longest = max(int(one.lengths["inputs"].max(initial=1)) for one in (split, dev))
    longest = max(longest + settings.extra_length, int(dev.lengths["targets"].max(initial=1)))
    with tempfile.TemporaryDirectory() as folder:
        pieces = write(network, manifest, data, Path(folder), quantization, longest + 1)
        translator = library.Translator(
            folder, device="cpu", inter_threads=1, intra_threads=cores()
        )
    if quantization is None and keras.config.dtype_policy().compute_dtype == "float32":
        check(difference(translator, network, dev, pieces, CHECKED), str(data))
    loaded = vocabulary.load(data / str(manifest.features["targets"].vocabulary))
    return Engine(translator, pieces, loaded, settings)
