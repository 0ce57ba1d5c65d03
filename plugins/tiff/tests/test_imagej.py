"""What ImageJ's text says of pages."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from srbench_tiff import imagej
from srbench_tiff.stack import Plane

from srbench.pictures import TiffPage


def pages(count: int, **facts: Any) -> list[TiffPage]:
    told: dict[str, Any] = {"resolution": (Fraction(4), Fraction(5)), "resolution_unit": "", "description": ""} | facts
    return [TiffPage(Path("x"), number, (2, 2), "uint8", False, _place=(8, 0, None), **told) for number in range(count)]


def test_planes_go_by_channel_then_slice_then_time() -> None:
    stack = imagej.read("ImageJ=1.53k\nimages=12\nchannels=2\nslices=3\nframes=2\n", pages(12))
    assert [stack.planes[number] for number in (1, 2, 6, 11)] == [
        Plane(0, 1, 0, 0), Plane(0, 0, 1, 0), Plane(0, 0, 0, 1), Plane(0, 1, 2, 1)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["ImageJ=1\n", "ImageJ=1\nimages=3\nslices=3\n", "ImageJ=1\nchannels=2\nslices=x\n"])
def test_pages_that_are_not_counted_are_slices(text: str) -> None:
    stack = imagej.read(text, pages(3))
    assert [stack.key(stack.planes[number]) for number in range(3)] == ["z0", "z1", "z2"]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("micron", "um"), ("\\u00B5m", "um"), ("µm", "um"), ("nm", "nm"), ("inch", "inch"), ("pixel", None), ("", None)],
)
def test_the_unit_is_that_of_the_text(unit: str, expected: str | None) -> None:
    (series,) = imagej.read(f"ImageJ=1\nimages=2\nslices=2\nunit={unit}\n", pages(2)).series
    assert (series.spacing, series.unit) == ((0.25, 0.2), expected) if expected else series.spacing is None
    (series,) = imagej.read(f"ImageJ=1\nimages=2\nslices=2\nunit={unit}\n", pages(2, resolution=None)).series
    assert series.spacing is None


def test_only_what_describes_the_picture_is_kept() -> None:
    text = "ImageJ=1.53k\nimages=4\nchannels=2\nslices=2\nhyperstack=true\nunit=um\nInfo=Jones\nmin=3.0\n"
    planes = [plane for plane in imagej.read(text, pages(4)).planes.values() if plane.channel == 1]
    assert imagej.write(text, planes) == "ImageJ=1.53k\nimages=2\nslices=2\nhyperstack=true\nunit=um\nmin=3.0\n"
