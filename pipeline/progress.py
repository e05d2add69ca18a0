"""A stage's events as lines that a person can read: one moving line on a terminal, few elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

QUIET_SECONDS = 30.0


class Progress:
    """Prints the events of one stage; call it with each.

    On a terminal the step line is rewritten in place. Elsewhere a step is printed when a tenth of
    the steps or 30 seconds have passed since the last one.
    """

    def __init__(
        self, name: str, out: IO[str] | None = None, *, moving: bool | None = None
    ) -> None:
        self.name = name
        self.out = out or sys.stdout
        self.moving = self.out.isatty() if moving is None else moving
        self._last_time = time.monotonic()
        self._last_tenth = 0
        self._width = 0

    def __call__(self, event: Mapping[str, Any]) -> None:
        kind = event.get("event")
        text = describe(event)
        if not text:
            return
        if kind != "step":
            self._line(text)
        elif self.moving:
            self._replace(text)
        elif self._due(event):
            self._line(text)

    def _due(self, event: Mapping[str, Any]) -> bool:
        now = time.monotonic()
        tenth = 10 * event["step"] // event["steps"] if event.get("steps") else 0
        if now - self._last_time < QUIET_SECONDS and tenth <= self._last_tenth:
            return False
        self._last_time, self._last_tenth = now, tenth
        return True

    def _line(self, text: str) -> None:
        self._clear()
        print(f"  {text}", file=self.out, flush=True)

    def _replace(self, text: str) -> None:
        text = f"  {text}"[:200]
        self.out.write("\r" + text.ljust(self._width))
        self.out.flush()
        self._width = len(text)

    def _clear(self) -> None:
        if self._width:
            self.out.write("\r" + " " * self._width + "\r")
            self._width = 0

    def close(self) -> None:
        """Ends a moving line."""
        self._clear()
        self.out.flush()


def describe(event: Mapping[str, Any]) -> str:
    """One event in words; empty for what people need not see."""
    known = WORDS.get(str(event.get("event")))
    if known:
        return known(event)
    words = [
        f"{key} {_number(value)}" for key, value in event.items() if key not in ("event", "problem")
    ]
    return f"{event.get('event')}: {', '.join(words)}"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _start(event: Mapping[str, Any]) -> str:
    parts = [f"{event['params']:,} weights"] if "params" in event else []
    if "examples" in event:
        parts.append(f"{event['examples']:,} examples")
    if event.get("left_out"):
        parts.append(f"{event['left_out']:,} longer ones left out")
    if event.get("shapes", 1) > 1:
        parts.append(f"{event['shapes']} shapes of batches, each compiled when it first comes up")
    if event.get("devices"):
        parts.append("on " + ", ".join(str(device) for device in event["devices"]))
    return ", ".join(parts)


def _step(event: Mapping[str, Any]) -> str:
    parts = [f"step {_of(event)}"]
    if "loss" in event:
        parts.append(f"loss {event['loss']:.4f}")
    if "learning_rate" in event:
        parts.append(f"lr {event['learning_rate']:.2e}")
    if "tokens_per_second" in event:
        parts.append(f"{event['tokens_per_second']:,.0f} tokens/s")
    if event.get("seconds_left") is not None:
        parts.append(f"{duration(event['seconds_left'])} left")
    return "   ".join(parts)


def _dev(event: Mapping[str, Any]) -> str:
    values = [
        f"{key} {_number(value)}"
        for key, value in event.items()
        if key not in ("event", "step", "steps", "time") and isinstance(value, int | float)
    ]
    return f"step {_of(event)}   {'   '.join(values)}"


def _read(event: Mapping[str, Any]) -> str:
    so_far = "" if event.get("done") else " so far"
    return f"{event['split']}: {event['rows']:,} rows read{so_far}"


def _download(event: Mapping[str, Any]) -> str:
    total = f" of {event['total'] / 1e6:,.1f}" if event.get("total") else ""
    return f"{event['url']}: {event['bytes'] / 1e6:,.1f}{total} MB"


def _shards(event: Mapping[str, Any]) -> str:
    if not event.get("done"):
        return "encoding and writing shards"
    return f"shard {event['done']} of {event['of']} written"


def _chosen(event: Mapping[str, Any]) -> str:
    """`checkpoint last, dev_bleu 37.69`: which weights are evaluated, and why these."""
    return ", ".join(f"{key} {_number(value)}" for key, value in event.items() if key != "event")


def _of(event: Mapping[str, Any]) -> str:
    return f"{event['step']}/{event['steps']}" if event.get("steps") else str(event["step"])


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "start": _start,
    "resume": lambda event: f"goes on from step {_of(event)}",
    "first_step": lambda event: f"first step, tracing included, {event['seconds']:.1f} s",
    "step": _step,
    "dev": _dev,
    "end": lambda event: "",
    "checkpoint": lambda event: "",
    "read": _read,
    "download": _download,
    "vocabulary": lambda event: "building the vocabulary",
    "shards": _shards,
    "chosen": _chosen,
    "decode": lambda event: f"decoded {event['done']:,} of {event['examples']:,}",
    "inside": lambda event: str(event["note"]),
    "decoded": lambda event: f"decoded {event['examples']:,} in {event['seconds']:.1f} s",
}
