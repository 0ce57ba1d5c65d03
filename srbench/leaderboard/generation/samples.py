"""The gallery of generated samples: sheets beside real test images, and some beside what they are nearest to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from srbench.contract.dataset import Item
from srbench.errors import SrbenchError
from srbench.leaderboard.gallery.pictures import first_seeds, read_sr, to_display, write_png
from srbench.leaderboard.generation.nearest import (
    Measure,
    NearestImage,
    Neighbours,
    distribution,
    in_digits,
    in_words,
    nearest_samples,
    random_samples,
    read_neighbours,
    verdict,
)
from srbench.leaderboard.generation.sheets import COLUMNS, Pixels, Sheet, contact_sheet, zoom
from srbench.leaderboard.results.results import Damaged, Result, Results, unique_slugs
from srbench.leaderboard.words.numerals import plural
from srbench.pictures import Image, Values
from srbench.registry.configured import Use
from srbench.runner.planning.splits import Split, read_items
from srbench.statistics.memorisation import Memorisation, compare_distances
from srbench.store.files import StoreError
from srbench.store.records import Store

MOST_SAMPLES = 64
MOST_CLASSES = 12
_TOLERANCE = 1e-3
"""A difference of the distance measured again, beyond which the picture is another one than was compared."""


@dataclass(frozen=True)
class ClassSheets:
    """Samples beside real test images. label: the class of both, empty where they are of all."""

    label: str
    generated: Sheet
    real: Sheet | None


@dataclass(frozen=True)
class SampleWithNearest:
    """A sample and its nearest training images in one picture. alt: what it shows. words: the distances."""

    sheet: Sheet
    words: str
    alt: str


@dataclass(frozen=True)
class Nearness:
    """What one measure says of a generator's memory. nearest: the nearest samples, each with its training image."""

    memorisation: Memorisation
    verdict: str
    words: str
    figure: Markup
    nearest: tuple[SampleWithNearest, ...]


@dataclass(frozen=True)
class Memory:
    """What is known of a generator's memory. random: samples with their nearest training image by every measure; empty,
    as those of each measure are, where training images are not at hand, for the reason `trouble`."""

    by: dict[Measure, Nearness]
    random: tuple[SampleWithNearest, ...]
    trouble: str = ""

    @property
    def suspect(self) -> list[Measure]:
        """The measures by which there is any sign of memory."""
        return [measure for measure, found in self.by.items() if found.memorisation.suspect]


@dataclass(frozen=True)
class GeneratorSamples:
    """One generator on one dataset. remark: what part of its samples is shown."""

    id: str
    result: Result
    sheets: tuple[ClassSheets, ...]
    remark: str
    memory: Memory | None


@dataclass(frozen=True)
class SampleGallery:
    """The generators on one dataset under one protocol. trouble: why there are no real images, if there are none."""

    dataset: str
    protocol: str
    shown: tuple[GeneratorSamples, ...]
    trouble: str = ""

    @property
    def name(self) -> str:
        """The name for headings."""
        return f"{self.dataset}, {self.protocol}"


def write_samples(results: Results, data_root: Path, out: Path) -> list[SampleGallery]:
    """Write the pictures under `out/pictures` and say what was written, a gallery a dataset and protocol."""
    places = list(dict.fromkeys((r.planned.cell.dataset, r.planned.cell.protocol) for r in results.all))
    folders = unique_slugs([f"{dataset}-{protocol}" for dataset, protocol in places])
    galleries = []
    for place, folder in zip(places, folders, strict=True):
        chosen = first_seeds([r for r in results.all if (r.planned.cell.dataset, r.planned.cell.protocol) == place])
        if chosen:
            galleries.append(_Writer(results.store_root, data_root, out, f"pictures/{folder}").gallery(chosen))
    return galleries


