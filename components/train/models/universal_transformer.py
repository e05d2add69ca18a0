"""Universal Transformer (Dehghani et al. 2019, arXiv 1807.03819): one layer, applied again and again.

    P^t_i = position i + step t, t = 1 .. T                                    coordinates
    encoder:  H^t = ffn(attention(H^{t-1} + P^t))
    decoder:  G^t = ffn(attention over H^T(causal attention(G^{t-1} + P^t)))

each sublayer wrapped as a Transformer's. T is `recurrence_steps`, or each position's own where
`adaptive` (see `layers/adaptive_time.py`): then H and G are means of the states gone through. A
position of the decoder sees its past at the same step, so that halting looks at no future either, and
keys are kept for every step. `positions` are added at every step (relative and rope are in attention).

Of Tensor2Tensor's: pre-norm, the target space, dropout of the input before coordinates, one vector
learned for each step (`step_signal: learned`). Left out: its other recurrences (highway, skip, dwa,
rnn, gru, lstm), its separable convolution as the transition, halting by sentence or at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers import masks
from components.train.layers.adaptive_time import AdaptiveTime, RepeatedTime, Step
from components.train.layers.decoder import DecoderLayer, Past
from components.train.layers.dropout import Dropout
from components.train.layers.encoder import EncoderLayer
from components.train.layers.positions import Positions, timing_signal
from components.train.layers.segments import places_of, segments_of
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import StackOptions

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(StackOptions):
    """What the Universal Transformer alone is told."""

    recurrence_steps: int = setting(
        0, "times that the shared layer of a stack is applied; 0: num_layers", low=0
    )
    step_signal: str = setting(
        "sinusoid",
        "what is added for the step: the paper's sinusoid, or Tensor2Tensor's learned vectors",
        choices=("sinusoid", "learned"),
    )
    adaptive: bool = setting(False, "adaptive computation time: each position halts by itself")
    act_max_steps: int = setting(
        0, "adaptive: steps at which all halt; 0: twice recurrence_steps", low=0
    )
    act_epsilon: float = setting(
        0.01, "adaptive: halting probabilities that add up to 1 less this halt", low=0, high=1
    )
    act_loss_coef: float = setting(0.01, "adaptive: factor of the mean ponder cost", low=0)
    act_halting_bias: float = setting(1.0, "adaptive: halting unit's bias before training")


class Recurrence(keras.layers.Layer):
    """A step in depth, repeated: [B, T, D] or, one position of each row, [N, D] to the same.

    Args:
        time: how often, an `AdaptiveTime` or a `RepeatedTime`.
        positions: what is added for places.
        learned: whether steps have vectors that are learned, or sinusoids.
    """

    def __init__(
        self, time: Any, positions: Positions, *, d_model: int, learned: bool, **kwargs: Any
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.time, self.positions = time, positions
        self.d_model, self.learned = d_model, learned

    def build(self, *_: Any) -> None:
        self.time.build()
        if self.learned:
            self.table = self.add_weight(
                shape=(self.time.max_steps, self.d_model),
                initializer=keras.initializers.RandomNormal(stddev=self.d_model**-0.5),
                autocast=False,
                name="step",
            )
        self.built = True

    def call(
        self, x: Any, places: Any, advance: Step, real: Any = None, training: bool | None = None
    ) -> Any:
        """places: [T], [B, T] or, for rows [N, D], [1]; advance and real: see `AdaptiveTime`."""
        position = self.positions(places)

        def enter(state: Any, n: int) -> Any:
            step = ops.cast(self.step_signal(n), state.dtype)
            return state + ops.cast(position, state.dtype) + step

        return self.time(x, enter=enter, advance=advance, real=real, training=training)

    def step_signal(self, n: int) -> Any:
        """float32 [D] for the step n + 1."""
        if self.learned:
            return self.table[n] * self.d_model**0.5  # T2T scales it as it scales embeddings
        return timing_signal(float(n + 1), self.d_model, intervals=self.d_model // 2)


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    packs = True

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.sub = hp.d_model, Sublayers.of(hp)
        self.drop = Dropout(hp.dropout)
        self.encoder_time = self._recurrence(hp, "encoder_time")
        self.encoder = EncoderLayer(self.sub, name="encoder")
        self.encoder_close = self.sub.close("encoder_close")
        self.decoder_time = self._recurrence(hp, "decoder_time")
        self.decoder = DecoderLayer(self.sub, name="decoder")
        self.close = self.sub.close("decoder_close")

    def _recurrence(self, hp: Any, name: str) -> Recurrence:
        steps = hp.recurrence_steps or hp.num_layers
        time: keras.layers.Layer = RepeatedTime(steps, name="time")
        if hp.adaptive:
            time = AdaptiveTime(
                hp.d_model,
                hp.act_max_steps or 2 * steps,
                epsilon=hp.act_epsilon,
                loss_coef=hp.act_loss_coef,
                halting_bias=hp.act_halting_bias,
                name="time",
            )
        learned, positions = hp.step_signal == "learned", self.sub.absolute("positions")
        return Recurrence(time, positions, d_model=hp.d_model, learned=learned, name=name)

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        self.target_space = self.add_weight(
            shape=(self.d_model,),
            initializer=keras.initializers.RandomUniform(-0.05, 0.05),
            name="target_space",
        )
        for layer in (self.encoder_time, self.encoder, self.decoder_time, self.decoder):
            layer.build(shape)
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        length, segments, real = ops.shape(x)[1], segments_of(mask), ops.cast(mask, "bool")
        allowed = masks.padding(mask)
        if segments is not None:
            allowed = allowed & masks.same_segment(segments, segments)
        places, bias = places_of(length, segments), allowed.bias(length, length)

        def advance(state: Any, n: int) -> Any:
            return self.encoder(state, bias, places, training=training)

        x = self.drop(x + ops.cast(self.target_space, x.dtype), training=training)
        h = self.encoder_close(
            self.encoder_time(x, places, advance=advance, real=real, training=training)
        )
        keys, values = self.decoder.cross_attention.keys_values(h)  # the same at every step
        memory = {
            "keys": keys,
            "values": values,
            "real": real,
            "padding": masks.padding(real).bias(1, 1),
        }
        if segments is not None:
            memory["segments"] = segments
        return memory

    def see_targets(
        self, y: Any, mask: Any, memory: dict[str, Any], training: bool | None = None
    ) -> dict[str, Any]:
        """Which targets are real: pondering over padding shall cost nothing."""
        return {**memory, "target_real": ops.cast(mask, "bool")}

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length, kept = ops.shape(y)[1], (memory["keys"], memory["values"])
        allowed, over, segments = masks.causal(), memory["padding"], memory.get("target_segments")
        if segments is not None:
            allowed = allowed & masks.same_segment(segments, segments)
            over = over + masks.same_segment(segments, memory["segments"]).bias(1, 1)
        places, bias = places_of(length, segments), allowed.bias(length, length)

        def advance(state: Any, n: int) -> Any:
            return self.decoder(state, bias, kept, over, places, training=training)

        real = memory.get("target_real")
        if real is None:  # inputs decoded in the targets' place, or one answer
            real = memory["real"]
            real = ops.any(real, axis=1, keepdims=True) if y.shape[1] == 1 else real
        y = self.drop(y, training=training)
        y = self.decoder_time(y, places, advance=advance, real=real, training=training)
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        steps = self.decoder_time.time.max_steps
        return Past.empty(memory["keys"], self.sub, steps, num_beams, max_length)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past, kept = Past(cache, position), (memory["keys"], memory["values"])

        def advance(state: Any, n: int) -> Any:
            state, grown = self.decoder.step(
                state, position, past.of(n), past.bias, kept, memory["padding"], past.places
            )
            past.keep(n, grown)
            return state

        y = self.decoder_time(y, past.place, advance=advance, training=False)
        return self.close(y), past.cache()
