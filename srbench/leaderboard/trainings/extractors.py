"""The extractors that srbench trained for the metrics of a board, made ready for their page.

Without their folders (a store that holds the records only) there is nothing to show, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from srbench.leaderboard.gallery.display import write_png
from srbench.leaderboard.gallery.pictures import check_place
from srbench.leaderboard.results.results import Results, unique_slugs
from srbench.leaderboard.trainings.outlines import with_outlines
from srbench.leaderboard.trainings.pages import Group
from srbench.leaderboard.trainings.run import read_training
from srbench.leaderboard.words.numerals import duration, flat, number, significant
from srbench.store.details import ConfusionMatrix
from srbench.store.evidence import Evidence, MaskShown
from srbench.store.files import StoreError
from srbench.store.record import Record
from srbench.store.records import Store

FOLDER = "extractors"
"""The board's folder of their page and pictures."""


class MaskPicture(msgspec.Struct, frozen=True):
    """A test image with the outlines of both masks."""

    href: str
    image: str
    dice: float
    width: int
    height: int

    def __post_init__(self) -> None:
        """A place outside the board's folder is a `ValueError`."""
        check_place(self.href)

    @property
    def words(self) -> str:
        """How good the found mask is."""
        return f"Dice {self.dice:.2f}"


class Instrument(msgspec.Struct, frozen=True):
    """A trained extractor: its training, how good it is on the test split, and which metrics run on it.

    key, group: of its one training, which may have left nothing. facts, parameters: names and values as text. damage:
    what of it cannot be shown.
    """

    key: str
    group: Group
    metrics: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str], ...]
    confusion: ConfusionMatrix | None = None
    masks: tuple[MaskPicture, ...] = ()
    damage: str = ""

    @property
    def files(self) -> list[str]:
        """The pictures that belong to it, by their places in the board's folder."""
        return [mask.href for mask in self.masks]

    @property
    def troubles(self) -> list[str]:
        """What of it cannot be shown, a sentence each."""
        return [*(text for run in self.group.runs for text in run.damage), *([self.damage] if self.damage else [])]

    def without_pictures(self) -> Instrument:
        """The same, where its pictures are not there."""
        return msgspec.structs.replace(self, masks=())


def write_instruments(results: Results, store_root: Path, out: Path) -> list[Instrument]:
    """Write the pictures with masks under `out/extractors`; return what their page shows, in the metrics' order."""
    store, used = Store(store_root), dict[str, dict[str, None]]()
    for name, key in _trained(results):
        used.setdefault(key, {})[name] = None
    found = [
        (key, record, tuple(map(results.metric_label, metrics)))
        for key, metrics in used.items()
        if (record := store.read("extractors", key)) is not None
    ]
    slugs = unique_slugs([record.label.replace("/", "-") for _, record, _ in found])
    return [
        _instrument(store, key, record, metrics, slug, out)
        for (key, record, metrics), slug in zip(found, slugs, strict=True)
    ]


def _trained(results: Results) -> Iterator[tuple[str, str]]:
    """Names of metrics with the keys of the extractors that were trained for them."""
    for name in results.metrics:
        for result in results.all:
            facts = result.record.metrics.get(name) if result.record else None
            if facts is not None and facts.extractor:
                yield name, facts.extractor


def _instrument(store: Store, key: str, record: Record, metrics: tuple[str, ...], slug: str, out: Path) -> Instrument:
    folder, damage = store.folder("extractors", key), ""
    try:
        shown = Evidence.read(folder)
    except StoreError as error:
        shown, damage = Evidence(), str(error)
    training = read_training(store, key, None, "extractors")
    caption = f"{record.point.get('extractor')}, trained on {record.point.get('dataset')}"
    seconds = record.cost.get("train_seconds")
    facts = [(name.replace("_", " "), _text(value)) for name, value in record.facts.items()]
    parameters = record.ingredients.get("extractor", {}).get("params", {})
    return Instrument(
        key,
        Group("", slug, caption, () if training is None else (training[0],), ()),
        metrics,
        (*facts, *([("training", duration(seconds))] if seconds is not None else [])),
        tuple((name, value) for name, value in flat(parameters) if value != "none"),
        shown.confusion,
        tuple(_written(one, f"{FOLDER}/{slug}-{place}.png", out) for place, one in enumerate(shown.masks)),
        damage,
    )


def _text(value: float) -> str:
    return number(value, 0) if value == round(value) and abs(value) > 1 else significant(value, 3)


def _written(shown: MaskShown, href: str, out: Path) -> MaskPicture:
    drawn = with_outlines(shown)
    (out / href).parent.mkdir(parents=True, exist_ok=True)
    write_png(out / href, drawn)
    height, width = drawn.shape[:2]
    return MaskPicture(href, shown.image, shown.dice, width, height)
