"""OME-XML, the text of OME-TIFF's first page: https://docs.openmicroscopy.org/ome-model/6.2.2/ome-tiff/."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from srbench import Image, ImageError, Scale
from srbench.pictures import TiffPage

from .stack import Plane, Series, Stack, length

_START = re.compile(r"<(\w+:)?OME[\s>]")
_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_MOST_PLANES = 1_000_000
_TYPES = {"float32": "float"}
"""What OME calls types that numpy calls otherwise."""
_OF_PIXELS = ("PhysicalSizeXUnit", "PhysicalSizeYUnit", "PhysicalSizeZ", "PhysicalSizeZUnit", "SignificantBits")
_OF_CHANNELS = ("Name", "Color", "Fluor", "ExcitationWavelength", "EmissionWavelength")
"""What is kept of the text besides counts and sizes: nothing that people write freely, nor who took it, and when."""


def is_ome(description: str) -> bool:
    """Whether the text is OME-XML."""
    return bool(_START.search(description[:4096]))


def read(description: str, path: Path, pages: Sequence[TiffPage]) -> Stack:
    """The planes of the pages. Raises `ImageError` for a text that cannot be meant, or names pages that are not there.

    Pages that the text gives to other files, or does not name, have no plane.
    """
    root = _root(description)
    there = {page.index for page in pages}
    planes: dict[int, Plane] = {}
    series: list[Series] = []
    for image, pixels in enumerate(root.iterfind("{*}Image/{*}Pixels")):
        made = _series(pixels)
        series.append(made)
        for index, plane in _planes(pixels, image, made, root.get("UUID"), path.name):
            if index not in there:
                raise ImageError(f"its OME-XML names page {index}, which is not in the file")
            if index in planes:
                raise ImageError(f"its OME-XML names page {index} twice")
            planes[index] = plane
    if len(set(planes.values())) < len(planes):
        raise ImageError("its OME-XML names two pages for one plane")
    return Stack(series, planes)


def _root(description: str) -> Element:
    try:
        return ElementTree.fromstring(description)
    except ElementTree.ParseError as error:
        raise ImageError(f"its OME-XML is damaged: {error}") from None


def _count(pixels: Element, name: str) -> int:
    text = pixels.get(name, "1")
    if not re.fullmatch(r"[1-9]\d{0,6}", text):
        raise ImageError(f"its OME-XML says {name} {text[:20]!r}, which is no count")
    return int(text)


def _series(pixels: Element) -> Series:
    told = list(pixels.iterfind("{*}Channel"))
    channels, z, t = (_count(pixels, name) for name in ("SizeC", "SizeZ", "SizeT"))
    if sum(_count(one, "SamplesPerPixel") for one in told) == channels:
        channels = len(told)  # the samples of one are in one page
    if channels * z * t > _MOST_PLANES:
        raise ImageError(f"its OME-XML promises {channels * z * t:,} planes, more than {_MOST_PLANES:,}")
    names = {number: one.get("Name", "") for number, one in enumerate(told)}
    down, across = (_size(pixels, name) for name in ("PhysicalSizeY", "PhysicalSizeX"))
    units = {length(pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")) for axis in "XY"}
    unit = units.pop()
    spacing = (down, across) if down and across and unit and not units else None
    bits = pixels.get("SignificantBits", "")
    return Series(
        channels, z, t, names, spacing, unit if spacing and unit else "mm", int(bits) if bits.isdecimal() else None
    )


def _size(pixels: Element, name: str) -> float | None:
    try:
        size = float(pixels.get(name, "0"))
    except ValueError:
        return None
    return size if 0 < size < math.inf else None


def _planes(pixels: Element, image: int, series: Series, file: str | None, name: str) -> Iterator[tuple[int, Plane]]:
    """The pages that belong to an image, each with its plane. file, name: the identifier and name of this file."""
    order = pixels.get("DimensionOrder", "XYCZT")[2:]
    counts = {"C": series.channels, "Z": series.z, "T": series.t}
    if sorted(order) != sorted(counts):
        raise ImageError(
            f"its OME-XML says the DimensionOrder {pixels.get('DimensionOrder')!r}, which OME does not know"
        )
    every = math.prod(counts.values())
    for data in pixels.iterfind("{*}TiffData"):
        other = data.find("{*}UUID")
        if other is not None and (other.text != file if file else other.get("FileName", name) != name):
            continue
        page = int(data.get("IFD", 0))
        number, step = 0, 1
        for axis in order:
            number += step * int(data.get(f"First{axis}", 0))
            step *= counts[axis]
        planes = int(data.get("PlaneCount", 1 if "IFD" in data.attrib else every - number))
        if not 0 <= number < number + planes <= every:
            raise ImageError(f"its OME-XML names more than its {every} planes")
        for plane in range(number, number + planes):
            rest, at = plane, {}
            for axis in order:
                rest, at[axis] = divmod(rest, counts[axis])
            yield page + plane - number, Plane(image, at["C"], at["Z"], at["T"])


def write(description: str, planes: Sequence[Plane], images: Sequence[Image], scale: Scale, made_by: str) -> str:
    """The text of a file of these planes, in the order of its pages, `scale` times as high and wide as they were."""
    root = Element("OME", {"xmlns": _NAMESPACE, "Creator": made_by})
    for image, source in enumerate(_root(description).iterfind("{*}Image/{*}Pixels")):
        pages = [(page, plane) for page, plane in enumerate(planes) if plane.image == image]
        if pages:
            made = ElementTree.SubElement(root, "Image", {"ID": f"Image:{image}"})
            made.append(_pixels(source, image, pages, images[pages[0][0]], scale))
    return '<?xml version="1.0" encoding="UTF-8"?>' + ElementTree.tostring(root, "unicode")


def _pixels(source: Element, image: int, pages: Sequence[tuple[int, Plane]], sr: Image, scale: Scale) -> Element:
    height, width, samples = sr.shape
    numbers = sorted({plane.channel for _, plane in pages})
    told = dict(enumerate(source.iterfind("{*}Channel")))
    made = Element(
        "Pixels",
        {
            "ID": f"Pixels:{image}",
            "DimensionOrder": "XYCZT",
            "Type": _TYPES.get(sr.dtype.name, sr.dtype.name),
            "SizeX": str(width),
            "SizeY": str(height),
            "SizeC": str(len(numbers) * samples),
            "SizeZ": str(_count(source, "SizeZ")),
            "SizeT": str(_count(source, "SizeT")),
        }
        | {
            name: str(size / float(scale))
            for name in ("PhysicalSizeX", "PhysicalSizeY")
            if (size := _size(source, name))
        }
        | {name: source.attrib[name] for name in _OF_PIXELS if name in source.attrib},
    )
    for channel, number in enumerate(numbers):
        kept = {
            name: told[number].attrib[name] for name in _OF_CHANNELS if number in told and name in told[number].attrib
        }
        ElementTree.SubElement(
            made, "Channel", {"ID": f"Channel:{image}:{channel}", "SamplesPerPixel": str(samples)} | kept
        )
    for page, plane in pages:
        place = {
            "FirstC": numbers.index(plane.channel),
            "FirstZ": plane.z,
            "FirstT": plane.t,
            "IFD": page,
            "PlaneCount": 1,
        }
        ElementTree.SubElement(made, "TiffData", {name: str(number) for name, number in place.items()})
    return made
