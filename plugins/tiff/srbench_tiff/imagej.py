"""ImageJ's description of a stack: lines of `name=value`, in the text of the first page."""

from __future__ import annotations

from collections.abc import Sequence

from srbench.pictures import TiffPage

from .stack import Plane, Series, Stack, length

_KEPT = ("hyperstack", "mode", "unit", "spacing", "finterval", "fps", "tunit", "zunit", "loop", "min", "max")
"""Of the lines, besides the counts: how a stack is shown, and how far slices and times are apart."""


def is_imagej(description: str) -> bool:
    """Whether ImageJ, or a program that writes as it does, wrote the text."""
    return description.startswith("ImageJ=")


def read(description: str, pages: Sequence[TiffPage]) -> Stack:
    """The planes of the pages: channel by channel, then slice by slice, then time by time.

    Where the counts are not those of the pages, each page is a slice.
    """
    told = _lines(description)
    counts = [int(told[name]) if told.get(name, "").isdecimal() else 1 for name in ("channels", "slices", "frames")]
    channels, z, t = counts if counts[0] * counts[1] * counts[2] == len(pages) else (1, len(pages), 1)
    resolution = pages[0].resolution
    unit = length(told.get("unit", "")) if resolution else None
    spacing = (float(1 / resolution[0]), float(1 / resolution[1])) if resolution and unit else None
    planes = {
        page.index: Plane(0, number % channels, number // channels % z, number // channels // z)
        for number, page in enumerate(pages)
    }
    return Stack([Series(channels, z, t, {}, spacing, unit or "mm")], planes)


def write(description: str, planes: Sequence[Plane]) -> str:
    """The description of a stack of these planes, in the order of the pages."""
    told = _lines(description)
    counts = {
        "images": len(planes),
        "channels": len({plane.channel for plane in planes}),
        "slices": len({plane.z for plane in planes}),
        "frames": len({plane.t for plane in planes}),
    }
    lines = {"ImageJ": told["ImageJ"]} | {name: str(count) for name, count in counts.items() if count > 1}
    lines |= {name: told[name] for name in _KEPT if name in told}
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _lines(description: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in description.splitlines() if "=" in line)
