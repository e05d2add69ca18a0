"""The decoder-only Transformer: its variants under the contract of all models."""

from __future__ import annotations

VARIANTS = {
    "causal": {"prefix": "causal", "positions": "relative", "max_relative_position": 3},
    "modern": {
        "positions": "rope",
        "normalization": "rms_norm",
        "feed_forward": "swiglu",
        "num_kv_heads": 1,
    },
    "learned": {"positions": "learned", "max_positions": 6, "norm": "post"},
}
