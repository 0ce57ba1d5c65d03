"""What a dataset is: named images with splits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from srbench.contract.paper import Paper
from srbench.contract.published import PublishedDataset
from srbench.contract.terms import Terms
from srbench.errors import SrbenchError
from srbench.pictures import DEPTHS, Image, ImageError, Scale, Values, filled, in_digits, measured, read_image


@dataclass(frozen=True)
class Part:
    """A picture that is made from a file: a frame or slice of it, a crop, a copy of another size.

    path: the file. key: which part of it, and all that is done to it: while the file stays, equal keys mean equal
    pixels, so that what was learned of them is remembered. read: reads the pixels `(H, W, C)`. name: what messages call
    it, where the file's path is not for everybody's eyes.
    """

    path: Path
    key: str
    read: Callable[[], Image] = field(compare=False)
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Its name, or the file, for whoever has to look at it."""
        return self.name or str(self.path)


Picture = Image | Path | Part | Callable[[], Image]
"""An array `(H, W, C)`, a file, a part of a file, or a function that returns an array; all but arrays are read when
needed. NaN in a picture of floats means that nothing was measured there."""


class DatasetError(SrbenchError):
    """A dataset that is there but wrong; the message names the file."""


class DatasetMissing(SrbenchError):
    """A dataset that is not there and cannot be fetched; the message says where it was looked for."""


