"""Pictures for the page: crops of HR, LR and SR as 8-bit PNG, and error maps on one scale.

Of each dataset a few images are shown: the worst and the best of every method, then others spread over the range of
difficulty. Of a large image the window is shown where the methods err most. That keeps a board a few megabytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from srbench.contract.protocol import Protocol
from srbench.leaderboard.gallery.choice import choose_images, difficulties, extremes_of
from srbench.leaderboard.gallery.errors import WIDEST, Errors, error_map, error_scale, write_error
from srbench.leaderboard.gallery.hallucination import hallucination_legend, hallucination_map, write_hallucination
from srbench.leaderboard.gallery.spectra import Spectra, SpectraSum
from srbench.leaderboard.gallery.values import FILE, LARGEST, Pixels, as_shown, script
from srbench.leaderboard.gallery.whole import Room, png
from srbench.leaderboard.results.results import Damaged, Entrant, Result, Results, unique_slugs
from srbench.leaderboard.words.numerals import listing
from srbench.pictures import DEPTHS, Image, ImageError, Values, in_digits, measured, read_image, reduced, scale_of
from srbench.store.records import Store
from srbench.store.references import Reference, References

WINDOW = LARGEST
"""The longest side shown, in HR pixels."""
_GREY = 0.5
_Kind = TypeVar("_Kind", bound=np.generic)


class Layer(msgspec.Struct, frozen=True):
    """One picture of an image: HR, LR or an entrant's SR. Places are relative to the board's folder.

    error_href, mean_error: its error map. map_href, shares: its hallucination map, and what of the image it improved,
    left out and invented. None where HR, or LR, was not at hand. tiles: of the whole picture, row by row, where that is
    more than is shown at first and there was room for it.
    """

    name: str
    href: str
    error_href: str | None = None
    mean_error: float | None = None
    map_href: str | None = None
    shares: tuple[float, float, float] | None = None
    tiles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Places outside the board's folder are a `ValueError`."""
        for place in self.places:
            check_place(place)

    @property
    def places(self) -> list[str]:
        """Its pictures."""
        return [place for place in (self.href, self.error_href, self.map_href, *self.tiles) if place is not None]


class ViewedImage(msgspec.Struct, frozen=True):
    """One image of the wall.

    box: left, top, width, height of the window, in HR pixels; whole: of how many. meaning: what its values and pixels
    are, in words, where there is more to say than that black is black. values: the script with the values of its
    layers (`gallery/values.py`), where they were kept.
    """

    id: str
    layers: tuple[Layer, ...]
    box: tuple[int, int, int, int]
    whole: tuple[int, int]
    meaning: str = ""
    values: str | None = None

    def __post_init__(self) -> None:
        """A place outside the board's folder is a `ValueError`."""
        if self.values is not None:
            check_place(self.values, FILE)

    @property
    def places(self) -> list[str]:
        """Its pictures, and the script with their values."""
        own = [] if self.values is None else [self.values]
        return [*(place for layer in self.layers for place in layer.places), *own]

    def with_values(self, out: Path) -> ViewedImage:
        """The image with values of its layers, where none were kept: as the pictures in `out` show them."""
        if self.values is not None or not self.layers:
            return self
        place = f"{PurePosixPath(self.layers[0].href).parent}/{FILE}"
        (out / place).write_bytes(script(place, as_shown(out / layer.href for layer in self.layers)))
        return msgspec.structs.replace(self, values=place)

    def renamed(self, names: Mapping[str, str]) -> ViewedImage:
        """The image with other names of entrants, by those that they have."""
        layers = tuple(msgspec.structs.replace(one, name=names.get(one.name, one.name)) for one in self.layers)
        return msgspec.structs.replace(self, layers=layers)

    def layer(self, name: str) -> Layer | None:
        """The layer of this name."""
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def window_words(self) -> str:
        """What part of the image is shown."""
        left, top, width, height = self.box
        meaning = self.meaning and f"; {self.meaning}"
        if (width, height) == self.whole:
            return f"{width} × {height} pixels, the whole image{meaning}"
        where = "where the methods err most" if any(layer.error_href for layer in self.layers) else "the middle"
        rest = "the rest is here, too" if any(layer.tiles for layer in self.layers) else "the rest is left out"
        part = f"{width} × {height} of {self.whole[0]} × {self.whole[1]} pixels"
        return f"{part}, from ({left}, {top}): {where}; {rest}{meaning}"

    @property
    def is_cut(self) -> bool:
        """Whether the board holds less than the whole image."""
        return self.box[2:] != self.whole and not any(layer.tiles for layer in self.layers)


