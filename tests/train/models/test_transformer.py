"""The Transformer: the variants of its parts, and several texts in one row."""

from __future__ import annotations

# Asked for one label, a decoder has one position, and its input is zero: nothing is compared, and
# without biases nothing comes of it before the memory is looked at.
IDLE = (
    "self_attention/q",
    "self_attention/q_bias",
    "self_attention/kv",
    "self_attention/output",
    "decoder_0/cross_attention/q",
    "relative/keys",
    "norm/gamma",
)
VARIANTS = {
    "relative": {"positions": "relative", "max_relative_position": 2},
    "modern": {
        "positions": "rope",
        "normalization": "rms_norm",
        "feed_forward": "swiglu",
        "num_heads": 4,
        "num_kv_heads": 2,
    },
    "untied": {"tied_softmax": False, "shared_embedding": False},
    "biased": {
        "positions": "learned",
        "max_positions": 4,
        "attention_bias": True,
        "norm": "post",
        "feed_forward": "gelu",
    },
}
