"""The trainings that a PyTorch user would start from: `torch.nn`'s Transformer, Transformers' Marian.

Both have the sizes and dropouts of our model, one embedding matrix for inputs, targets and softmax,
label smoothing 0.1 and Adam. `nn.Transformer` is pre-norm like ours, Marian is post-norm.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

SMOOTHING = 0.1


class NnTransformer(nn.Module):
    """Ids [B, L] and [B, T], 0 = padding, to the loss a target token."""

    def __init__(self, sizes: Any) -> None:
        super().__init__()
        self.d_model = sizes.d_model
        self.embedding = nn.Embedding(sizes.vocabulary, sizes.d_model, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=sizes.d_model**-0.5)
        self.body = nn.Transformer(
            sizes.d_model,
            sizes.heads,
            sizes.layers,
            sizes.layers,
            sizes.d_ff,
            sizes.dropout,
            batch_first=True,
            norm_first=True,
            bias=False,
        )
        self.drop = nn.Dropout(sizes.dropout)
        half = torch.arange(0, sizes.d_model, 2) * (-math.log(10000.0) / sizes.d_model)
        angles = torch.arange(256)[:, None] * torch.exp(half)[None]
        timing = torch.stack([angles.sin(), angles.cos()], -1).reshape(256, sizes.d_model)
        self.register_buffer("timing", timing)

    def embed(self, ids: Any) -> Any:
        x = self.embedding(ids) * self.d_model**0.5
        return self.drop(x + self.timing[: ids.shape[1]])

    def forward(self, inputs: Any, targets: Any, segments: Any = None) -> Any:
        """segments: of both sides, where several texts share a row."""
        shifted = F.pad(targets[:, :-1], (1, 0))
        length = targets.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=targets.device).triu(1)
        if segments is not None:
            return self.packed(inputs, targets, shifted, segments, causal)
        padding = inputs == 0
        h = self.body(
            self.embed(inputs),
            self.embed(shifted),
            tgt_mask=causal,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_is_causal=True,
        )
        return smoothed(F.linear(h, self.embedding.weight), targets)

    def packed(self, inputs: Any, targets: Any, shifted: Any, segments: Any, causal: Any) -> Any:
        """A text's first position sees nothing yet, and places are counted along the row."""
        source, target = segments
        begins = target != F.pad(target[:, :-1], (1, 0))
        shifted = shifted.masked_fill(begins, 0)

        def apart(queries: Any, keys: Any) -> Any:
            # Padding sees everything, because a softmax over nothing is no number.
            different = (queries[:, :, None] != keys[:, None, :]) & (queries[:, :, None] != 0)
            return different.repeat_interleave(self.body.nhead, dim=0)

        h = self.body(
            self.embed(inputs),
            self.embed(shifted),
            src_mask=apart(source, source),
            tgt_mask=apart(target, target) | causal,
            memory_mask=apart(target, source),
        )
        return smoothed(F.linear(h, self.embedding.weight), targets)


class Marian(nn.Module):
    """Hugging Face's MarianMTModel of the same size."""

    def __init__(self, sizes: Any) -> None:
        super().__init__()
        from transformers import MarianConfig, MarianMTModel

        config = MarianConfig(
            vocab_size=sizes.vocabulary,
            d_model=sizes.d_model,
            encoder_layers=sizes.layers,
            decoder_layers=sizes.layers,
            encoder_attention_heads=sizes.heads,
            decoder_attention_heads=sizes.heads,
            encoder_ffn_dim=sizes.d_ff,
            decoder_ffn_dim=sizes.d_ff,
            dropout=sizes.dropout,
            attention_dropout=sizes.dropout,
            activation_dropout=sizes.dropout,
            activation_function="relu",
            max_position_embeddings=256,
            scale_embedding=True,
            pad_token_id=0,
            eos_token_id=1,
            decoder_start_token_id=0,
            use_cache=False,
        )
        self.model = MarianMTModel(config)

    def forward(self, inputs: Any, targets: Any) -> Any:
        shifted = F.pad(targets[:, :-1], (1, 0))
        mask = (inputs != 0).long()
        out = self.model(input_ids=inputs, attention_mask=mask, decoder_input_ids=shifted)
        return smoothed(out.logits, targets)


def smoothed(logits: Any, targets: Any) -> Any:
    return F.cross_entropy(
        logits.float().flatten(0, 1),
        targets.flatten(),
        ignore_index=0,
        label_smoothing=SMOOTHING,
    )


MODELS = {"nn": NnTransformer, "marian": Marian}


class Trainer:
    """One of MODELS with Adam; `step` trains on a batch of NumPy arrays."""

    def __init__(
        self, model: str, sizes: Any, *, compiled: bool, precision: str, dynamic: bool = True
    ) -> None:
        torch.manual_seed(1)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = MODELS[model](sizes).to(self.device).train()
        self.run = torch.compile(self.model, dynamic=dynamic) if compiled else self.model
        self.bf16 = precision == "mixed_bfloat16"
        fused = self.device == "cuda"
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=1e-4, betas=(0.9, 0.997), eps=1e-9, fused=fused or None
        )

    def step(self, batch: dict[str, Any]) -> Any:
        """The loss, which a GPU may still be computing."""
        inputs, targets, *segments = (
            torch.from_numpy(batch[name]).to(self.device, non_blocking=True).long()
            for name in ("inputs", "targets", "inputs_segments", "targets_segments")
            if name in batch
        )
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            loss = self.run(inputs, targets, *([segments] if segments else []))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()