class Gallery(msgspec.Struct, frozen=True):
    """The images shown of one dataset under one protocol.

    trouble: why HR and LR are absent, if they are. extremes: the worst and best image of each entrant, by its name, by
    `metric`. error_white: the error, as a part of the data range, of an error map's last colour: the same on a board.
    spectra: the mean power spectra of the whole images that are shown, where HR is known.
    """

    dataset: str
    protocol: str
    images: tuple[ViewedImage, ...]
    trouble: str = ""
    metric: str | None = None
    extremes: Mapping[str, tuple[str, str]] = {}
    error_white: float = WIDEST
    spectra: Spectra | None = None

    @property
    def files(self) -> list[str]:
        """The pictures that belong to it, by their places in the board's folder."""
        return [place for image in self.images for place in image.places]

    def with_values(self, out: Path) -> Gallery:
        """The gallery with values of all images; a board that was published before has none."""
        return msgspec.structs.replace(self, images=tuple(image.with_values(out) for image in self.images))

    def renamed(self, names: Mapping[str, str]) -> Gallery:
        """The gallery with other names of entrants, by those that they have."""
        images = tuple(image.renamed(names) for image in self.images)
        extremes = {names.get(name, name): ends for name, ends in self.extremes.items()}
        spectra = None if self.spectra is None else self.spectra.renamed(names)
        return msgspec.structs.replace(self, images=images, extremes=extremes, spectra=spectra)

    def few(self) -> Gallery:
        """The same with its first image alone."""
        return msgspec.structs.replace(self, images=self.images[:1])

    def without_pictures(self) -> Gallery:
        """What is known from pictures, without them."""
        return msgspec.structs.replace(self, images=())

    def check(self, results: Results) -> None:
        """Raise `ValueError` where it is not of these results."""
        place = self.dataset, self.protocol
        known = {one.entrant.name for one in first_seeds(results.by_place.get(place, []))}
        named = {*self.extremes, *(() if self.spectra is None else self.spectra.sr)}
        shown = {layer.name for image in self.images for layer in image.layers} - {"HR", "LR"}
        if strange := sorted((named | shown) - known):
            raise ValueError(f"pictures of {self.name} are of {strange[0]!r}, of which it has no results")
        if any(not image.layers for image in self.images):
            raise ValueError(f"an image of {self.name} has no pictures")

    @property
    def name(self) -> str:
        """The name in the choice of the wall."""
        return f"{self.dataset}, {self.protocol}"


def white_words(galleries: Sequence[Gallery]) -> str:
    """The error of the last colour of a board's error maps, in words."""
    white = next((gallery.error_white for gallery in galleries if gallery.images), WIDEST)
    return f"{100 * white:g} % of white or more"


def check_place(href: str, pattern: str = "*.png") -> None:
    """Raise `ValueError` for a place that is not in the board's folder of pictures, or for a name of no picture."""
    path = PurePosixPath(href)
    if path.is_absolute() or ".." in path.parts or "\0" in href or not path.match(pattern) or len(path.parts) < 2:
        raise ValueError(f"{href!r} is no place of a picture")


@dataclass(frozen=True)
class _Chosen:
    """What is to be shown of a dataset under a protocol: results of all entrants, and which images, by which metric."""

    shown: Sequence[Result]
    metric: str | None
    extremes: Mapping[Entrant, tuple[str, str]]
    ids: Sequence[str]
    references: References
    scored: Protocol
    folder: str

    @classmethod
    def of(cls, shown: Sequence[Result], results: Results, store_root: Path, folder: str) -> _Chosen:
        """Choose."""
        first = shown[0]
        metrics = sorted(results.metrics, key=lambda name: name != results.board.rank_by)  # the one that ranks first
        metric = next((m for m in metrics if any(None not in r.scores.get(m, {None: 0}) for r in shown)), None)
        extremes = extremes_of(shown, metric)
        kept = References.at(store_root, first.references)
        scale, channel, border = scale_of(first.protocol.scale), first.protocol.channel, first.protocol.border
        scored = Protocol(first.protocol.name, scale, channel, border)
        return cls(shown, metric, extremes, choose_images(shown, metric, extremes), kept, scored, folder)

    def first_errors(self, store_root: Path) -> Iterator[Errors]:
        """The errors of the first method."""
        for image in self.ids:
            sr, reference = read_sr(self.shown[0], store_root, image), self.references.read(image)
            hr = None if reference is None else reference.hr
            if sr is not None and reference is not None and hr is not None and sr.shape == hr.shape:
                yield error_map(sr, hr, reference.values, self.scored)


def map_legend(galleries: Sequence[Gallery]) -> list[tuple[str, str]]:
    """The colours of a board's hallucination maps, each with what it stands for; none where it has no maps."""
    layers = (layer for gallery in galleries for image in gallery.images for layer in image.layers)
    return hallucination_legend() if any(layer.map_href for layer in layers) else []


