"""SR that was made elsewhere, brought onto the disk as a method's own is: read, checked against HR, in HR's depth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from srbench.contract.dataset import Item, read_picture
from srbench.contract.protocol import Protocol
from srbench.contract.submission import Asked
from srbench.pictures import (
    DEPTHS,
    Image,
    ImageError,
    Values,
    enlarged,
    filled,
    in_digits,
    read_image,
    suffix_for,
    write_image,
)
from srbench.registry.formats import Formats
from srbench.store.file_memory import remembered

_BEYOND = 0.5
"""How far floats may overshoot 0 and 1 where HR's are integers: values from 0 to 255 are no overshoot."""


class GivenFacts(msgspec.Struct, frozen=True):
    """What a picture of SR is: height, width, channels, depth, least and largest value; whether it has no colours."""

    height: int
    width: int
    channels: int
    depth: str
    low: float
    high: float
    grey: bool

    def fault(self, height: int, width: int, channels: int | None, depth: str | None) -> str:
        """What keeps it from being compared with such an HR, in words; empty where nothing does. None: not known."""
        if (self.height, self.width) != (height, width):
            return f"is {self.width} x {self.height} pixels, not {width} x {height}"
        if channels not in (None, self.channels) and not (channels == 1 and self.grey):
            return f"has {_channels(self.channels)}, not {channels}"
        beyond = self.low < -_BEYOND or self.high > 1 + _BEYOND
        if self.depth == "float32" and depth not in (None, "float32") and beyond:
            return (
                f"has values from {in_digits(self.low)} to {in_digits(self.high)}; floats have black at 0 and white at "
                f"1 where HR is {depth}"
            )
        return ""


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def asked_of(items: Iterable[Item], dataset: str, protocol: Protocol) -> list[Asked]:
    """What is looked for of these images."""
    return [Asked(dataset, protocol.name, protocol.scale, item.id, item.name) for item in items]


def given_facts(path: Path, formats: Formats) -> GivenFacts:
    """What a file of SR holds, remembered until it changes. Raises `ImageError` where it is no one picture."""
    return remembered(path, "given SR", lambda: _facts(read_given(path, formats)[0]), GivenFacts)


def _facts(image: Image) -> GivenFacts:
    low, high = float(image.min()), float(image.max())
    if not np.isfinite([low, high]).all():
        raise ImageError("holds values that are not finite")
    grey = bool((image == image[..., :1]).all())
    height, width, channels = image.shape
    return GivenFacts(height, width, channels, image.dtype.name, low, high, grey)


def read_given(path: Path, formats: Formats) -> tuple[Image, Values | None]:
    """The one picture of a file, and its values where the file says them. Raises `ImageError`."""
    frames = formats.frames(path)
    if frames is None:
        return read_image(path), None
    if len(frames) != 1:
        raise ImageError(f"{path}: holds {len(frames)} pictures; SR of one image is wanted")
    ((frame, part),) = frames
    return filled(read_picture(part)), frame.values


def fitted(image: Image, own: Values | None, reference: Image, values: Values) -> Image:
    """SR `(H, W, C)` as it is compared with `reference`: in its channels and depth, within its black and white.

    own: the values that the file says. What has the same depth is taken as it is. Raises `ImageError` for another size.
    """
    height, width, channels = reference.shape
    if fault := _facts(image).fault(height, width, channels, reference.dtype.name):
        raise ImageError(fault)
    image = image[..., :channels]
    if image.dtype == reference.dtype:
        return np.clip(image, values.low, values.high).astype(reference.dtype)
    unit = (own or DEPTHS[image.dtype.name]).to_unit(image).clip(0, 1)
    native = values.from_unit(unit)
    return (native if reference.dtype == np.float32 else np.floor(native + 0.5)).astype(reference.dtype)


def _like(item: Item, protocol: Protocol) -> tuple[Image, Values]:
    """A picture of the size and depth that the SR of an item has to have, and its values."""
    if item.hr is not None:
        return protocol.reference(*item.read_hr())
    lr, values, _ = protocol.given(item)
    height, width, channels = lr.shape
    size = (enlarged(height, protocol.scale), enlarged(width, protocol.scale), channels)
    return np.empty(size, lr.dtype), values


def take_split(
    files: Mapping[str, Path],
    items: Sequence[Item],
    protocol: Protocol,
    folder: Path,
    progress: Callable[[str], None] = lambda image: None,
) -> dict[str, str]:
    """Write the SR of every image into `folder`, as a method's own is written; file names by image id.

    files: where it was found, by image id. Raises `ImageError` that names the image where one cannot be compared.
    """
    images: dict[str, str] = {}
    formats = Formats()
    for item in items:
        if item.id not in files:
            raise ImageError(f"there is no SR of image {item.id!r}")
        reference, values = _like(item, protocol)
        try:
            sr = fitted(*read_given(files[item.id], formats), reference, values)
        except ImageError as error:
            raise ImageError(f"the SR of image {item.id!r}: {error}") from error
        images[item.id] = item.id + suffix_for(reference)
        write_image(folder / images[item.id], sr)
        progress(item.id)
    return images
