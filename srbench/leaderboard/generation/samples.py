"""The gallery of generated samples: sheets beside real test images, and some beside what they are nearest to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
from markupsafe import Markup

from srbench.leaderboard.gallery.choice import first_seeds
from srbench.leaderboard.gallery.display import to_display, write_png
from srbench.leaderboard.gallery.writing import read_sr
from srbench.leaderboard.generation.nearest import (
    Measure,
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
from srbench.statistics.memorisation import Memorisation, compare_distances
from srbench.store.files import StoreError
from srbench.store.records import NEAREST_IMAGES, Store
from srbench.store.references import References

MOST_SAMPLES = 64
MOST_CLASSES = 12


class ClassSheets(msgspec.Struct, frozen=True):
    """Samples beside real test images. label: the class of both, empty where they are of all."""

    label: str
    generated: Sheet
    real: Sheet | None


class SampleWithNearest(msgspec.Struct, frozen=True):
    """A sample and its nearest training images in one picture. alt: what it shows. words: the distances."""

    sheet: Sheet
    words: str
    alt: str


class Nearness(msgspec.Struct, frozen=True, dict=True):
    """What one measure says of a generator's memory.

    generated, real: how far each sample, and each real test image, is from its nearest training image. nearest: the
    nearest samples, each with its training image.
    """

    measure: Measure
    generated: tuple[float, ...]
    real: tuple[float, ...]
    nearest: tuple[SampleWithNearest, ...]

    @cached_property
    def memorisation(self) -> Memorisation:
        """The two held against each other."""
        return compare_distances(self.generated, self.real)

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        return verdict(self.memorisation, self.measure)

    @property
    def words(self) -> str:
        """The numbers behind it."""
        return in_words(self.memorisation, self.measure)


class Memory(msgspec.Struct, frozen=True):
    """What is known of a generator's memory. random: samples with their nearest training image by every measure; empty,
    as those of each measure are, where training images are not at hand, for the reason `trouble`."""

    by: tuple[Nearness, ...]
    random: tuple[SampleWithNearest, ...]
    trouble: str = ""

    def without_pictures(self) -> Memory:
        """The same without samples beside training images."""
        by = tuple(msgspec.structs.replace(near, nearest=()) for near in self.by)
        return Memory(by, (), self.trouble or "this board was published without them")

    @property
    def suspect(self) -> list[Measure]:
        """The measures by which there is any sign of memory."""
        return [found.measure for found in self.by if found.memorisation.suspect]


class GeneratorSamples(msgspec.Struct, frozen=True, dict=True):
    """One generator on one dataset. slug, key: of its cell. slot: its place in the matrix file. remark: what part of
    its samples is shown."""

    id: str
    generator: str
    slot: int
    slug: str
    key: str
    sheets: tuple[ClassSheets, ...]
    remark: str
    memory: Memory | None

    def with_sheets(self, most: int) -> GeneratorSamples:
        """The same with so many of its sheets at most, and none of samples beside training images."""
        sheets, memory = self.sheets[:most], self.memory and self.memory.without_pictures()
        count = sum(sheet.generated.count for sheet in sheets)
        told = f"The first {plural(count, 'sample')}." if sheets else "None of its samples are here."
        remark = told if len(sheets) < len(self.sheets) else self.remark
        return msgspec.structs.replace(self, sheets=sheets, memory=memory, remark=remark)

    @cached_property
    def figures(self) -> dict[Measure, Markup]:
        """The distances by each measure."""
        return {
            near.measure: distribution(
                near.generated,
                near.real,
                near.measure,
                self.slot,
                self.generator,
                f"{self.id}-distances-{near.measure}",
            )
            for near in (self.memory.by if self.memory else ())
        }


class SampleGallery(msgspec.Struct, frozen=True):
    """The generators on one dataset under one protocol. trouble: why there are no real images, if there are none."""

    dataset: str
    protocol: str
    shown: tuple[GeneratorSamples, ...]
    trouble: str = ""

    def renamed(self, names: Mapping[str, str]) -> SampleGallery:
        """The same with other names of generators, by those that they have."""
        shown = tuple(
            msgspec.structs.replace(one, generator=names.get(one.generator, one.generator)) for one in self.shown
        )
        return msgspec.structs.replace(self, shown=shown)

    def few(self) -> SampleGallery:
        """The same with the first sheet of each generator alone."""
        return self._with_sheets(1)

    def without_pictures(self) -> SampleGallery:
        """What is known of the generators' memory, without pictures."""
        return self._with_sheets(0)

    def _with_sheets(self, most: int) -> SampleGallery:
        return msgspec.structs.replace(self, shown=tuple(one.with_sheets(most) for one in self.shown))

    def check(self, results: Results) -> None:
        """Raise `ValueError` where it is not of these results."""
        known = {one.cell.key for one in results.by_place.get((self.dataset, self.protocol), [])}
        if strange := [one for one in self.shown if one.key not in known]:
            raise ValueError(f"samples of {self.name} are of {strange[0].generator!r}, of which it has no such cell")

    @property
    def name(self) -> str:
        """The name for headings."""
        return f"{self.dataset}, {self.protocol}"

    @property
    def files(self) -> list[str]:
        """The pictures that belong to it, by their places in the board's folder."""
        found: list[Sheet | None] = []
        for one in self.shown:
            found += [sheet for sheets in one.sheets for sheet in (sheets.generated, sheets.real)]
            pairs = (
                [*one.memory.random, *(pair for near in one.memory.by for pair in near.nearest)] if one.memory else []
            )
            found += [pair.sheet for pair in pairs]
        return list(dict.fromkeys(sheet.href for sheet in found if sheet is not None))