def write_galleries(results: Results, store_root: Path, out: Path) -> list[Gallery]:
    """Write the pictures under `out/pictures` and say what was written, a gallery a dataset and protocol."""
    folders = unique_slugs([f"{dataset}-{protocol}" for dataset, protocol in results.by_place])
    chosen = []
    for rivals, folder in zip(results.by_place.values(), folders, strict=True):
        if shown := first_seeds(rivals):
            chosen.append(_Chosen.of(shown, results, store_root, f"pictures/{folder}"))
    cut = dict.fromkeys(range(len(chosen)), True)  # whether a gallery has images larger than the window

    def errors() -> Iterator[Errors]:
        for place, one in enumerate(chosen):
            sides = []
            for found in one.first_errors(store_root):
                sides.append(max(found.shape))
                yield found
            cut[place] = max(sides, default=WINDOW + 1) > WINDOW

    white = error_scale(errors())
    galleries, left, waiting = [], results.board.whole_pictures_mb * 1e6, sum(cut.values())
    for place, one in enumerate(chosen):
        share = left / waiting if cut[place] else 0.0
        room = Room(share)
        galleries.append(_gallery(one, store_root, out, white, room))
        left, waiting = left - share + room.left, waiting - cut[place]
    return galleries


def first_seeds(results: Sequence[Result]) -> list[Result]:
    """One result an entrant: that of the first seed which went well."""
    chosen: dict[Entrant, Result] = {}
    for result in results:
        if result.ok and result.record and result.record.images:
            chosen.setdefault(result.entrant, result)
    return list(chosen.values())


def _gallery(chosen: _Chosen, store_root: Path, out: Path, white: float, room: Room) -> Gallery:
    cell, images, alone, lone = chosen.shown[0].cell, [], [], False
    spectra = SpectraSum([result.entrant.name for result in chosen.shown], chosen.scored)
    names = dict(zip(chosen.ids, unique_slugs(chosen.ids), strict=True))
    for image in (one.image for one in difficulties(chosen.ids, chosen.shown, chosen.metric)):
        reference = chosen.references.read(image)
        folder = f"{chosen.folder}/{names[image]}"
        written = _show(image, chosen, store_root, reference, out, folder, white, room, spectra)
        if written is not None:
            images.append(written)
            alone += [] if reference else [image]
            lone |= reference is not None and reference.hr is None
    images.sort(key=lambda shown: chosen.ids.index(shown.id))
    alone.sort(key=chosen.ids.index)
    trouble = f"the store does not hold the HR of {listing(alone)}" if alone else ""
    trouble = trouble or (f"{cell.dataset} has LR alone" if lone else "")
    named = {entrant.name: ends for entrant, ends in chosen.extremes.items()}
    return Gallery(cell.dataset, cell.protocol, tuple(images), trouble, chosen.metric, named, white, spectra.mean())


def _show(
    image: str,
    chosen: _Chosen,
    store_root: Path,
    reference: Reference | None,
    out: Path,
    folder: str,
    white: float,
    room: Room,
    spectra: SpectraSum,
) -> ViewedImage | None:
    protocol = chosen.scored
    pictures = {r.entrant: sr for r in chosen.shown if (sr := read_sr(r, store_root, image)) is not None}
    hr = None if reference is None else reference.hr
    if hr is not None:
        pictures = {entrant: sr for entrant, sr in pictures.items() if sr.shape == hr.shape}
    if not pictures:
        return None
    values = reference.values if reference else Values.of(next(iter(pictures.values())))
    errors = {} if hr is None else {e: error_map(sr, hr, values, protocol) for e, sr in pictures.items()}
    if hr is not None:
        spectra.add(hr, {entrant.name: sr for entrant, sr in pictures.items()}, values)
    height, width = next(iter(pictures.values())).shape[:2]
    box = window(width, height, protocol.scale.numerator, np.sum(list(errors.values()), axis=0) if errors else None)
    (out / folder).mkdir(parents=True, exist_ok=True)
    baseline = None if reference is None or reference.lr is None else protocol.baseline(reference.lr, values)
    layers, pixels, wholes = [], [], []

    def keep(whole: Image, box: Sequence[int], place: str) -> str:
        """Write what is shown of a picture, and remember its values."""
        picture = _cut(whole, box)
        write_png(out / place, to_display(picture, values))
        pixels.append(Pixels.of(picture, values))
        wholes.append((f"{folder}/whole-{PurePosixPath(place).stem}", whole))
        return place

    if hr is not None:
        layers.append(Layer("HR", keep(hr, box, f"{folder}/HR.png")))
    for (entrant, sr), name in zip(pictures.items(), unique_slugs([e.name for e in pictures]), strict=True):
        layer = Layer(entrant.name, keep(sr, box, f"{folder}/sr-{name}.png"))
        if entrant in errors:
            href, mean = f"{folder}/error-{name}.png", float(np.nanmean(errors[entrant]))
            write_error(out / href, _cut(errors[entrant], box), white)
            layer = msgspec.structs.replace(layer, error_href=href, mean_error=mean)
        if hr is not None and baseline is not None:
            href = f"{folder}/map-{name}.png"
            classes, shares = hallucination_map(sr, hr, baseline, values, protocol)
            write_hallucination(out / href, _cut(classes, box))
            layer = msgspec.structs.replace(layer, map_href=href, shares=shares)
        layers.append(layer)
    if reference is not None and reference.lr is not None:
        small = tuple(reduced(side, protocol.scale) for side in box)
        layers.append(Layer("LR", keep(reference.lr, small, f"{folder}/LR.png")))
    if box[2:] != (width, height):
        shown = ((name, to_display(whole, values)) for name, whole in wholes)
        tiles = room.write(shown, max(width, height), out) or [()] * len(layers)
        layers = [msgspec.structs.replace(layer, tiles=of) for layer, of in zip(layers, tiles, strict=True)]
    told = "" if reference is None else meaning(reference)
    (out / folder / FILE).write_bytes(script(f"{folder}/{FILE}", pixels))
    return ViewedImage(image, tuple(layers), box, (width, height), told, f"{folder}/{FILE}")