@dataclass(frozen=True)
class Item:
    """One image of a dataset. Holds no pixels until they are read, when its pictures are files or functions.

    id: unique in its split; safe as a file name (letters, digits, `.`, `_`, `-`).
    hr: None where nobody has it. Then `lone_lr` is upscaled as it is under every protocol, whatever its scale, and
    nothing that compares with HR is known; such an item is tested on, and not trained on.
    lr: LR pictures that come with the dataset, by degradation (as `Degradation.shipped_as` has it: `bicubic`,
    `gaussian-blur(sigma=1.6)`) and scale.
    label: a class name. mask: a segmentation of HR.
    group: what the image belongs to: a patient, a slide, a photograph. The images of one group are not independent, so
    groups, not images, are what intervals and tests count; and no group may stand in both splits, unless all of its
    items say which region of it they are and no region of one split overlaps one of the other.
    region: the rectangle of the group's picture that HR was cut from: top, left, height, width, in its pixels.
    lone_lr: LR of which there is no HR.
    values: which of them mean black and white; by default all that the picture's type can be, 0 to 1 of floats.
    spacing: the distance of the middles of HR's pixels, down and across, in `spacing_unit`; None where nobody knows.
    name: what the image was called where it came from, when that is not the id. It stays on the machine: neither
    records nor pages hold it.
    attributes: what else images are told apart by (site, device), a value by name: boards compare methods within each.
    They are published, of the test split, and in no key. Nothing stands here that a person did not name.
    """

    id: str
    hr: Picture | None
    lr: Mapping[tuple[str, Scale], Picture] = field(default_factory=dict)
    label: str | None = None
    mask: Picture | None = None
    group: str | None = None
    region: tuple[int, int, int, int] | None = None
    values: Values | None = None
    spacing: tuple[float, float] | None = None
    spacing_unit: str = "mm"
    name: str | None = None
    lone_lr: Picture | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an item with neither HR nor LR of its own, or with both: a `DatasetError`."""
        if (self.hr is None) == (self.lone_lr is None):
            raise DatasetError(f"image {self.id!r} needs `hr`, or else `lone_lr`, and not both")

    @property
    def own(self) -> Picture:
        """The picture that the item is: HR, or LR where there is no HR."""
        picture = self.lone_lr if self.hr is None else self.hr
        assert picture is not None
        return picture

    def read_hr(self) -> tuple[Image, Values]:
        """HR in native depth, and its values; where nothing was measured, the median of what was.

        Raises `ImageError` when a value is below black or above white, and `DatasetError` where there is no HR.
        """
        image, values, _ = self.read_measured()
        return image, values

    def read_own(self) -> tuple[Image, Values]:
        """HR, or LR where there is no HR, and its values; otherwise as `read_hr`."""
        image, values = self._in_range(_read(self.own, self.id), f"image {self.id!r}")
        return filled(image), values

    def read_measured(self) -> tuple[Image, Values, npt.NDArray[np.bool_] | None]:
        """HR and its values as `read_hr` has them, and where it was measured `(H, W)`; None if that is everywhere."""
        if self.hr is None:
            raise DatasetError(f"image {self.id!r} has no HR, only LR")
        image, values = self._in_range(_read(self.hr, self.id), f"image {self.id!r}")
        return filled(image), values, measured(image)

    def read_lr(self, degradation: str, scale: Scale) -> Image | None:
        """The LR that comes with the dataset for this degradation and scale, if there is one.

        Raises `ImageError` when a value is below HR's black or above its white.
        """
        picture = self.lr.get((degradation, scale))
        if picture is None:
            return None
        return filled(self._in_range(_read(picture, self.id), f"the LR of image {self.id!r}")[0])

    def _in_range(self, image: Image, name: str) -> tuple[Image, Values]:
        values = self.values or Values.of(image)
        check_range(name, float(np.nanmin(image)), float(np.nanmax(image)), values, image.dtype.name)
        return image, values

    def read_mask(self) -> Image | None:
        """The segmentation `(H, W, 1)`, the size of HR; None when there is none. Values are classes, not brightness."""
        if self.mask is None:
            return None
        mask = _read(self.mask, self.id)
        if mask.shape[-1] != 1:
            raise ImageError(f"the mask of image {self.id!r} has {mask.shape[-1]} channels; it should have one")
        return mask


def check_range(name: str, lowest: float, highest: float, values: Values, depth: str) -> None:
    """Raise `ImageError` when the numbers of a picture, from `lowest` to `highest`, do not lie between black and white.

    LR and SR are clamped to this range: such numbers would count as errors of every method. depth: its type, which has
    to hold black and white, since SR is written in it.
    """
    if not values.fit(depth):
        raise ImageError(
            f"{name} is {depth}, which holds whole numbers from {DEPTHS[depth]}, and its "
            f"declared values are {values}; declare none for it, or save it with more bits"
        )
    if not values.hold(lowest, highest):
        raise ImageError(
            f"{name} has values from {in_digits(lowest)} to {in_digits(highest)}, outside {values}, its black "
            "and white; declare the true ones, or rescale the picture"
        )


def read_picture(picture: Picture) -> Image:
    """The pixels of a picture, whatever it is, as they are."""
    if isinstance(picture, Path):
        return read_image(picture)
    if isinstance(picture, Part):
        return picture.read()
    return picture() if callable(picture) else picture


def _read(picture: Picture, item: str) -> Image:
    image = read_picture(picture)
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise ImageError(f"image {item!r} has the shape {image.shape}; it should be (H, W, 1) or (H, W, 3)")
    Values.of(image)  # refuses other types
    return image


class Dataset(ABC):
    """Named images with a training and a test split.

    Parameters are those of `__init__`, typed; a parameter annotated as `pathlib.Path` is taken relative to the matrix
    file; presets are named sets of them. A dataset with nothing to train on leaves `train` as it is.

    published: what `srbench fetch` can get of it: the whole, under the name of the dataset, or variants under names of
    their own. Name the command in `DatasetMissing`. looked_for: names of parameters that are paths and need not be
    there when a matrix is read: `prepare` looks for them elsewhere, too, and says what is missing.
    papers: what is to be cited for it; terms: whose its pictures are, where `published` does not say so. Neither is
    part of its code.
    """

    published: ClassVar[Sequence[PublishedDataset]] = ()
    looked_for: ClassVar[frozenset[str]] = frozenset()
    papers: ClassVar[tuple[Paper, ...]] = ()
    terms: ClassVar[tuple[Terms, ...]] = ()

    def prepare(self, root: Path) -> None:
        """Make sure that the files are there: find them under the data root `root`, or fetch them into it.

        The only place that may use the network. Called before `train` and `test`, in every process that uses the
        dataset. Raises `DatasetMissing`, with where it looked, when the files are not to be had.
        """

    def train(self) -> Iterable[Item]:
        """The training split; empty when there is none."""
        return ()

    @abstractmethod
    def test(self) -> Iterable[Item]:
        """The test split."""

    @property
    def coded(self) -> bool:
        """Whether names of its files and folders must not be published; asked after `prepare`, which may have failed.

        Ids, groups, remarks and errors then tell none, and pages do not show the matrix file, which names the folder.
        """
        return False

    def remarks(self) -> Sequence[str]:
        """What a person should know of what was found, a sentence each: files that were left out, for example.

        Asked after `prepare`. They are printed when a run is planned, and published with its results.
        """
        return ()