def write_samples(results: Results, store_root: Path, out: Path) -> list[SampleGallery]:
    """Write the pictures under `out/pictures` and say what was written, a gallery a dataset and protocol."""
    folders = unique_slugs([f"{dataset}-{protocol}" for dataset, protocol in results.by_place])
    galleries = []
    for rivals, folder in zip(results.by_place.values(), folders, strict=True):
        if chosen := first_seeds(rivals):
            galleries.append(_Writer(chosen, store_root, out, f"pictures/{folder}").gallery())
    return galleries


class _Writer:
    """Writes the pictures of one dataset under one protocol."""

    def __init__(self, chosen: Sequence[Result], store_root: Path, out: Path, folder: str) -> None:
        self._chosen, self._store, self._out, self._folder = chosen, Store(store_root), out, folder
        assert chosen[0].record is not None
        self._test = References.at(store_root, chosen[0].references)
        self._labels = self._test.labels()
        first = self._test.read(next(iter(self._labels))) if self._labels else None
        self._values = None if first is None else first.values
        self._real: dict[tuple[str, int], Sheet | None] = {}

    def gallery(self) -> SampleGallery:
        names = unique_slugs(["real", *(result.entrant.name for result in self._chosen)])[1:]
        cell = self._chosen[0].cell
        shown = [self._shown(result, name) for result, name in zip(self._chosen, names, strict=True)]
        trouble = "" if self._values is not None else "the store does not hold the test images"
        return SampleGallery(cell.dataset, cell.protocol, tuple(one for one in shown if one), trouble)

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
                sheets.append(ClassSheets(label, sheet, self._real_sheet(label, len(known))))
        if not sheets:
            return None
        drawn, made = sum(sheet.generated.count for sheet in sheets), plural(len(record.images), "sample")
        seed = result.cell.seed
        of_seed = "" if seed is None else f" of seed {seed}"
        classes = f", of {MOST_CLASSES} of {len(groups)} classes" if len(groups) > MOST_CLASSES else ""
        if drawn == len(record.images):
            remark = f"All {made}{of_seed}."
        else:
            remark = f"{drawn} of {made}{classes}, the first ones{of_seed}, not a choice; all are in the store."
        anchor = f"g-{self._folder.partition('/')[2]}-{name}"
        entrant, memory = result.entrant, self._memory(result, name)
        return GeneratorSamples(
            anchor, entrant.name, entrant.slot, result.slug, result.cell.key, tuple(sheets), remark, memory
        )

    def _sample(self, result: Result, image: str) -> Pixels | None:
        """A sample in 8 bits, or None when the store does not hold it."""
        whole = self._stored(result, image)
        return None if whole is None else self._displayed(whole)

    def _displayed(self, sample: Image) -> Pixels:
        """In 8 bits, with the values of the real images, of whose depth samples are."""
        return to_display(sample, self._values or Values.of(sample))

    def _stored(self, result: Result, image: str) -> Image | None:
        return read_sr(result, self._store.root, image)

    def _write(self, name: str, sheet: Pixels, like: Pixels, count: int) -> Sheet:
        path = self._out / self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, sheet)
        factor = zoom(like.shape[0])
        return Sheet(f"{self._folder}/{name}", factor * sheet.shape[1], factor * sheet.shape[0], count)

    def _real_sheet(self, label: str, count: int) -> Sheet | None:
        """Write so many real test images of the class, evenly over the split: neighbours may be of one picture."""
        if (label, count) not in self._real:
            of_class = [image for image, known in self._labels.items() if not label or known == label]
            places = np.linspace(0, len(of_class) - 1, num=min(count, len(of_class))).round().astype(int)
            found = [self._test.read(of_class[place]) for place in places]
            pictures = [to_display(one.hr, one.values) for one in found if one and one.hr is not None]
            name = f"real/images-{len(self._real)}.png"
            self._real[label, count] = (
                self._write(name, contact_sheet(pictures), pictures[0], len(pictures)) if pictures else None
            )
        return self._real[label, count]

    def _memory(self, result: Result, name: str) -> Memory | None:
        assert result.record is not None
        folder = self._store.folder("cells", result.record.key)
        try:
            found = read_neighbours(folder)
        except StoreError as error:
            raise Damaged(result, str(error)) from error
        if found is None:
            return None
        learned = References(folder / NEAREST_IMAGES)
        by = []
        troubles = []
        for measure, neighbours in found.items():
            nearest = nearest_samples(neighbours)
            pairs, trouble = self._pairs(result, learned, found, [measure], nearest, f"{name}/{measure}")
            troubles.append(trouble)
            generated, real = (
                tuple(neighbour.distance for neighbour in some.values())
                for some in (neighbours.generated, neighbours.real)
            )
            by.append(Nearness(measure, generated, real, tuple(pairs)))
        chosen = random_samples(found["pixels"])
        pairs, trouble = self._pairs(result, learned, found, list(found), chosen, f"{name}/random")
        return Memory(tuple(by), tuple(pairs), next(filter(None, [*troubles, trouble]), ""))

    def _pairs(
        self,
        result: Result,
        learned: References,
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
            own = self._displayed(sample)
            beside, far, named = [own], [], []
            for measure in measures:
                near = found[measure].generated[image]
                known = learned.read(near.nearest)
                if known is None or known.hr is None:
                    return [], f"the store does not hold the training image {near.nearest}"
                picture = to_display(known.hr, known.values)
                mirrored = measure == "pixels" and _rmse(own, picture[:, ::-1]) < _rmse(own, picture)
                ending = ", mirrored" if mirrored else ""
                beside.append(picture[:, ::-1] if mirrored else picture)
                far.append(f"{in_digits(near.distance)}{ending}")
                named.append(f"training image {near.nearest}{ending}")
            sheet = self._write(f"{name}-{place}.png", contact_sheet(beside, len(beside)), own, len(beside))
            alt = f"{image} of {result.entrant.name} and {' and '.join(named)}"
            pairs.append(SampleWithNearest(sheet, "; ".join(far), alt))
        return pairs, ""


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
