"""The statistics page's tables: splits, lengths, vocabularies, labels, frequent values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.datagen import vocabulary
from components.datagen.schema import EOS, PAD, SPLITS, Manifest
from components.datagen.statistics import histograms, pictures
from components.datagen.statistics.markup import (
    escape,
    headed,
    percent,
    picture,
    plural,
    quiet,
    section,
    table,
)
from components.datagen.statistics.sketch import DISTINCT, SHOWN, Statistics

MOST_LABELS = 30
MOST_VALUES = 15
MOST_SYMBOLS = 40
BALANCED = ("class_label", "aligned")
KINDS = ("read", "duplicates", "empty", "leaked", "too_long", "lopsided", "kept")


@dataclass(frozen=True)
class Content:
    """What a page is about. vocabularies: by feature. In the order of the schema, whatever that of
    the manifest is: it is another one in memory than in the file."""

    manifest: Manifest
    statistics: Mapping[str, Statistics]
    vocabularies: Mapping[str, vocabulary.Vocabulary]

    @property
    def train(self) -> Statistics | None:
        return self.statistics.get("train")

    def features(self, *modalities: str) -> list[str]:
        """Names of the features of these modalities; of all if none is given."""
        found = sorted(self.manifest.features.items())  # inputs before targets
        return [name for name, one in found if not modalities or one.modality in modalities]

    def piece(self, name: str, index: int) -> str:
        """What an id of a feature stands for."""
        known = self.vocabularies[name]
        if not isinstance(known, vocabulary.Labels) and index < len(vocabulary.RESERVED):
            return vocabulary.RESERVED[index]
        return known.decode([index])


def sources(content: Content) -> str:
    """The terms of the data and where each split came from."""
    report = content.manifest.report
    licence = f"Licence: {report.get('licence') or 'not stated'}"
    rows = [[origin["split"], _origin(origin)] for origin in report.get("sources", [])]
    return section("Source", quiet(licence), table(("split", "from"), rows, texts=2))


def _origin(origin: Mapping[str, Any]) -> str:
    if "files" in origin:
        files = [
            f"{file['path']} (sha256 {file['sha256'][:12]})" if file["sha256"] else file["path"]
            for file in origin["files"]
        ]
        return f"{origin.get('format', '')}: {', '.join(files)}"
    options = [f"{k}={v}" for k, v in origin.items() if k not in ("split", "function")]
    return ", ".join([origin["function"], *options])


def splits(content: Content) -> str:
    """Rows read, odd and kept; rows of one split that another has; lengths."""
    manifest = content.manifest
    rows = manifest.report.get("rows", {})
    found = {kind for own in rows.values() for kind in own}
    kinds = [*(kind for kind in KINDS if kind in found), *sorted(found - {*KINDS})]
    counted = [
        [split, *(f"{rows[split][kind]:,}" if kind in rows[split] else "" for kind in kinds)]
        for split in SPLITS
        if split in rows
    ]
    dropped = ", ".join(manifest.report.get("dropped", [])).replace("_", " ")
    leakage = [
        [key.replace("_", " "), f"{own['rows']:,}", f"{own['inputs']:,}", f"{own['of']:,}"]
        for key, own in sorted(manifest.report.get("leakage", {}).items())
    ]
    lengths = [
        [name, split, f"{own.min:,}", f"{own.mean:,.2f}", f"{own.p95:,}", f"{own.max:,}"]
        for name in content.features()
        for split in SPLITS
        if split in manifest.splits
        if (own := manifest.splits[split].lengths.get(name)) is not None
    ]
    return section(
        "Splits",
        table(("split", *(kind.replace("_", " ") for kind in kinds)), counted),
        quiet(f"Dropped from train: {dropped or 'nothing'}. A row may be odd in several ways."),
        headed("Leakage", table(("rows of", "the same row", "the same inputs", "of"), leakage)),
        headed(
            "Lengths, in positions of a model",
            table(("feature", "split", "min", "mean", "p95", "max"), lengths, texts=2),
        ),
    )


def lengths(content: Content) -> str:
    """The histogram of each feature whose length differs from row to row."""
    found = {}
    for name in content.features():
        own = {
            split: one.lengths[name]
            for split, one in content.statistics.items()
            if name in one.lengths and one.lengths[name].any()
        }
        if len({place for counted in own.values() for place in np.flatnonzero(counted)}) > 1:
            found[name] = own
    if not found:
        return ""
    return section(
        "Lengths",
        histograms.length_histogram(found, "Histogram of lengths"),
    )


def vocabularies(content: Content) -> str:
    """Size, use and unknown symbols of each vocabulary; how many values differ."""
    rows, distinct = [], []
    for name in content.features():
        feature = content.manifest.features[name]
        for split, one in content.statistics.items():
            if feature.vocabulary and one.used(name) is not None:
                size = f"{feature.vocabulary_size:,}"
                shares = [percent(one.used(name)), percent(one.unknown(name))]
                rows.append([name, split, feature.vocabulary, size, *shares])
            if (found := one.distinct(name)) is not None:
                estimate = f"{found[0]:,}" if found[1] else f"about {min(found[0], one.rows):,}"
                distinct.append([name, split, estimate, f"{one.rows:,}"])
    heads = ("feature", "split", "vocabulary", "entries", "used", "unknown among symbols")
    about = f"About: by a KMV sketch of {DISTINCT:,} hashes, within 1.6 % (standard error)."
    return section(
        "Vocabulary",
        table(heads, rows, texts=3),
        *(_symbols(content, name) for name in content.features("symbol")),
        headed(
            "Different values",
            table(("feature", "split", "different", "of"), distinct, texts=2),
        ),
        quiet(about) if any(cell.startswith("about") for *_, cell, _ in distinct) else "",
    )


def _symbols(content: Content, name: str) -> str:
    """The most frequent ones of train; every row has one EOS, which says nothing."""
    if content.train is None or name not in content.train.counts:
        return ""
    counts = content.train.counts[name]
    shown = [index for index in _largest(counts) if index not in (PAD, EOS)][:MOST_SYMBOLS]
    pieces = [
        f"<li><code>{escape(content.piece(name, index))}</code> {counts[index]:,}</li>"
        for index in shown
    ]
    body = f"<ul class=symbols>{''.join(pieces)}</ul>" if pieces else ""
    return headed(f"Most frequent symbols of {name}, train", body)


def labels(content: Content) -> str:
    """How often each class occurs, and how numbers to be predicted are spread."""
    parts = []
    for name in content.features(*BALANCED):
        parts += _balance(content, name)
    for name in content.features("real"):
        parts += _numbers(content, name)
    return section("Label balance", *parts)


def _balance(content: Content, name: str) -> list[str]:
    counts = {}
    for split, one in content.statistics.items():
        if name in one.counts:
            counts[split] = one.counts[name].copy()
            if content.manifest.features[name].modality == "aligned":
                counts[split][PAD] = 0  # positions that have no label
    if not any(own.any() for own in counts.values()):
        return []
    ranked = _largest(np.asarray(sum(counts.values())))
    shown = [(content.piece(name, index), index) for index in ranked[:MOST_LABELS]]
    shares = [
        (label, {split: own[index] / max(1, own.sum()) for split, own in counts.items()})
        for label, index in shown
    ]
    rows = [[label, *(f"{own[index]:,}" for own in counts.values())] for label, index in shown]
    largest, smallest = (
        sum(own[index] for own in counts.values()) for index in (ranked[0], ranked[-1])
    )
    caption = (
        f"{name}: {plural(len(ranked), 'label')}; the most frequent one occurs {largest:,} times, "
        f"the rarest {smallest:,} times."
    )
    if len(ranked) > MOST_LABELS:
        caption += f" The {MOST_LABELS} most frequent are shown."
    return [
        quiet(caption),
        picture(lambda theme: pictures.label_balance(shares, theme), f"Label balance of {name}"),
        table(("label", *counts), rows),
    ]


def _numbers(content: Content, name: str) -> list[str]:
    found = {}
    for split, one in content.statistics.items():
        if values := one.frequent(name):
            numbers = np.array([float(value) for value, _ in values])
            found[split] = (numbers, np.array([count for _, count in values]))
    if not found:
        return []
    rows = [
        [
            split,
            f"{numbers.min():,.4g}",
            f"{np.average(numbers, weights=counts):,.4g}",
            f"{numbers.max():,.4g}",
        ]
        for split, (numbers, counts) in found.items()
    ]
    return [
        quiet(f"{name}: {_sampled(content.statistics.values())}"),
        histograms.value_histogram(found, f"value of {name}", f"Histogram of {name}"),
        table(("split", "min", "mean", "max"), rows),
    ]


def frequent(content: Content) -> str:
    """The values that most rows of train share; of labels and numbers the balance says it."""
    parts: list[str] = []
    if content.train is None:
        return ""
    for name in content.features("symbol", "aligned"):
        found = content.train.frequent(name, MOST_VALUES)
        repeated = [[pictures.cut(text, SHOWN), f"{n:,}"] for text, n in found if n > 1]
        if repeated:
            parts.append(headed(f"{name}, train", table(("value", "rows"), repeated)))
        elif found:
            parts.append(quiet(f"{name}: no value of train occurs twice in these rows."))
    if parts:
        parts.insert(0, quiet(_sampled([content.train])))
    return section("Most frequent values", *parts)


def _sampled(statistics: Collection[Statistics]) -> str:
    """In which rows values were counted."""
    seen, rows = (sum(getattr(one, key) for one in statistics) for key in ("sampled", "rows"))
    where = "all" if seen == rows else f"a seeded sample of {seen:,} of"
    return f"Counted in {where} {plural(rows, 'row')}, by the first {SHOWN} characters."


def _largest(counts: np.ndarray) -> list[int]:
    """The ids that occur, the most frequent first, ties by the id."""
    order = np.argsort(-counts, kind="stable")
    return order[: np.count_nonzero(counts)].tolist()
