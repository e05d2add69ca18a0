"""Settings that several models have: a model's `Options` inherits those that it reads.

    @dataclass(frozen=True)
    class Options(AttentionOptions, FeedForwardOptions): ...

One name means one thing in all models.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.train.hparams import setting


@dataclass(frozen=True)
class AttentionOptions:
    """Multi-head attention."""

    RULES = {
        "d_model % num_heads == 0": "num_heads {num_heads} must divide d_model {d_model}",
    }
    num_heads: int = setting(8, "attention heads; must divide d_model", low=1)
    attention_dropout: float = setting(
        0.1, "dropped share of attention weights", low=0, high=1, open_high=True
    )


@dataclass(frozen=True)
class FeedForwardOptions:
    """Position-wise feed-forward networks."""

    d_ff: int = setting(2048, "hidden width of the feed-forward networks", low=1)
    relu_dropout: float = setting(
        0.1, "dropped share inside the feed-forward networks", low=0, high=1, open_high=True
    )


@dataclass(frozen=True)
class DepthOptions:
    """An encoder and a decoder of different depths."""

    num_encoder_layers: int = setting(0, "encoder layers; 0: num_layers", low=0)
    num_decoder_layers: int = setting(0, "decoder layers; 0: num_layers", low=0)


@dataclass(frozen=True)
class RecurrentEncoderOptions:
    """An encoder of LSTMs (`layers/recurrent.py`)."""

    RULES = {
        "not bidirectional or d_model % 2 == 0": "d_model {d_model} must be even with bidirectional "
        "{bidirectional}: a direction has half of it",
    }
    bidirectional: bool = setting(True, "the encoder reads both ways; false: one way")
    reverse_inputs: bool = setting(
        True, "an encoder that reads one way begins at the last position; false: at the first"
    )


@dataclass(frozen=True)
class NormOptions:
    """What stands around a sublayer."""

    norm: str = setting("pre", "where the norm stands", choices=("pre", "post"))


@dataclass(frozen=True)
class StackOptions(AttentionOptions, FeedForwardOptions, NormOptions):
    """Everything that the layers of a Transformer's stacks are made by."""

    RULES = {
        "num_heads % (num_kv_heads or num_heads) == 0": "num_kv_heads {num_kv_heads} must divide "
        "num_heads {num_heads}",
        "positions != 'rope' or d_model // num_heads % 2 == 0": "positions {positions} turn pairs of "
        "a head's values: num_heads {num_heads} must go into d_model {d_model} an even number of times",
    }
    num_kv_heads: int = setting(
        0, "heads of keys and values in attention; must divide num_heads; 0: num_heads", low=0
    )
    attention_bias: bool = setting(False, "biases in attention's projections")
    positions: str = setting(
        "timing",
        "timing, sinusoid and learned are added to the input; relative and rope are in attention",
        choices=("timing", "sinusoid", "learned", "relative", "rope", "none"),
    )
    max_relative_position: int = setting(
        20, "relative: farther positions count as if they were so far apart", low=1
    )
    max_positions: int = setting(256, "learned: rows of the table", low=1)
    normalization: str = setting("layer_norm", "what norms do", choices=("layer_norm", "rms_norm"))
    feed_forward: str = setting(
        "relu", "of the position-wise networks", choices=("relu", "gelu", "swiglu")
    )


@dataclass(frozen=True)
class ExpertOptions:
    """Mixtures of experts in the place of feed-forward networks (`layers/experts.py`)."""

    RULES = {
        "moe_k <= moe_num_experts": "moe_k {moe_k} must be at most moe_num_experts "
        "{moe_num_experts}",
    }
    moe_num_experts: int = setting(16, "experts of a mixture", low=1)
    moe_k: int = setting(2, "experts that read a position; at most moe_num_experts", low=1)
    moe_hidden_size: int = setting(2048, "hidden width of an expert", low=1)
    moe_loss_coef: float = setting(
        1e-3, "weight of the loss that keeps experts as busy as each other", low=0
    )
    moe_capacity_factor: float = setting(
        0.0,
        "most an expert takes in training, over its even share; 0: everything it is sent",
        low=0,
    )


@dataclass(frozen=True)
class StemOptions:
    """How a convolutional network begins."""

    stem: str = setting(
        "large", "large shrinks photographs; small keeps all pixels", choices=("large", "small")
    )


@dataclass(frozen=True)
class LatentOptions:
    """Latent variables (`layers/latents.py`)."""

    latent_size: int = setting(14, "dimensions, or bits, of a latent", low=1)
    kl_weight: float = setting(1.0, "factor of the latents' cost in training", low=0)
    kl_warmup_steps: int = setting(0, "training steps over which that factor rises from 0", low=0)
    free_nats: float = setting(
        0.0, "training takes latents of an example that cost less as costing so many nats", low=0
    )
    word_dropout: float = setting(
        0.0, "share of the decoder's inputs that training hides", low=0, high=1
    )
    autoregressive: bool = setting(
        True, "the decoder sees the targets so far; false: the latents and the inputs only"
    )
