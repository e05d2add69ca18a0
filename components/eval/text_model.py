"""A trained or imported model that answers lines of text: `load(folder).answers(lines)`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from components.catalog import UserError
from components.train.hparams import Runtime

# Keras reads its backend once, so `load` imports what needs it only after `configure`.
if TYPE_CHECKING:
    from components.datagen.schema import Manifest
    from components.datagen.vocabulary import Vocabulary
    from components.eval.settings import EvalSettings
    from components.train.network import Network
    from components.train.records import Records


def load(
    folder: str | Path,
    *,
    data_dir: str | Path | None = None,
    checkpoint: str = "",
    runtime: Runtime | None = None,
    plugins: tuple[str, ...] = (),
) -> TextModel:
    """The model of a cell or an imported one.

    `load(folder).network({"inputs": ids, "targets": ids})` are its logits [B, T, V], teacher-forced, of
    int arrays [B, L] and [B, T] padded with 0.

    Args:
        folder: what `python -m pipeline import` wrote, or `runs/<problem>/<model>/<hparams>/<seed>`.
        data_dir: holds manifest.json and vocabularies; None: the folder, or `data/<problem>` beside
            `runs`.
        checkpoint: best, last or average; empty: the one that was evaluated, else best.
        runtime: how this process computes, if nothing has configured it by now.
        plugins: packages that may hold the model.

    Raises UserError if a file is missing or damaged.
    """
    from components.train.runtime import configure

    folder = Path(folder)
    configure(runtime or Runtime(), 1)
    from components.datagen.schema import Manifest
    from components.train.checkpoint import load_weights
    from components.train.network import build_network

    written = _json(folder / "train.json", "a folder of runs/, or one that was imported into")
    data = Path(data_dir) if data_dir else _data_of(folder)
    if not (data / "manifest.json").is_file():
        raise UserError(
            f"{data / 'manifest.json'} is not there; it names the vocabularies of {folder}"
        )
    manifest = Manifest.load(data)
    if "cell" not in written or "hparams" not in written:
        raise UserError(f"{folder / 'train.json'} is of no trained model")
    if manifest.members:
        raise UserError(f"{folder} is of several problems at once; expected a cell of one")
    try:
        network = build_network(manifest, written["cell"]["model"], written["hparams"], plugins)
    except KeyError as error:  # a setting that the model had when it was trained
        raise UserError(f"{folder / 'train.json'}: {error.args[0]}") from error
    name = checkpoint or _evaluated(folder)
    load_weights(network, folder / "checkpoint" / f"{name}.safetensors")
    return TextModel(network, manifest, data)


class TextModel:
    """A network with its vocabularies.

    network: built, its weights loaded.
    """

    def __init__(self, network: Network, manifest: Manifest, data_dir: Path) -> None:
        self.network, self.manifest, self.data_dir = network, manifest, data_dir
        self._vocabularies: dict[str, Vocabulary] = {}

    def vocabulary(self, side: str) -> Vocabulary:
        """Of `inputs`, which must be text, or `targets`. Raises UserError if there is none."""
        from components.datagen.vocabulary import load as load_vocabulary

        feature = self.manifest.features[side]
        if side not in self._vocabularies:
            file = self.data_dir / (feature.vocabulary or "")
            if side == "inputs" and feature.modality != "symbol":
                raise UserError(
                    f"{self.manifest.problem}: its inputs are {feature.modality}; expected text"
                )
            if not feature.vocabulary or not file.is_file():
                raise UserError(f"{file} is not there; the {side} have no vocabulary to be read by")
            self._vocabularies[side] = load_vocabulary(file)
        return self._vocabularies[side]

    def answers(self, lines: Sequence[str], settings: Mapping[str, Any] | None = None) -> list[str]:
        """One answer a line, in order: a text, a label's name, labels, a part of the line, a number.

        lines: as the problem's inputs are; of two texts read as one, `<sep>` between them.
        settings: of the section `eval`: method, beam_size, length_penalty, extra_length, ...

        Raises UserError if the inputs are no text.
        """
        from components.eval.decoding.search import search_of
        from components.eval.input_batches import Reach
        from components.eval.predict import Predictor
        from components.eval.settings import from_dict

        chosen: EvalSettings = from_dict(settings or {})
        reach = Reach(chosen.batch_tokens, chosen.extra_length, chosen.seed)
        rows = Lines(lines, self.vocabulary("inputs"), self.manifest.features)
        targets = (
            None if rows.features["targets"].modality == "real" else self.vocabulary("targets")
        )
        predictor = Predictor(self.network, targets, search=search_of(chosen), reach=reach)
        return predictor.predict(cast("Records", rows)).texts


class Lines:
    """Lines of text as a `Predictor` reads the records of a split."""

    def __init__(
        self, lines: Sequence[str], vocabulary: Vocabulary, features: Mapping[str, Any]
    ) -> None:
        from components.datagen.schema import EOS

        self.features = features
        ends = [] if features["inputs"].options.get("eos") is False else [EOS]
        self.rows = [vocabulary.encode(line) + ends for line in lines]
        # A row without a symbol still takes a place.
        lengths = np.array([max(len(row), 1) for row in self.rows], np.int32)
        self.lengths = {"inputs": lengths, "targets": np.ones_like(lengths)}

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, indices: Any, epoch: int = 0) -> dict[str, np.ndarray]:
        """`inputs` [B, L] int32, padded with 0, and `targets` [B, 1], which nothing is known of."""
        rows = [self.rows[index] for index in indices]
        found = np.zeros((len(rows), int(self.lengths["inputs"][list(indices)].max())), np.int32)
        for row, ids in zip(found, rows, strict=True):
            row[: len(ids)] = ids
        return {"inputs": found, "targets": np.zeros((len(rows), 1), np.int32)}


def read_lines(file: Path) -> Iterator[str]:
    """The lines of a text file. Raises UserError if it cannot be read as UTF-8."""
    try:
        read = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    yield from split_lines(read, str(file))


def split_lines(read: bytes, name: str) -> Iterator[str]:
    """Lines end with a line feed only, as those of the answers do: a form feed is text.

    name: of what the bytes are, for the UserError that is raised if they are not UTF-8.
    """
    try:
        text = read.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{name}: expected UTF-8: {error}") from error
    lines = text.split("\n")
    yield from (line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines))


def _data_of(folder: Path) -> Path:
    if (folder / "manifest.json").is_file():
        return folder
    whole = folder.absolute()
    return whole.parents[4] / "data" / whole.parents[2].name


def _evaluated(folder: Path) -> str:
    file = folder / "metrics.json"
    if not file.is_file():
        return "best"
    return str(_json(file, "numbers").get("checkpoint", "best"))


def _json(file: Path, expected: str) -> dict[str, Any]:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{file} is not there; expected {expected}") from error
    except ValueError as error:
        raise UserError(f"{file} is damaged: {error}") from error
