"""A Transformer that Tensor2Tensor trained, as a checkpoint of ours.

T2T's variables (D d_model, F d_ff, V rows of an embedding), below `transformer/`:

    symbol_modality_V_D/shared/weights_0, _1, ...  [V, D] in parts      embedding
        or /input_emb/..., /target_emb/... and /softmax/...             embeddings, softmax
    body/target_space_embedding/kernel             [32, D], one row     target_space
    body/encoder/layer_i/self_attention/...  body/decoder/layer_i/{self_attention,encdec_attention}/...
        multihead_attention/{q,k,v,output_transform}/kernel  [D, D]     q; k and v in one, kv; output
    body/{encoder,decoder}/layer_i/ffn/...
        {conv1,conv2}/{kernel,bias}                [D, F], [F], [F, D], [D]   expand, contract
    each sublayer's and, of pre, each stack's
        {layer_prepostprocess,layer_postprocess}/layer_norm/layer_norm_{scale,bias}   norm: pre, post

Every variable of the model must find its place, and be of the shape that the place has. T2T's sizes
are read off the shapes, what is in none is told (`options.py`).
Source: tensor2tensor/models/transformer.py and layers/{common_attention,modalities}.py, 1.15.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.catalog import UserError
from components.datagen.replaced_folder import replaced_folder
from components.datagen.schema import Feature, Manifest
from components.train import checkpoint
from components.train.import_t2t import options
from components.train.import_t2t.variables import Sizes, Variables, find, sizes_of
from components.train.network import build_network, count_params, describe


@dataclass(frozen=True)
class Imported:
    """What was written: the settings of the network that is not a default, and how much was read."""

    folder: Path
    hparams: dict[str, Any]
    params: int
    variables: int
    target_space: int | None


def import_t2t(
    source: str | Path,
    out_dir: str | Path,
    *,
    vocabularies: Sequence[str | Path] = (),
    num_heads: int | None = None,
    target_space: str | None = None,
) -> Imported:
    """Writes `checkpoint/best.safetensors`, `train.json`, `manifest.json` and the vocabularies.

    `components.eval.text_model.load(out_dir)` reads the folder. `runtime.configure` must have run.

    Args:
        source: a checkpoint (`.../model.ckpt-1000`), or the folder of one: its latest.
        out_dir: a folder that is not there yet, or empty.
        vocabularies: `.subwords` files, one for both sides, or that of the inputs and that of the
            targets; none: the one that lies beside the checkpoint, if it is the only one.
        num_heads: of the attention; None: what `hparams.json` beside the checkpoint says.
        target_space: what the model writes, one of `options.SPACES` or T2T's number; None: the only
            one that its optimizer has seen.

    Raises UserError, and writes nothing, if a file is missing or damaged, if the model is not T2T's
    Transformer or one that ours cannot be, or if what is told does not fit what is found.
    """
    out, path = Path(out_dir), find(source)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already; give another folder, or remove it")
    files = options.vocabulary_files(vocabularies, path)
    counts = [options.subwords_in(file) for file in files]
    variables = Variables(path)
    sizes = sizes_of(variables, counts)
    by_side = files if len(files) == 2 else files * 2
    options.check_vocabularies(by_side, counts if len(counts) == 2 else counts * 2, sizes)
    told_in = path.parent / "hparams.json"
    told = options.read_hparams(told_in)
    options.check_alike(told, sizes, told_in)
    hparams = {
        "d_model": sizes.d_model,
        "num_layers": sizes.encoder_layers,
        "num_decoder_layers": sizes.decoder_layers,
        "num_heads": options.heads_of(told, num_heads, sizes, path),
        "d_ff": sizes.d_ff,
        "norm": sizes.norm,
        "shared_embedding": sizes.inputs == sizes.targets,
        "tied_softmax": sizes.softmax is None,
        **{ours: told[theirs] for theirs, ours in options.RENAMED.items() if theirs in told},
    }
    space = options.space_of(variables, target_space)
    manifest = _manifest(path.parent.name, sizes)
    network = build_network(manifest, "transformer", hparams)
    fill(network, variables, sizes, space)
    variables.check_all_used()
    record = {
        "status": "imported",
        "cell": {"problem": manifest.problem, "model": "transformer"},
        "hparams": describe(network.hp),
        "params": count_params(network),
        "imported": {
            "from": "Tensor2Tensor",
            "checkpoint": path.name,
            "steps": variables.step,
            "target_space": space,
            "vocabularies": [file.name for file in files],
        },
    }
    with replaced_folder(out) as partial:
        weights = checkpoint.arrays(network.trainable_variables)
        checkpoint.save(weights, partial / "checkpoint" / "best.safetensors")
        manifest.save(partial)
        for side, file in zip(options.SIDES, by_side, strict=False):
            shutil.copyfile(file, partial / str(manifest.features[side].vocabulary))
        text = json.dumps(record, indent=1, ensure_ascii=False)
        (partial / "train.json").write_text(text + "\n", encoding="utf-8")
    return Imported(out, hparams, count_params(network), len(variables.used), space)


def _manifest(name: str, sizes: Sizes) -> Manifest:
    """A problem without data. Sides that have one matrix name one vocabulary, which is how a network
    knows it."""
    names = ("vocabulary", "vocabulary") if sizes.inputs == sizes.targets else options.SIDES
    features = {
        side: Feature("symbol", f"{file}.subwords", getattr(sizes, side).count)
        for side, file in zip(options.SIDES, names, strict=True)
    }
    return Manifest(name, "translation", features, {}, ("bleu",), "bleu", 1)


def fill(network: Any, v: Variables, sizes: Sizes, space: int | None) -> None:
    """The checkpoint's variables into a network of these sizes. Raises UserError if one is missing or
    of another shape."""
    d, f, body = sizes.d_model, sizes.d_ff, network.body
    norm = {"pre": "layer_prepostprocess", "post": "layer_postprocess"}[sizes.norm]

    def attend(layer: Any, place: str) -> None:
        names = ("q", "k", "v", "output_transform")
        kernels = [v.take(f"{place}/multihead_attention/{name}/kernel", (d, d)) for name in names]
        layer.q_kernel.assign(kernels[0])
        layer.kv_kernel.assign(np.concatenate(kernels[1:3], axis=1))
        layer.output_kernel.assign(kernels[3])

    def normalise(layer: Any, place: str) -> None:
        at = f"{place}/{norm}/layer_norm/layer_norm_"
        layer.norm.gamma.assign(v.take(f"{at}scale", (d,)))
        layer.norm.beta.assign(v.take(f"{at}bias", (d,)))

    def feed(layer: Any, place: str) -> None:
        for dense, at, shape in (
            (layer.expand, f"{place}/conv1", (d, f)),
            (layer.contract, f"{place}/conv2", (f, d)),
        ):
            dense.kernel.assign(v.take(f"{at}/kernel", shape))
            dense.bias.assign(v.take(f"{at}/bias", shape[1:]))

    network.target_net.embedding.assign(v.embedding(sizes.targets))
    if sizes.softmax is not None:
        network.target_net.softmax.assign(v.embedding(sizes.softmax))
    if network.input_net is not network.target_net:
        network.input_net.embedding.assign(v.embedding(sizes.inputs))
    # A model that was trained without target spaces adds nothing.
    spaces = np.zeros((1, d)) if space is None else v.take(options.TARGET_SPACES, (None, d))
    body.target_space.assign(spaces[space or 0])
    for i, layer in enumerate(body.encoder.layers):
        at = f"body/encoder/layer_{i}"
        attend(layer.attention, f"{at}/self_attention")
        normalise(layer.wrap_attention, f"{at}/self_attention")
        feed(layer.feed_forward, f"{at}/ffn")
        normalise(layer.wrap_ffn, f"{at}/ffn")
    for i, layer in enumerate(body.decoder):
        at = f"body/decoder/layer_{i}"
        attend(layer.self_attention, f"{at}/self_attention")
        normalise(layer.wrap_self, f"{at}/self_attention")
        attend(layer.cross_attention, f"{at}/encdec_attention")
        normalise(layer.wrap_cross, f"{at}/encdec_attention")
        feed(layer.feed_forward, f"{at}/ffn")
        normalise(layer.wrap_ffn, f"{at}/ffn")
    if sizes.norm == "pre":
        normalise(body.encoder.close, "body/encoder")
        normalise(body.close, "body/decoder")
