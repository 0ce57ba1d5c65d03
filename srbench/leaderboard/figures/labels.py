"""Where the names of points go: beside them, clear of each other, of all points and of lines.

A name that fits nowhere gives way to a number, and the name stands in a key below the figure. The same points have the
same places: nothing is drawn by chance. Lengths are those of the figure, y upwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

Spot = tuple[float, float]
Segment = tuple[Spot, Spot]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""
Align = Literal["left", "center", "right"]

NAME_SIZE, NUMBER_SIZE = 10.5, 9.0
RADIUS = 5.5
"""Of a marker, with its edge."""
_GAP, _APART = 3.0, 1.5
_WIDER, _UNKNOWN = 1.05, 1.1
"""How much wider than in DejaVu Sans a text may be, and a character that this font does not have, in sizes."""
_DESCENT, _HEIGHT = 0.28, 1.25
"""Below the base line, and in all, in sizes of the font."""


@dataclass(frozen=True)
class Label:
    """A text in its place. align: at which side of its box it begins, since a reader's font may be narrower."""

    text: str
    box: Box
    align: Align
    size: float

    @property
    def anchor(self) -> Spot:
        """Where it is written: the end that it is aligned by, on its base line."""
        left, bottom, right, _ = self.box
        x = {"left": left, "center": (left + right) / 2, "right": right}[self.align]
        return x, bottom + _DESCENT * self.size


@dataclass(frozen=True)
class Labels:
    """What is written at which point, points by their places in the sequence.

    names: beside their points. numbers: of those whose name is in the key; key: these, in order, numbered from 1. One
    for which not even a number fits is in the key by its marker alone.
    """

    names: Mapping[int, Label]
    numbers: Mapping[int, Label] = field(default_factory=dict)
    key: tuple[int, ...] = ()


def place_labels(names: Sequence[str], spots: Sequence[Spot], lines: Sequence[Segment], frame: Box) -> Labels:
    """Names beside their points, inside the frame, and off markers, lines and each other."""
    fixed = [_around(spot) for spot in spots]
    placed = _place(dict(enumerate(names)), NAME_SIZE, spots, fixed, lines, frame)
    key = tuple(place for place in range(len(names)) if place not in placed)
    numbers = {point: str(number) for number, point in enumerate(key, start=1)}
    taken = [*fixed, *(label.box for label in placed.values())]
    return Labels(placed, _place(numbers, NUMBER_SIZE, spots, taken, lines, frame), key)


def text_width(text: str, size: float) -> float:
    """How wide a text is at most: of DejaVu Sans, which is wider than what pages are read in, and a little more."""
    return _WIDER * size * sum(map(_advance, text))


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes share more than a border."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def crosses(line: Segment, box: Box) -> bool:
    """Whether any of a line is inside a box."""
    (x, y), (x_end, y_end) = line
    first, last = 0.0, 1.0
    for start, way, low, high in ((x, x_end - x, box[0], box[2]), (y, y_end - y, box[1], box[3])):
        if way == 0:
            if not low < start < high:
                return False
            continue
        ends = sorted(((low - start) / way, (high - start) / way))
        first, last = max(first, ends[0]), min(last, ends[1])
    return first < last or (first == last and line[0] == line[1])


def _place(
    texts: Mapping[int, str],
    size: float,
    spots: Sequence[Spot],
    taken: Sequence[Box],
    lines: Sequence[Segment],
    frame: Box,
) -> dict[int, Label]:
    """Those that fit, by point: first where there is least choice, each at the first place that is free."""
    free = {
        point: [
            label
            for label in _around_it(text, size, spots[point])
            if _inside(label.box, frame)
            and not any(overlap(label.box, other) for other in taken)
            and not any(crosses(line, _wider(label.box)) for line in lines)
        ]
        for point, text in texts.items()
    }
    placed: dict[int, Label] = {}
    for point in sorted(free, key=lambda point: (len(free[point]), point)):
        others = [_wider(label.box) for label in placed.values()]
        for label in free[point]:
            if not any(overlap(label.box, other) for other in others):
                placed[point] = label
                break
    return dict(sorted(placed.items()))


def _around_it(text: str, size: float, spot: Spot) -> Iterator[Label]:
    """The places beside a point, the one that is read best first."""
    width, height = text_width(text, size), _HEIGHT * size
    (x, y), away = spot, RADIUS + _GAP
    sides: list[tuple[float, float, Align]] = [
        (x + away, y - height / 2, "left"),
        (x - width / 2, y + away, "center"),
        (x - width / 2, y - away - height, "center"),
        (x - away - width, y - height / 2, "right"),
    ]
    for part in (0.75, 0.25, 1.0, 0.0):
        sides += [(x + away, y - part * height, "left"), (x - away - width, y - part * height, "right")]
    for part in (0.25, 0.75, 0.0, 1.0):
        align: Align = "left" if part < 0.5 else "right"
        sides += [(x - part * width, y + away, align), (x - part * width, y - away - height, align)]
    for left, bottom, side in sides:
        yield Label(text, (left, bottom, left + width, bottom + height), side, size)


def _around(spot: Spot) -> Box:
    x, y = spot
    return x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS


def _wider(box: Box) -> Box:
    return box[0] - _APART, box[1] - _APART, box[2] + _APART, box[3] + _APART


def _inside(box: Box, frame: Box) -> bool:
    return frame[0] <= box[0] and frame[1] <= box[1] and box[2] <= frame[2] and box[3] <= frame[3]


@cache
def _advance(character: str) -> float:
    """How far a character moves the pen, in sizes of the font."""
    from matplotlib.font_manager import findfont, get_font
    from matplotlib.ft2font import LoadFlags

    font = get_font(findfont("DejaVu Sans"))
    if font.get_char_index(ord(character)) == 0:
        return _UNKNOWN
    font.set_size(100, 72)
    return float(font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / 100
