"""Orientations by EXIF and by XMP: one order of precedence in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps
from toys.files import (
    NOISE,
    SOURCES,
    chunk,
    exif,
    jpeg,
    png,
    put,
    xmp,
)

from srbench.pictures import image_size, read_image

Array = npt.NDArray[np.generic]


def test_exif_counts_before_xmp_in_every_format(tmp_path: Path) -> None:
    turned, flat = exif(6), xmp(3)
    name = b"http://ns.adobe.com/xap/1.0/\0"
    put(tmp_path / "x.png", png(SOURCES["XMP"](3), SOURCES["EXIF in a text"](8), SOURCES["EXIF"](6)))
    put(tmp_path / "x.jpg", jpeg(name + flat, b"Exif\0\0" + turned))
    Pillow.fromarray(NOISE).save(tmp_path / "x.webp", lossless=True, exif=b"Exif\0\0" + turned, xmp=flat)
    Pillow.fromarray(NOISE).save(tmp_path / "x.tif", tiffinfo={274: 6, 700: flat})
    for path in tmp_path.iterdir():
        assert image_size(path) == (17, 12)
        with Pillow.open(path) as picture:
            np.testing.assert_array_equal(read_image(path), np.asarray(ImageOps.exif_transpose(picture)))


def test_xmp_counts_where_there_is_no_exif_in_every_format(tmp_path: Path) -> None:
    put(tmp_path / "x.png", png(SOURCES["XMP"](5)))
    put(tmp_path / "x.jpg", jpeg(b"http://ns.adobe.com/xap/1.0/\0" + xmp(5)))
    Pillow.fromarray(NOISE).save(tmp_path / "x.webp", lossless=True, xmp=xmp(5))
    Pillow.fromarray(NOISE).save(tmp_path / "x.tif", tiffinfo={700: xmp(5)})
    for path in tmp_path.iterdir():
        assert image_size(path) == (17, 12)
        with Pillow.open(path) as picture:
            np.testing.assert_array_equal(read_image(path), np.asarray(ImageOps.exif_transpose(picture)))


@given(damaged=st.binary(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_unreadable_exif_turns_nothing_and_refuses_nothing(damaged: bytes, tmp_path: Path) -> None:
    for content in (damaged, exif(6)[:10] + damaged):
        path = put(tmp_path / "x.png", png(chunk(b"eXIf", content)))
        assert image_size(path) == read_image(path).shape[:2]
