"""The importer of Tensor2Tensor's checkpoints: models it can take, and all that it must refuse."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from components.catalog import UserError
from components.datagen.schema import EOS
from components.datagen.subwords import Subwords
from components.eval.text_model import load
from components.train.import_t2t.importer import import_t2t
from pipeline import cli
from tests.train.t2t_reference import Reference, drawn, read, write

PIECES = ["<pad>", "<EOS>", *"\\_u;0123456789", *"abcdefgh", "ab", "ab_", "h_"]
V = len(PIECES)
SPACE = 8


def subwords(folder: Path, name: str = "vocab.subwords", more: tuple[str, ...] = ()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"'{piece}'\n" for piece in (*PIECES, *more)))
    return folder / name


def trained(folder: Path, sizes: tuple[int, ...] = (V,), **more) -> dict[str, np.ndarray]:
    """A checkpoint with its optimizer's slots, of which only one target space has a moment."""
    variables = drawn(sizes, **more)
    slots = {}
    for name, value in variables.items():
        moment = np.zeros_like(value)
        moment[SPACE % len(value)] = 1.0
        slots |= {f"training/{name}/Adam": moment, f"training/{name}/Adam_1": moment}
    counters = {"global_step": np.int64(7), "training/beta1_power": np.float32(0.9)}
    write({**variables, **slots, **counters}, folder / "model.ckpt-7")
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-7"\n')
    return variables


def told(folder: Path, **more: object) -> None:
    (folder / "hparams.json").write_text(json.dumps({"num_heads": 2, "hidden_size": 8, **more}))