class _Writer:
    """Writes the pictures of one dataset under one protocol; reads its splits once."""

    def __init__(self, store_root: Path, data_root: Path, out: Path, folder: str) -> None:
        self._store = Store(store_root)
        self._data_root, self._out, self._folder = data_root, out, folder
        self._splits: dict[tuple[int, Split], list[Item] | str] = {}
        self._real: dict[tuple[str, int], Sheet | None] = {}

    def gallery(self, chosen: Sequence[Result]) -> SampleGallery:
        names = unique_slugs(["real", *(result.entrant.name for result in chosen)])[1:]
        cell = chosen[0].planned.cell
        shown = [self._shown(result, name) for result, name in zip(chosen, names, strict=True)]
        test = self._items(chosen[0].planned.dataset, "test")
        return SampleGallery(
            cell.dataset, cell.protocol, tuple(one for one in shown if one), test if isinstance(test, str) else ""
        )

    def _items(self, use: Use, split: Split) -> list[Item] | str:
        """The items, or why they cannot be had."""
        if (id(use), split) not in self._splits:
            found: list[Item] | str
            try:
                found = read_items(use, split, self._data_root)
            except SrbenchError as error:
                found = str(error)
            except Exception as error:  # a plugin may fail in any way; the page is made without its pictures
                found = f"{type(error).__name__}: {error}"
            self._splits[id(use), split] = found
        return self._splits[id(use), split]

    def _shown(self, result: Result, name: str) -> GeneratorSamples | None:
        record = result.record
        assert record is not None
        groups = _groups(record.images, record.labels)
        most = _of_each(len(groups))
        sheets = []
        for place, (label, images) in enumerate(list(groups.items())[:MOST_CLASSES]):
            pictures = [self._sample(result, image) for image in images[:most]]
            known = [picture for picture in pictures if picture is not None]
            if known:
                sheet = self._write(f"{name}/samples-{place}.png", contact_sheet(known), known[0], len(known))
                sheets.append(ClassSheets(label, sheet, self._real_sheet(result, label, len(known))))
        if not sheets:
            return None
        drawn, made = sum(sheet.generated.count for sheet in sheets), plural(len(record.images), "sample")
        seed = result.planned.cell.seed
        of_seed = "" if seed is None else f" of seed {seed}"
        classes = f", of {MOST_CLASSES} of {len(groups)} classes" if len(groups) > MOST_CLASSES else ""
        if drawn == len(record.images):
            remark = f"All {made}{of_seed}."
        else:
            remark = f"{drawn} of {made}{classes}, the first ones{of_seed}, not a choice; all are in the store."
        anchor = f"g-{self._folder.partition('/')[2]}-{name}"
        memory = self._memory(result, name, anchor)
        return GeneratorSamples(anchor, result, tuple(sheets), remark, memory)

    def _sample(self, result: Result, image: str) -> Pixels | None:
        """A sample in 8 bits, or None when the store does not hold it."""
        whole = self._stored(result, image)
        return None if whole is None else to_display(whole, self._values(result, whole))

    def _values(self, result: Result, sample: Image) -> Values:
        """The values of samples: those of the real images, of whose depth they are."""
        items = self._items(result.planned.dataset, "test")
        return Values.of(sample) if isinstance(items, str) or not items else items[0].read_hr()[1]

    def _stored(self, result: Result, image: str) -> Image | None:
        return read_sr(result, self._store.root, image)

    def _write(self, name: str, sheet: Pixels, like: Pixels, count: int) -> Sheet:
        path = self._out / self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, sheet)
        factor = zoom(like.shape[0])
        return Sheet(f"{self._folder}/{name}", factor * sheet.shape[1], factor * sheet.shape[0], count)

    def _real_sheet(self, result: Result, label: str, count: int) -> Sheet | None:
        """Write so many real test images of the class, evenly over the split: neighbours may be of one picture."""
        items = self._items(result.planned.dataset, "test")
        if isinstance(items, str):
            return None
        if (label, count) not in self._real:
            of_class = [item for item in items if not label or item.label == label]
            places = np.linspace(0, len(of_class) - 1, num=min(count, len(of_class))).round().astype(int)
            pictures = [to_display(*of_class[place].read_hr()) for place in places]
            name = f"real/images-{len(self._real)}.png"
            self._real[label, count] = (
                self._write(name, contact_sheet(pictures), pictures[0], len(pictures)) if pictures else None
            )
        return self._real[label, count]

    def _memory(self, result: Result, name: str, anchor: str) -> Memory | None:
        assert result.record is not None
        try:
            found = read_neighbours(self._store.folder("cells", result.record.key))
        except StoreError as error:
            raise Damaged(result, str(error)) from error
        if found is None:
            return None
        by: dict[Measure, Nearness] = {}
        troubles = []
        for measure, neighbours in found.items():
            memorisation = compare_distances(
                [neighbour.distance for neighbour in neighbours.generated.values()],
                [neighbour.distance for neighbour in neighbours.real.values()],
            )
            pairs, trouble = self._pairs(result, found, [measure], nearest_samples(neighbours), f"{name}/{measure}")
            troubles.append(trouble)
            figure = f"{anchor}-distances-{measure}"
            by[measure] = Nearness(
                memorisation,
                verdict(memorisation, measure),
                in_words(memorisation, measure),
                distribution(neighbours, measure, result.entrant.slot, result.entrant.name, figure),
                tuple(pairs),
            )
        pairs, trouble = self._pairs(result, found, list(found), random_samples(found["pixels"]), f"{name}/random")
        return Memory(by, tuple(pairs), next(filter(None, [*troubles, trouble]), ""))

    def _pairs(
        self,
        result: Result,
        found: Mapping[Measure, Neighbours],
        measures: Sequence[Measure],
        images: Iterable[str],
        name: str,
    ) -> tuple[list[SampleWithNearest], str]:
        """Each sample beside the training image it is nearest to by each of some measures."""
        pairs = []
        for place, image in enumerate(images):
            sample = self._stored(result, image)
            if sample is None:
                return [], "the store does not hold the samples"
            near = {measure: found[measure].generated[image] for measure in found}
            learned = self._training_images(result, near, sample)
            if isinstance(learned, str):
                return [], learned
            own = to_display(sample, self._values(result, sample))
            beside, far, named = [own], [], []
            for measure in measures:
                picture, mirrored = learned[measure]
                ending = ", mirrored" if mirrored else ""
                beside.append(picture)
                far.append(f"{in_digits(near[measure].distance)}{ending}")
                named.append(f"training image {near[measure].nearest}{ending}")
            sheet = self._write(f"{name}-{place}.png", contact_sheet(beside, len(beside)), own, len(beside))
            alt = f"{image} of {result.entrant.name} and {' and '.join(named)}"
            pairs.append(SampleWithNearest(sheet, "; ".join(far), alt))
        return pairs, ""

    def _training_images(
        self, result: Result, near: Mapping[Measure, NearestImage], sample: Image
    ) -> dict[Measure, tuple[Pixels, bool]] | str:
        """The training images, in 8 bits, and whether they are shown mirrored; or why they cannot be shown.

        Mirrored is the one by pixels, where that is nearer. Its distance tells whether this is the split that samples
        were compared with, for the other one, too.
        """
        planned = result.planned
        uses = [planned.dataset, *([planned.training.dataset] if planned.training else [])]
        why = f"{planned.dataset.name} no longer holds the training image {near['pixels'].nearest}"
        for use in reversed(uses):
            items = self._items(use, "train")
            if isinstance(items, str):
                why = items
                continue
            held = {item.id: item for item in items}
            if not all(neighbour.nearest in held for neighbour in near.values()):
                continue
            hr, values = held[near["pixels"].nearest].read_hr()
            own = self._values(result, sample).to_unit(sample)
            errors = [_rmse(own, values.to_unit(way)) for way in (hr, hr[:, ::-1])]
            if abs(min(errors) - near["pixels"].distance) <= _TOLERANCE:
                mirrored = errors[1] < errors[0]
                by_pixels = to_display(hr[:, ::-1] if mirrored else hr, values)
                by_features = to_display(*held[near["features"].nearest].read_hr())
                return {"pixels": (by_pixels, mirrored), "features": (by_features, False)}
        return why


def _groups(images: Iterable[str], labels: dict[str, str]) -> dict[str, list[str]]:
    """Image ids by class, the classes in alphabetical order; one group without a name where there are no classes."""
    groups: dict[str, list[str]] = {}
    for image in images:
        groups.setdefault(labels.get(image, ""), []).append(image)
    return dict(sorted(groups.items()))


def _of_each(classes: int) -> int:
    """How many samples of each class are shown: whole rows, about `MOST_SAMPLES` in all."""
    return max(COLUMNS, MOST_SAMPLES // max(classes, 1) // COLUMNS * COLUMNS)


def _rmse(a: Image, b: Image) -> float:
    if a.shape[:2] != b.shape[:2]:
        return float("inf")
    return float(np.sqrt(np.square(np.asarray(a, np.float64) - np.asarray(b, np.float64)).mean()))