def meaning(reference: Reference) -> str:
    """What the values and pixels of an image are, in words; empty where both are as everywhere."""
    values, spacing, unit = reference.values, reference.spacing, reference.spacing_unit
    words = []
    if values.unit or values.window or values.curve != "linear":
        low, high = values.window or (values.low, values.high)
        bent = f" along {values.curve}" if values.curve != "linear" and values.window is None else ""
        words.append(f"shown from {in_digits(low)} to {in_digits(high)} {values.unit}".rstrip() + bent)
    if spacing is not None:
        sides = dict.fromkeys(f"{side:.4g}" for side in spacing)
        words.append(f"pixels of {' × '.join(sides)} {unit}")
    if reference.hr is not None and (known := measured(reference.hr)) is not None:
        words.append(f"grey in HR: not measured ({np.count_nonzero(~known)} pixels)")
    return ", ".join(words)


def read_sr(result: Result, store_root: Path, image: str) -> Image | None:
    """The SR picture, or None when it is not in the store (a published store may hold scores only).

    Raises `Damaged` when it is there and cannot be read.
    """
    assert result.record is not None
    name = result.record.images.get(image)
    if name is None:
        return None
    folder = Store(store_root).folder("cells", result.record.key) / "images"
    path = folder / name
    if Path(os.path.realpath(path)).parent != folder.resolve() or not path.is_file():
        return None
    try:
        return read_image(path)
    except (ImageError, OSError) as error:
        raise Damaged(result, f"{error}; run the matrix again") from error


def window(width: int, height: int, step: int, errors: npt.NDArray[np.float64] | None) -> tuple[int, int, int, int]:
    """Left, top, width, height of what is shown: multiples of `step`, as LR pixels need it, where errors are greatest.

    Without errors, the middle.
    """
    side = WINDOW - WINDOW % step
    shown_width, shown_height = min(width, side), min(height, side)
    if errors is None:
        left, top = _aligned((width - shown_width) // 2, step), _aligned((height - shown_height) // 2, step)
        return left, top, shown_width, shown_height
    total = np.zeros((height + 1, width + 1))
    total[1:, 1:] = np.nan_to_num(errors).cumsum(0).cumsum(1)
    lefts = np.arange(0, width - shown_width + 1, step)
    tops = np.arange(0, height - shown_height + 1, step)
    sums = (
        total[np.ix_(tops + shown_height, lefts + shown_width)]
        - total[np.ix_(tops, lefts + shown_width)]
        - total[np.ix_(tops + shown_height, lefts)]
        + total[np.ix_(tops, lefts)]
    )
    row, column = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return int(lefts[column]), int(tops[row]), shown_width, shown_height


def _aligned(value: int, step: int) -> int:
    return value - value % step


def _cut(image: npt.NDArray[_Kind], box: Sequence[int]) -> npt.NDArray[_Kind]:
    left, top, width, height = box
    return image[top : top + height, left : left + width]


def to_display(image: npt.NDArray[np.generic], values: Values) -> npt.NDArray[np.uint8]:
    """Turn any depth into 8 bits, black at 0 and white at 255, or the ends of the values' window; NaN into grey."""
    if image.dtype == np.uint8 and values == DEPTHS["uint8"]:
        return image.astype(np.uint8)
    unit = values.shown(image)
    return np.floor(DEPTHS["uint8"].from_unit(np.where(np.isnan(unit), _GREY, unit)) + 0.5).astype(np.uint8)


def write_png(path: Path, image: npt.NDArray[np.uint8]) -> None:
    """Write an 8-bit picture `(H, W, C)`."""
    path.write_bytes(png(image))
