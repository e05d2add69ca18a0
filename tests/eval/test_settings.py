"""Settings of an evaluation: defaults, and what wrong ones are told."""

import pytest

from components.catalog import UserError
from components.eval.settings import EvalSettings, from_dict


def test_what_is_left_out_has_its_default():
    assert from_dict({}) == EvalSettings()


def test_layers_to_watch_are_a_list_of_texts():
    assert from_dict({"watch": ["*/ffn"], "inspect": 0}).watch == ("*/ffn",)
    for wrong in ("*/ffn", [1], None):
        with pytest.raises(UserError, match="eval.watch: expected a list of texts, got"):
            from_dict({"watch": wrong})
    with pytest.raises(
        UserError, match="eval.inspect: expected a whole number from 0 to 20, got -1"
    ):
        from_dict({"inspect": -1})
    assert from_dict({"beam_size": 8, "length_penalty": 1}).beam_size == 8


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"beam": 4}, "eval.beam: there is no such setting; did you mean 'beam_size'?"),
        ({"split": "train"}, "eval.split: train is never evaluated; expected one of test, dev"),
        (
            {"method": "beams"},
            "eval.method: expected one of beam, greedy, sample, got 'beams'; did you mean 'beam'?",
        ),
        (
            {"engine": "ctranslate"},
            "eval.engine: expected one of keras, ctranslate2, got 'ctranslate'; "
            "did you mean 'ctranslate2'?",
        ),
        (
            {"engine": "ctranslate2", "quantization": "int9"},
            "eval.quantization: expected one of float32, int8, got 'int9'; did you mean 'int8'?",
        ),
        (
            {"engine": "ctranslate2", "method": "sample"},
            "eval.engine: ctranslate2 draws other numbers than eval.method: sample does; "
            "expected keras",
        ),
        (
            {"quantization": "int8"},
            "eval.quantization: int8 is for eval.engine: ctranslate2; "
            "expected float32 with engine keras",
        ),
        ({"beam_size": 0}, "eval.beam_size: expected a whole number, at least 1, got 0"),
        ({"beam_size": 4.0}, "eval.beam_size: expected a whole number, at least 1, got 4.0"),
        ({"beam_size": True}, "eval.beam_size: expected a whole number, at least 1, got True"),
        ({"beam_size": "4"}, "eval.beam_size: expected a whole number, at least 1, got '4'"),
        ({"length_penalty": None}, "eval.length_penalty: expected a number, at least 0, got None"),
        ({"temperature": 0}, "eval.temperature: expected a number, at least 0.01, got 0"),
        (
            {"temperature": float("inf")},
            "eval.temperature: expected a number, at least 0.01, got inf",
        ),
        ({"top_p": 1.5}, "eval.top_p: expected a number from 0.01 to 1, got 1.5"),
        ({"top_p": float("nan")}, "eval.top_p: expected a number from 0.01 to 1, got nan"),
    ],
)
def test_a_wrong_setting_names_its_key_and_what_was_expected(values, message):
    with pytest.raises(UserError) as caught:
        from_dict(values)
    assert str(caught.value) == message
