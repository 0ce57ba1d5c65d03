"""What is in a figure, read from its SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

Spot = tuple[float, float]
NARROW = 5.4
"""Of a character, in units of the figure: less than fonts of pages take, so that what fails here fails everywhere."""


def texts(svg: str) -> list[str]:
    return ["".join(one.itertext()).strip() for one in ElementTree.fromstring(svg).iter("text")]


def words_of(svg: str) -> list[tuple[str, float, float, float]]:
    """Every horizontal line of text: what it says, its left and right end at the least, and its base line."""
    found = []
    for text in ElementTree.fromstring(svg).iter("text"):
        anchor = re.search(r"text-anchor: (\w+)", text.get("style", ""))
        place = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", text.get("transform", ""))
        x, y = map(float, place.groups()) if place else (float(text.get("x", 0)), float(text.get("y", 0)))
        if re.search(r"rotate\(-90", text.get("transform", "")):
            continue
        said = "".join(text.itertext())
        width = NARROW * len(said)
        left = x - {"start": 0, "middle": 0.5, "end": 1}[anchor[1] if anchor else "start"] * width
        found.append((said, left, left + width, y))
    return found


def assert_inside(svg: str, names: Sequence[str]) -> None:
    """These names are in the figure, and no text sticks out of it."""
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert size is not None
    words = words_of(svg)
    assert set(names) <= {said for said, *_ in words}
    for said, left, right, _ in words:
        assert left >= 0 and right <= float(size[1]), said


def lines(svg: str, colour: str) -> list[list[Spot]]:
    """The lines of a colour, each by its points."""
    found = []
    for path in ElementTree.fromstring(svg).iter("path"):
        style = path.get("style", "")
        if f"stroke: {colour}" in style and "fill: none" in style:
            for part in re.split(r"\s*M\s*", path.get("d", "").strip())[1:]:
                numbers = [float(one) for one in re.findall(r"-?[\d.]+(?:e-?\d+)?", part)]
                found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def segments(svg: str, colour: str, *, vertical: bool) -> list[tuple[Spot, Spot]]:
    """The straight lines of two points that stand or lie."""
    pairs = [(line[0], line[1]) for line in lines(svg, colour) if len(line) == 2]
    return [(one, two) for one, two in pairs if (abs(one[0] - two[0]) < 1e-9) == vertical]
