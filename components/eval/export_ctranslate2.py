"""A trained Transformer as a CTranslate2 model, checked against the network it comes from.

CTranslate2 (https://opennmt.net/CTranslate2) decodes on CPU and GPU, in int8 too, with no Keras.
Its beam search ranks by log p / length^a where ours has ((5 + length) / 6)^a, so greedy outputs and
scores are compared, not beams.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.catalog import UserError
from components.datagen import vocabulary
from components.datagen.replaced_folder import replaced_folder
from components.datagen.schema import EOS, PAD, Manifest
from components.eval.decoding.greedy import GREEDY
from components.eval.input_batches import Reach
from components.eval.predict import Predictor
from components.train import checkpoint
from components.train.layers.layer_norm import EPSILON
from components.train.layers.positions import timing_signal
from components.train.network import Network, build_network
from components.train.records import Records

LENGTHS = 1024
"""Positions that are written: CTranslate2 reads the sinusoids from a table."""
CLOSE = 1e-3
"""How far the log probability of a symbol may be from ours, in float32."""


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
    try:
        import ctranslate2
    except ImportError as error:
        raise UserError(
            "ctranslate2 is not installed; `make repro EXTRA=ctranslate2` installs it"
        ) from error
    out, data = Path(out_dir), Path(data_dir)
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} is not empty; give another folder, or remove it")
    manifest = Manifest.load(data)
    pieces = {side: _pieces(data, manifest, side) for side in ("inputs", "targets")}
    if model != "transformer":
        raise UserError(f"only transformer can be exported to CTranslate2, not {model}")
    network = build_network(manifest, model, dict(hparams))
    checkpoint.load_weights(network, weights)
    spec = _spec(ctranslate2, network, manifest)
    spec.register_source_vocabulary(pieces["inputs"])
    spec.register_target_vocabulary(pieces["targets"])
    spec.validate()
    try:
        spec.optimize(quantization=quantization)
    except ValueError as error:  # names the accepted ones
        raise UserError(f"quantization: {error}") from error
    with replaced_folder(out) as partial:
        spec.save(str(partial))
        for name in {manifest.features[side].vocabulary for side in pieces}:
            (partial / str(name)).write_bytes((data / str(name)).read_bytes())
        found = _compare(ctranslate2, partial, network, manifest, data, pieces, examples)
        if quantization is None and found["difference"] > CLOSE:
            raise UserError(
                f"{out}: a log probability differs by {found['difference']:.2g} from the network's; "
                "this is a fault of the export, please report it (nothing was written)"
            )
    return found


def _pieces(data: Path, manifest: Manifest, side: str) -> list[str]:
    feature = manifest.features[side]
    if not (feature.vocabulary or "").endswith(vocabulary.KINDS["sentencepiece"]):
        raise UserError(f"{manifest.problem}: its {side} are no SentencePiece symbols")
    import sentencepiece

    loaded = sentencepiece.SentencePieceProcessor(model_file=str(data / str(feature.vocabulary)))
    return [loaded.id_to_piece(i) for i in range(loaded.vocab_size())]


def _spec(ctranslate2: Any, network: Network, manifest: Manifest) -> Any:
    """The network's weights where CTranslate2 looks for them; its matrices are [out, in]."""
    hp, body = network.hp, network.body
    spec = ctranslate2.specs.TransformerSpec.from_config(
        (len(body.encoder.layers), len(body.decoder)), hp.num_heads, pre_norm=hp.norm == "pre"
    )
    timing = _array(timing_signal(keras.ops.arange(LENGTHS), hp.d_model))
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
    spec.config.layer_norm_epsilon = EPSILON
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


def _compare(
    ctranslate2: Any,
    out: Path,
    network: Network,
    manifest: Manifest,
    data: Path,
    pieces: Mapping[str, list[str]],
    examples: int,
) -> dict[str, Any]:
    records = Records(data, manifest, "dev")
    batch = records.batch(range(min(examples, len(records))))
    sources = [_words(row, pieces["inputs"]) for row in batch["inputs"]]
    targets = [_words(row, pieces["targets"]) for row in batch["targets"]]
    translator = ctranslate2.Translator(str(out), device="cpu", inter_threads=1)
    scored = translator.score_batch(sources, targets)
    logits = network({"inputs": batch["inputs"], "targets": batch["targets"]}, training=False)
    ours = _array(keras.ops.log_softmax(keras.ops.cast(logits, "float32")))
    chosen = np.take_along_axis(ours, batch["targets"][..., None], axis=-1)[..., 0]
    difference = max(
        float(np.abs(np.array(one.log_probs) - row[: len(one.log_probs)]).max())
        for one, row in zip(scored, chosen, strict=True)
    )
    loaded = vocabulary.load(data / str(manifest.features["targets"].vocabulary))
    greedy = Predictor(network, loaded, search=GREEDY)
    expected = greedy.predict(records, max_examples=len(sources)).texts
    found = [
        translator.translate_batch(
            [source],
            beam_size=1,
            max_decoding_length=_limit(source),
            suppress_sequences=[[pieces["targets"][PAD]]],
        )[0]
        for source in sources
    ]
    ids = {piece: i for i, piece in enumerate(pieces["targets"])}
    texts = [loaded.decode([ids[piece] for piece in one.hypotheses[0]]) for one in found]
    same = sum(a == b for a, b in zip(texts, expected, strict=True))
    return {"examples": len(sources), "same": same, "difference": difference}


def _limit(source: list[str]) -> int:
    """Our decoding stops there as well, where a network has not learned to end."""
    return len(source) + 1 + Reach().extra_length


def _words(row: np.ndarray, pieces: list[str]) -> list[str]:
    """The pieces of ids up to EOS, which CTranslate2 adds by itself."""
    return [pieces[i] for i in row if i > EOS]
