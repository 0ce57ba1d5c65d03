"""What strangers' FITS files may hold: nothing but pictures, or a sentence."""

from __future__ import annotations

import gzip
import io
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_fits import file
from srbench_fits.fits import Fits

import srbench


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ramp(dtype: str = "int16", shape: tuple[int, ...] = (3, 4)) -> npt.NDArray[Any]:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def pixels(path: Path, kind: Fits | None = None) -> list[srbench.Image]:
    kind = kind or Fits()
    return [kind.read(frame) for frame in kind.frames(path)]


def content_of(*hdus: Any) -> bytes:
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    return buffer.getvalue()


def test_a_cube_in_a_gzip_file_is_decompressed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(content_of(fits.PrimaryHDU(ramp("int32", (200, 40, 50))))))
    unpacked = []
    monkeypatch.setattr(file.gzip, "open", lambda path: unpacked.append(path) or gzip.GzipFile(path))
    assert np.array_equal(np.stack(pixels(path))[..., 0], ramp("int32", (200, 40, 50)))
    assert unpacked == [path]
    path.write_bytes(gzip.compress(content_of(fits.PrimaryHDU(ramp(shape=(2, 2, 2))))))
    assert np.array_equal(pixels(path)[1][..., 0], [[4, 5], [6, 7]])


def hostile(path: Path, content: bytes) -> str:
    """What is said of a file with this content, by `frames` or by `read`."""
    path.write_bytes(content)
    with pytest.raises(srbench.ImageError) as raised:
        pixels(path, Fits("all"))
    assert str(raised.value).startswith(f"{path}: ")
    return str(raised.value).removeprefix(f"{path}: ")


def with_cards(*cards: str) -> bytes:
    """A file with these cards, and a block of data."""
    lines = [
        "SIMPLE  =                    T",
        "BITPIX  =                   16",
        "NAXIS   =                    2",
        *cards,
    ]
    return "".join(f"{line:80}" for line in [*lines, "END"]).encode().ljust(2880) + bytes(2880)


def test_headers_that_cannot_be_meant_are_refused_in_words(tmp_path: Path) -> None:
    sides = ("NAXIS1  =                   40", "NAXIS2  =                   30")
    assert pixels_of(tmp_path, with_cards(*sides)).shape == (30, 40, 1)
    for cards, words in (
        (
            ("NAXIS1  =               400000", "NAXIS2  =               300000"),
            "damaged or truncated: the data of HDU 0",
        ),
        (("NAXIS1  =                   -4", sides[1]), "holds no picture"),
        (("NAXIS1  = 'forty   '", sides[1]), ""),
        (sides[:1], ""),
        ((*sides, "BSCALE  =                  0.0"), "its BSCALE is 0 and its BZERO 0"),
        ((*sides, "BZERO   = 'none    '"), ""),
        ((*sides, "BLANK   = 'none    '"), ""),
    ):
        assert words in hostile(tmp_path / "a.fits", with_cards(*cards))
    assert "Empty or corrupt" in hostile(tmp_path / "a.fits", with_cards(*sides)[:2000])
    assert "damaged" in hostile(tmp_path / "a.fits", with_cards(*sides)[:5000])
    assert "does not begin with SIMPLE" in hostile(tmp_path / "a.fits", b"")
    assert "does not begin with SIMPLE" in hostile(tmp_path / "a.fits", b"PK\x03\x04 and so on")
    with pytest.raises(srbench.ImageError, match="none: cannot be read: No such file"):
        Fits().frames(tmp_path / "none")


def pixels_of(tmp_path: Path, content: bytes) -> srbench.Image:
    (tmp_path / "whole.fits").write_bytes(content)
    return pixels(tmp_path / "whole.fits")[0]


def test_absurd_pictures_and_too_many_of_them_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = content_of(fits.PrimaryHDU(ramp(shape=(5, 4, 4))))
    monkeypatch.setattr(file, "MAX_PIXELS", 15)
    assert "promises 4 x 4 pixels, more than 15" in hostile(tmp_path / "a.fits", content)
    monkeypatch.setattr(file, "MAX_PIXELS", 16)
    monkeypatch.setattr(file, "MAX_PLANES", 4)
    assert "promises 5 planes, more than 4; split it" in hostile(tmp_path / "a.fits", content)
    # A tile-compressed picture whose table is small and whose header promises any size.
    packed = content_of(fits.PrimaryHDU(), fits.CompImageHDU(ramp(shape=(4, 4))))
    cards = {name: re.search(rb"ZNAXIS%d = +4" % name, packed) for name in (1, 2)}
    for found in cards.values():
        assert found is not None
        packed = packed.replace(found[0], found[0][:-5] + b"99999")
    monkeypatch.undo()
    assert "promises 99999 x 99999 pixels" in hostile(tmp_path / "b.fits", packed)


@pytest.mark.parametrize("packing", ["RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1"])
def test_tiles_are_read_but_for_those_that_cannot_be_unpacked_safely(tmp_path: Path, packing: str) -> None:
    content = content_of(fits.PrimaryHDU(), fits.CompImageHDU(ramp(shape=(20, 30)), compression_type=packing))
    if packing == "HCOMPRESS_1":
        assert "compressed by HCOMPRESS; unpack it (funpack)" in hostile(tmp_path / "a.fits", content)
    else:
        assert np.array_equal(pixels_of(tmp_path, content)[..., 0], ramp(shape=(20, 30)))


def test_gzip_files_are_read_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = content_of(fits.PrimaryHDU(np.random.default_rng(0).integers(0, 999, (60, 60), np.int16)))
    packed = gzip.compress(whole)
    assert hostile(tmp_path / "a.fits.gz", packed[:-2000])
    assert "damaged" in hostile(tmp_path / "a.fits.gz", packed[:500] + bytes(50) + packed[550:])
    monkeypatch.setattr(file, "MAX_BYTES", 5000)
    assert "decompresses to more than 5,000 bytes; split it" in hostile(tmp_path / "b.fits.gz", packed)


SKY = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 2.0, "CD1_1": -1e-3, "CD2_2": 1e-3})
PARTS = content_of(fits.PrimaryHDU(), fits.ImageHDU(ramp(), SKY), fits.CompImageHDU(ramp(shape=(20, 20))))


@settings(max_examples=60)
@given(st.data())
def test_no_damage_leads_to_another_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    content = bytearray(PARTS)
    places = st.integers(0, 400) | st.integers(2880, 4500) | st.integers(0, len(PARTS) - 1)
    for place, byte in data.draw(
        st.dictionaries(places, st.integers(32, 126) | st.integers(0, 255), max_size=6)
    ).items():
        content[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.fits"
    path.write_bytes(content[: data.draw(st.sampled_from([100, 2880, 5760, 6000, len(content), len(content)]))])
    kind = Fits("all")
    try:
        for frame in kind.frames(path):
            image = kind.read(frame)
            assert image.shape == (*frame.size, 1) and image.dtype.name in srbench.pictures.DEPTHS
    except srbench.ImageError as error:
        assert str(path) in str(error)