def logits(folder: Path, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    found = load(folder).network({"inputs": inputs, "targets": targets}, training=False)
    return keras.ops.convert_to_numpy(found)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("sizes", [(V,), (V, V + 4)], ids=["one matrix", "two"])
def test_a_model_and_its_answers(norm: str, sizes: tuple[int, ...], tmp_path: Path) -> None:
    variables = trained(tmp_path, sizes, norm=norm)
    told(tmp_path, relu_dropout=0.3)
    files = [subwords(tmp_path / "inputs"), subwords(tmp_path / "targets", more=("gh_", "g_"))]
    files = files[: len(sizes)]
    found = import_t2t(tmp_path / "model.ckpt-7", tmp_path / "out", vocabularies=files)
    assert found.variables == len(variables) and found.target_space == SPACE
    assert found.hparams["num_layers"] == 1 and found.hparams["num_decoder_layers"] == 2
    assert found.hparams["norm"] == norm and found.hparams["relu_dropout"] == 0.3
    formulas = Reference(variables, heads=2, space=SPACE, norm=norm)
    inputs = np.array([[14, 3, 20, 1], [22, 1, 0, 0]])
    targets = np.array([[15, 21, 1], [20, 1, 0]])
    expected = formulas.logits(inputs, targets, (sizes[0], sizes[-1]))
    np.testing.assert_allclose(logits(tmp_path / "out", inputs, targets), expected, atol=1e-5)
    assert formulas.used == set(variables)
    record = json.loads((tmp_path / "out" / "train.json").read_text())
    assert record["imported"]["steps"] == 7

    lines, extra = ["ab h", "habx"], 4
    answers = load(tmp_path / "out").answers(lines, {"method": "greedy", "extra_length": extra})
    reads = Subwords(files[0].read_text().split("\n")[:-1])
    writes = Subwords(files[-1].read_text().split("\n")[:-1])
    for line, answer in zip(lines, answers, strict=True):
        ids = [*reads.encode(line), EOS]
        assert answer == writes.decode(greedy(formulas, ids, len(ids) + extra, sizes))


def greedy(formulas: Reference, ids: list[int], room: int, sizes: tuple[int, ...]) -> list[int]:
    """The likeliest symbol after the other, padding never, by the whole forward pass each time."""
    written: list[int] = []
    while len(written) < room and EOS not in written:
        targets = np.array([[*written, 0]])
        last = formulas.logits(np.array([ids]), targets, (sizes[0], sizes[-1]))[0, -1]
        written.append(1 + int(last[1:].argmax()))
    return written


def test_the_number_of_rows_may_be_rounded_up(tmp_path: Path) -> None:
    trained(tmp_path, (V + 9,))
    told(tmp_path)
    import_t2t(tmp_path, tmp_path / "out", vocabularies=[subwords(tmp_path / "v")])
    assert load(tmp_path / "out").network.target_net.size == V + 9


def test_layers_that_were_convolutions_of_width_1(tmp_path: Path) -> None:
    variables = drawn((V,))
    wide = {
        name: value[None, None] if "/conv" in name and value.ndim == 2 else value
        for name, value in variables.items()
    }
    write(wide, tmp_path / "model.ckpt-7")
    import_t2t(tmp_path / "model.ckpt-7", tmp_path / "out", num_heads=2, target_space="de")
    ids = np.array([[3, 4, 1]])
    formulas = Reference(wide, heads=2, space=8)
    expected = formulas.logits(ids, ids, (V, V))
    np.testing.assert_allclose(logits(tmp_path / "out", ids, ids), expected, atol=1e-5)


@pytest.mark.parametrize("reads", [("input_emb", "target_emb"), ("shared", "shared")])
def test_a_softmax_of_its_own(reads: tuple[str, str], tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    tables = {name: rng.normal(size=(V, 8)).astype(np.float32) for name in (*reads, "softmax")}
    place = f"transformer/symbol_modality_{V}_8"
    body = {name: value for name, value in drawn((V,)).items() if "symbol_modality" not in name}
    parts = {
        f"{place}/{name}/weights_{i}": part
        for name, table in tables.items()
        for i, part in enumerate(np.split(table, [9]))
    }
    write({**body, **parts}, tmp_path / "model.ckpt-7")
    import_t2t(tmp_path / "model.ckpt-7", tmp_path / "out", num_heads=2, target_space="8")
    network = load(tmp_path / "out").network
    nets = (network.input_net.embedding, network.target_net.embedding, network.target_net.softmax)
    for ours, name in zip(nets, (*reads, "softmax"), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(ours), tables[name])


def test_a_model_without_target_spaces_or_vocabulary(tmp_path: Path) -> None:
    variables = drawn((V,))
    table = "transformer/body/target_space_embedding/kernel"
    write({n: v for n, v in variables.items() if n != table}, tmp_path / "model.ckpt-7")
    found = import_t2t(tmp_path / "model.ckpt-7", tmp_path / "out", num_heads=2)
    assert found.target_space is None
    ids = np.array([[3, 4, 1]])
    formulas = Reference({**variables, table: np.zeros((1, 8))}, heads=2, space=0)
    expected = formulas.logits(ids, ids, (V, V))
    np.testing.assert_allclose(logits(tmp_path / "out", ids, ids), expected, atol=1e-5)
    with pytest.raises(UserError, match=r"vocabulary.subwords is not there; the inputs have no"):
        load(tmp_path / "out").answers(["ab"])


LSTM = "lstm_seq2seq/body/lstm_seq2seq/encoder/rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel"
RELATIVE = "transformer/body/encoder/layer_0/self_attention/multihead_attention/rel/embeddings"
KERNEL = "transformer/body/decoder/layer_1/ffn/conv2/kernel"
TARGETS = f"transformer/symbol_modality_{V}_8/target_emb/weights_0"


@pytest.mark.parametrize(
    ("change", "options", "expected"),
    [
        ({LSTM: np.ones((4, 4))}, {}, r"model.ckpt-7 holds lstm_seq2seq .*cell_0.*transformer/"),
        ({RELATIVE: np.ones((4, 4))}, {}, rf"no place for 1 of its \d+ variables: {RELATIVE}"),
        ({KERNEL: np.ones((8, 12))}, {}, r"conv2/kernel has shape \[8, 12\], expected \[12, 8\]"),
        ({KERNEL: None}, {}, rf"lacks {KERNEL}, expected with shape \[12, 8\]"),
        ({TARGETS: np.ones((V, 8))}, {}, r"expected embeddings .*input_emb.*; found .*target_emb"),
        ({}, {"num_heads": 3}, r"--num-heads is 3, but .*hparams.json says num_heads: 2"),
        ({}, {"told": {"num_heads": None}}, r"no .*hparams.json says num_heads; give --num-heads"),
        ({}, {"told": {"num_heads": 3}}, r"3 attention heads; expected a number that divides.* 8"),
        ({}, {"told": {"pos": "emb"}}, r"hparams.json: pos is 'emb'; our transformer is 'timing'"),
        (
            {},
            {"told": {"layer_preprocess_sequence": "none"}},
            r"preprocess_sequence is 'none'.* 'n'",
        ),
        ({}, {"told": {"hidden_size": 16}}, r"hidden_size is 16; our transformer is 8 here"),
        ({}, {"target_space": "xx"}, r"--target-space: expected one of en 3, .* got 'xx'"),
        ({}, {"target_space": "32"}, r"--target-space: .*or 0 to 31, got '32'"),
        ({}, {"vocabularies": ["gone.subwords"]}, r"gone.subwords cannot be read: No such file"),
        ({}, {"vocabularies": [__file__]}, r"test_import_t2t.py: .*must begin with <pad>, <EOS>"),
        (
            {},
            {"longer": ("xy", "yx")},
            rf"has {V + 2} subwords, but the inputs are read by {V} rows",
        ),
    ],
)
def test_what_cannot_be_imported(
    change: dict[str, np.ndarray | None], options: dict, expected: str, tmp_path: Path
) -> None:
    """The message names the file and what was expected, and nothing is written."""
    variables = trained(tmp_path)
    slots = {name: v for name, v in read(tmp_path / "model.ckpt-7").items() if "Adam" in name}
    changed = {name: v for name, v in {**variables, **slots, **change}.items() if v is not None}
    write({name: np.float32(value) for name, value in changed.items()}, tmp_path / "model.ckpt-7")
    told(tmp_path, **options.pop("told", {}))
    files = [subwords(tmp_path / "v", more=options.pop("longer", ()))]
    with pytest.raises(UserError, match=expected):
        import_t2t(tmp_path, tmp_path / "out" / "in", **{"vocabularies": files, **options})
    assert not (tmp_path / "out").exists()


def test_which_target_space_must_be_told_without_an_optimizer(tmp_path: Path) -> None:
    write(drawn((V,)), tmp_path / "model.ckpt-7")
    with pytest.raises(UserError, match=r"32 rows.*give --target-space, .*de 8"):
        import_t2t(tmp_path / "model.ckpt-7", tmp_path / "out", num_heads=2)


def test_two_embeddings_ask_for_two_vocabularies(tmp_path: Path) -> None:
    trained(tmp_path, (V, V + 4))
    told(tmp_path)
    with pytest.raises(UserError, match=rf"of {V} rows and one of {V + 4}; give the vocabulary of"):
        import_t2t(tmp_path, tmp_path / "out", vocabularies=[subwords(tmp_path / "v")])


def test_files_that_are_missing_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model.ckpt-9.index is not there; expected a TensorFlow"):
        import_t2t(tmp_path / "model.ckpt-9", tmp_path / "out")
    with pytest.raises(UserError, match=r"holds no \*.index file"):
        import_t2t(tmp_path, tmp_path / "out")
    (tmp_path / "model.ckpt-9.index").write_bytes(b"no checkpoint" * 9)
    with pytest.raises(UserError, match="cannot be read as a checkpoint"):
        import_t2t(tmp_path / "model.ckpt-9", tmp_path / "out")
    trained(tmp_path)
    told(tmp_path)
    data = next(tmp_path.glob("model.ckpt-7.data-*"))
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(UserError, match=r"model.ckpt-7: .* cannot be read"):
        import_t2t(tmp_path / "model.ckpt-7.index", tmp_path / "out")
    (tmp_path / "hparams.json").write_text("{num_heads: 2")
    with pytest.raises(UserError, match=r"hparams.json: expected the JSON that Tensor2Tensor"):
        import_t2t(tmp_path / "model.ckpt-7", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    trained(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="out is there already"):
        import_t2t(tmp_path / "model.ckpt-7", tmp_path / "out")


def test_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(tmp_path)
    told(tmp_path)
    subwords(tmp_path)  # the only one beside the checkpoint
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.txt").write_text("ab h\nh\n\n")
    words = ["import", "t2t", str(tmp_path / "model.ckpt-7"), "--translate", "lines.txt"]
    assert cli.main(words) == 0
    shown = capsys.readouterr()
    folder = f"imported/{tmp_path.name}"
    assert len(shown.out.splitlines()) == 3 and f"{folder}: " in shown.err
    assert cli.main(["decode", folder, "lines.txt"]) == 0
    assert capsys.readouterr().out == shown.out
    assert cli.main(words) == 1
    assert f"error: {folder} is there already" in capsys.readouterr().err
    for wrong, message in (
        (["decode", "nowhere"], "nowhere is not there"),
        (["decode", folder, "gone.txt"], "gone.txt cannot be read"),
        (["decode", folder, "lines.txt", "--method", "best"], "eval.method: expected one of beam"),
        (["decode", str(tmp_path), "lines.txt"], "train.json is not there"),
        (["import", "t2t", "gone"], "gone.index is not there"),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ab\n")))
        assert cli.main(wrong) == 1
        error = capsys.readouterr().err
        assert message in error and "Traceback" not in error
