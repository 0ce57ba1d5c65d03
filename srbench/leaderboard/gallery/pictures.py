"""What a board knows of its pictures: of each dataset some images, and of each image HR, LR and the SR of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from srbench.leaderboard.gallery.choice import first_seeds
from srbench.leaderboard.gallery.errors import WIDEST
from srbench.leaderboard.gallery.hallucination import hallucination_legend
from srbench.leaderboard.gallery.spectra import Spectra
from srbench.leaderboard.gallery.values import FILE, as_shown, script
from srbench.leaderboard.results.results import Results


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
    spectra: the mean power spectra of the whole images that are shown, where HR is known. made_from: a sha256 over what
    all of its pictures were made from but for that scale and for how much room whole ones had; empty where they are not
    all here. high_error: of the first method (`gallery/errors.py`). is_cut: whether it has images larger than what is
    shown at first. room, taken: what whole pictures might take, and what they do, in bytes.
    """

    dataset: str
    protocol: str
    images: tuple[ViewedImage, ...]
    trouble: str = ""
    metric: str | None = None
    extremes: Mapping[str, tuple[str, str]] = {}
    error_white: float = WIDEST
    spectra: Spectra | None = None
    made_from: str = ""
    high_error: float | None = None
    is_cut: bool = False
    room: float = 0.0
    taken: float = 0.0

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
        return msgspec.structs.replace(self, images=images, extremes=extremes, spectra=spectra, made_from="")

    def few(self) -> Gallery:
        """The same with one image alone, that which most are worst on."""
        worst = Counter(worst for worst, _ in self.extremes.values()).most_common()
        hardest = [one for name, _ in worst for one in self.images if one.id == name] or list(self.images)
        return msgspec.structs.replace(self, images=tuple(hardest[:1]), made_from="")

    def without_pictures(self) -> Gallery:
        """What is known from pictures, without them."""
        return msgspec.structs.replace(self, images=(), made_from="")

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


def map_legend(galleries: Sequence[Gallery]) -> list[tuple[str, str]]:
    """The colours of a board's hallucination maps, each with what it stands for; none where it has no maps."""
    layers = (layer for gallery in galleries for image in gallery.images for layer in image.layers)
    return hallucination_legend() if any(layer.map_href for layer in layers) else []
