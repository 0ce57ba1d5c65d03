"""What a file says of its pages as a whole: which is which channel, slice and time, and how far pixels are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_MICROMETRES = ("micron", "microns", "\u00b5m", "\u03bcm", "\\u00B5m")
_NO_LENGTHS = ("", "pixel", "pixels", "reference frame")


class Plane(NamedTuple):
    """Where a page stands: the image of the file, and its channel, slice and time there, each from 0."""

    image: int
    channel: int
    z: int
    t: int


@dataclass(frozen=True)
class Series:
    """One image of a file, of one or more planes.

    channels, z, t: how many there are. names: what channels are called, where the file says so. spacing: of pixels,
    down and across, in `unit`. bits: how many of a number's count, where the file says so.
    """

    channels: int
    z: int
    t: int
    names: Mapping[int, str] = field(default_factory=dict)
    spacing: tuple[float, float] | None = None
    unit: str = "mm"
    bits: int | None = None


@dataclass(frozen=True)
class Stack:
    """The images of a file, and the plane of each page by its index; a page without one is of another file."""

    series: Sequence[Series]
    planes: Mapping[int, Plane]

    def key(self, plane: Plane) -> str:
        """The key of a plane: `t03.c1.z017`, of what there is more of than one."""
        series = self.series[plane.image]
        places = {
            "i": (plane.image, len(self.series)),
            "t": (plane.t, series.t),
            "c": (plane.channel, series.channels),
            "z": (plane.z, series.z),
        }
        return ".".join(
            f"{axis}{number:0{len(str(count - 1))}}" for axis, (number, count) in places.items() if count > 1
        )

    def name(self, plane: Plane) -> str:
        """What the channel of a plane is called: its number where it has no name."""
        return self.series[plane.image].names.get(plane.channel) or str(plane.channel)


def length(unit: str) -> str | None:
    """The name of a unit of length, `um` for every way to write micrometres; None for what is none."""
    unit = unit.strip()
    return None if unit in _NO_LENGTHS else "um" if unit in _MICROMETRES else unit
