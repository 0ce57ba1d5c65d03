"""FITS pictures, held to what astropy makes of the same files."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import astropy
import numpy as np
import numpy.typing as npt
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from srbench_fits.fits import Fits

import srbench

ASTROPY = Path(astropy.__file__).parent
OTHERS = [
    path
    for folder in ("io/fits/tests/data", "io/fits/tests/data/invalid", "wcs/tests/data")
    for path in sorted((ASTROPY / folder).iterdir())
    if path.is_file()
]
READ = [
    "arange",
    "checksum",
    "checksum_false",
    "comp",
    "compressed_image",
    "double_ext",
    "fixed-1890",
    "o4sp040b0_raw",
    "scale",
    "test0",
    "test1",
    "dist_lookup",
    "dss",
    "ie6d07ujq_wcs",
]
"""Those that hold pictures, up to the first dot."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def save(path: Path, *hdus: Any) -> Path:
    fits.HDUList(list(hdus)).writeto(path, overwrite=True)
    return path


def stored(data: npt.NDArray[Any], kind: Any = fits.PrimaryHDU, **cards: Any) -> Any:
    """An HDU of numbers as they are stored, with cards that say what they mean."""
    hdu = kind(data)
    for name, value in cards.items():
        hdu.header[name] = value
    return hdu


def ramp(dtype: str = "int16", shape: tuple[int, ...] = (3, 4)) -> npt.NDArray[Any]:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def pixels(path: Path, kind: Fits | None = None) -> list[srbench.Image]:
    kind = kind or Fits()
    return [kind.read(frame) for frame in kind.frames(path)]


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_files_of_astropys_own_tests_are_read_as_astropy_reads_them_or_refused_in_words(path: Path) -> None:
    kind = Fits("all")
    try:
        frames = kind.frames(path)
    except srbench.ImageError as error:
        told = (
            "holds no picture of two dimensions; it has HDU|does not begin with SIMPLE|not of standard FITS|"
            "truncated: the data of HDU 0|cannot be read: Empty or corrupt FITS file"
        )
        assert re.match(rf"{re.escape(str(path))}: .*({told})", str(error)) and path.name.split(".")[0] not in READ
        return
    with fits.open(path) as hdus:
        for frame in frames:
            plane = tuple(map(int, frame.facts["PLANE"].split("."))) if "PLANE" in frame.facts else ()
            expected = hdus[int(frame.facts["HDU"])].data[plane]
            read = kind.read(frame)
            assert read.shape == (*frame.size, 1) and read.dtype.isnative
            assert np.allclose(read[..., 0], expected, rtol=2**-22, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    ("dtype", "cards", "expected"),
    [
        ("uint8", {}, "uint8"),
        ("uint8", {"BZERO": -128}, "int16"),
        ("int16", {}, "int16"),
        ("int16", {"BZERO": 2**15}, "uint16"),
        ("int16", {"BZERO": 2**15, "BSCALE": 1.0}, "uint16"),
        ("int32", {}, "int32"),
        ("int32", {"BZERO": 2**31}, "uint32"),
        ("int64", {}, "int32"),
        ("float32", {}, "float32"),
        ("float64", {}, "float32"),
        ("int16", {"BSCALE": 0.1, "BZERO": 7.5}, "float32"),
        ("int32", {"BSCALE": 1e-3}, "float32"),
        ("float32", {"BSCALE": 2.0, "BZERO": 1.0}, "float32"),
    ],
)
def test_numbers_are_scaled_exactly_and_have_the_smallest_type(
    tmp_path: Path, dtype: str, cards: dict[str, float], expected: str
) -> None:
    path = save(tmp_path / "a.fits", stored(ramp(dtype), **cards))
    (read,) = pixels(path)
    exact = ramp("float64") * cards.get("BSCALE", 1) + cards.get("BZERO", 0)
    assert read.dtype.name == expected and read.shape == (3, 4, 1)
    assert np.array_equal(read[..., 0], exact.astype(expected))
    assert np.allclose(read[..., 0], fits.getdata(path))


@pytest.mark.parametrize("cards", [{"BLANK": 5}, {"BLANK": 0}, {"BLANK": 5, "BZERO": 2**15}, {"BLANK": 5, "BSCALE": 2}])
def test_blank_is_nan(tmp_path: Path, cards: dict[str, float]) -> None:
    (read,) = pixels(save(tmp_path / "a.fits", stored(ramp(), **cards)))
    expected = np.where(ramp() == cards["BLANK"], np.nan, ramp() * cards.get("BSCALE", 1.0) + cards.get("BZERO", 0))
    assert read.dtype == np.float32 and np.array_equal(read[..., 0], expected, equal_nan=True)


def test_whole_numbers_of_64_bits_are_read_where_32_hold_them(tmp_path: Path) -> None:
    (read,) = pixels(save(tmp_path / "a.fits", fits.PrimaryHDU(ramp("uint64") + np.uint64(2**32 - 12))))
    assert read.dtype == np.uint32 and read.max() == 2**32 - 1
    for beyond in (np.full((2, 2), 2**31), np.full((2, 2), 2**32, "uint64"), np.full((2, 2), -(2**40))):
        with pytest.raises(srbench.ImageError, match=r"b\.fits: its pixels are whole numbers of 64 bits"):
            pixels(save(tmp_path / "b.fits", fits.PrimaryHDU(beyond)))


def several(tmp_path: Path) -> Path:
    primary = fits.PrimaryHDU()
    primary.header.update(INSTRUME="ACS", FILTER="F606W", EXTNAME="top", BUNIT="none")
    extensions = [
        fits.ImageHDU(ramp() + number, fits.Header({"BUNIT": "ELECTRONS", "EXTVER": number}), name=name)
        for number, name in enumerate(["SCI", "ERR", "SCI"], 1)
    ]
    extensions[1].header["FILTER"] = "own"
    return save(tmp_path / "a.fits", primary, fits.BinTableHDU.from_columns([]), *extensions)


def test_which_hdu_is_meant_is_a_parameter(tmp_path: Path) -> None:
    path = several(tmp_path)

    def found(hdu: int | str | None) -> list[tuple[str, str]]:
        return [(frame.key, frame.facts["HDU"]) for frame in Fits(hdu).frames(path)]

    assert found(None) == found(2) == [("", "2")]
    assert found("err") == [("", "3")]
    assert found("SCI") == [("2", "2"), ("4", "4")]
    assert found("all") == [("2", "2"), ("3", "3"), ("4", "4")]
    for hdu, image in ((None, 1), (3, 2), ("ERR", 2), ("SCI", 1), ("all", 1)):
        assert np.array_equal(pixels(path, Fits(hdu))[0][..., 0], ramp() + image)
    for hdu, there in (("DQ", "0 (top), 1, 2 (SCI), 3 (ERR), 4 (SCI)"), (1, "0 (top), 1,"), (9, "0 (top), 1, 2")):
        told = re.escape(f"a.fits: holds no picture of two dimensions in HDU {hdu!r}; it has HDU {there}")
        with pytest.raises(srbench.ImageError, match=told):
            Fits(hdu).frames(path)


def test_facts_are_the_headers_own_or_those_of_the_primary_one(tmp_path: Path) -> None:
    first, second, _ = Fits("all").frames(several(tmp_path))
    common = {"INSTRUME": "ACS", "BUNIT": "ELECTRONS"}
    assert first.facts == common | {"FILTER": "F606W", "EXTNAME": "SCI", "EXTVER": "1", "HDU": "2"}
    assert second.facts == common | {"FILTER": "own", "EXTNAME": "ERR", "EXTVER": "2", "HDU": "3"}
    assert (first.size, first.values, first.group, first.spacing) == ((3, 4), None, None, None)


@pytest.mark.parametrize("kind", [fits.PrimaryHDU, fits.CompImageHDU])
@pytest.mark.parametrize("name", ["a.fits", "a.fits.gz"])
def test_planes_of_cubes_are_frames(tmp_path: Path, name: str, kind: Any) -> None:
    cube = ramp(shape=(2, 3, 4, 5))
    path = save(tmp_path / name, *([] if kind is fits.PrimaryHDU else [fits.PrimaryHDU()]), kind(cube))
    number = int(kind is not fits.PrimaryHDU)
    frames = Fits().frames(path)
    assert [frame.key for frame in frames] == [f"{number}.{i}.{j}" for i, j in itertools.product(range(2), range(3))]
    assert frames[5].facts["PLANE"] == "1.2"
    assert np.array_equal(np.stack(pixels(path))[..., 0], cube.reshape(6, 4, 5))
    (only,) = Fits().frames(save(tmp_path / "b.fits", fits.PrimaryHDU(ramp(shape=(1, 1, 4, 5)))))
    assert only.key == "" and np.array_equal(Fits().read(only)[..., 0], ramp(shape=(4, 5)))


WRITTEN = {
    "uint8": stored(ramp("uint8")),
    "int8": stored(ramp("uint8"), BZERO=-128),
    "int16": stored(ramp()),
    "uint16": fits.PrimaryHDU(ramp("uint16") + np.uint16(65520)),
    "uint32": fits.PrimaryHDU(ramp("uint32") + np.uint32(2**32 - 12)),
    "int64": stored(ramp("int64")),
    "uint64": fits.PrimaryHDU(ramp("uint64")),
    "scaled": stored(ramp(), BSCALE=0.1, BZERO=7.5, BLANK=3),
    "blank": stored(ramp(), BLANK=0),
    "float32": fits.PrimaryHDU(np.where(ramp() == 5, np.nan, ramp() + 0.1).astype("float32")),
    "float64": fits.PrimaryHDU(np.where(ramp() == 5, np.nan, ramp() + 0.1)),
    "cube": fits.PrimaryHDU(ramp("float32", (2, 3, 4, 5)) * np.float32(0.1)),
    "noise": fits.PrimaryHDU(np.random.default_rng(0).normal(size=(30, 40)).astype("float32")),
}


@pytest.mark.parametrize("name", ["b.fits", "b.fits.gz"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("hdu", WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_at_scale_1_has_the_same_numbers_and_nan(
    tmp_path: Path, hdu: Any, packed: bool, name: str
) -> None:
    save(tmp_path / "a.fits", hdu)
    if packed:
        with fits.open(tmp_path / "a.fits", do_not_scale_image_data=True) as (plain,):
            extension = fits.CompImageHDU(plain.data, compression_type="GZIP_2", quantize_level=0.0)
            for card in ("BSCALE", "BZERO", "BLANK"):
                if card in plain.header:
                    extension.header[card] = plain.header[card]
            save(tmp_path / "a.fits", fits.PrimaryHDU(), extension)
    images = pixels(tmp_path / "a.fits")
    Fits().write(tmp_path / name, tmp_path / "a.fits", images, 1, "none")
    again = pixels(tmp_path / name)
    assert images[0].dtype == again[0].dtype
    assert np.array_equal(images, again, equal_nan=images[0].dtype.kind == "f")
    with fits.open(tmp_path / "a.fits") as before, fits.open(tmp_path / name) as after:
        after.verify("exception")
        assert [type(one) for one in before] == [type(one) for one in after]
        assert before[-1].header["BITPIX"] == after[-1].header["BITPIX"]
        assert np.allclose(before[-1].data, after[-1].data, rtol=2**-22, atol=0, equal_nan=True)


SKY = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 40.0, "CRPIX1": 11.25, "CRPIX2": -3.5}
SKY |= {"CD1_1": -1e-3, "CD1_2": 2e-4, "CD2_2": 2e-3, "OBSERVER": "E. Hubble", "BUNIT": "Jy"}


def test_pictures_that_were_not_asked_for_are_named(tmp_path: Path) -> None:
    plane = np.arange(30, dtype=np.float32).reshape(5, 6)
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(plane, name="SCI"), fits.ImageHDU(plane, name="ERR"), fits.ImageHDU(plane)]
    path = save(tmp_path / "m51.fits", *hdus, fits.BinTableHDU.from_columns([]))
    assert Fits().besides(path) == Fits("SCI").besides(path) == ["2 (ERR)", "3"]
    assert Fits(2).besides(path) == ["1 (SCI)", "3"]
    assert Fits("all").besides(path) == []


def test_sr_stands_in_the_picture_s_place_and_all_else_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    table = fits.BinTableHDU.from_columns([fits.Column("flux", "E", array=np.arange(3.0))], name="CATALOG")
    image = fits.ImageHDU(ramp("float32"), fits.Header(SKY), name="SCI")
    save(
        path,
        fits.PrimaryHDU(None, fits.Header({"OBJECT": "M31"})),
        table,
        image,
        stored(ramp(), fits.ImageHDU, BZERO=7),
    )
    larger = ramp("float32", (6, 8, 1)) / 7
    for name in ("b.fits", "c.fits"):
        Fits("SCI").write(
            tmp_path / name,
            path,
            [larger],
            2,
            "srbench and a method with quite a long name that fills more than a line",
        )
    (before,), (after,) = (Fits("SCI").frames(tmp_path / name) for name in ("a.fits", "b.fits"))
    assert before.spacing == pytest.approx((3600 * np.hypot(2e-4, 2e-3), 3.6)) and before.spacing_unit == "arcsec"
    assert after.spacing == pytest.approx(np.divide(before.spacing, 2)) and after.size == (6, 8)
    with fits.open(path) as old, fits.open(tmp_path / "b.fits") as new:
        assert [hdu.name for hdu in new] == ["PRIMARY", "CATALOG", "SCI", ""] and new[0].header["OBJECT"] == "M31"
        assert new[1].data["flux"].tolist() == [0, 1, 2] and np.array_equal(new[3].data, old[3].data)
        header = new["SCI"].header
        assert np.array_equal(new["SCI"].data, larger[..., 0]) and header["CD1_1"] == -5e-4
        corner = WCS(old["SCI"].header).all_world2pix(WCS(header).all_pix2world([[0.5, 0.5], [8.5, 6.5]], 1), 1)
        assert np.abs(corner - [[0.5, 0.5], [4.5, 3.5]]).max() < 1e-6
        assert (header["OBSERVER"], header["BUNIT"], header["CRPIX1"]) == ("E. Hubble", "Jy", 22.0)
        assert (
            "".join(header["HISTORY"])
            == "SR x2 by srbench and a method with quite a long name that fills more than a line"
        )
    assert (tmp_path / "b.fits").read_bytes() == (tmp_path / "c.fits").read_bytes()


def test_whole_numbers_are_rounded_and_clamped_and_gaps_need_blank(tmp_path: Path) -> None:
    path = save(tmp_path / "a.fits", stored(ramp(), BSCALE=0.5))
    image = np.array([[0.2, 0.3], [1e9, -1e9]], np.float32)[..., None]
    Fits().write(tmp_path / "b.fits", path, [image], 1, "none")
    assert fits.getdata(tmp_path / "b.fits").tolist() == [[0.0, 0.5], [16383.5, -16384.0]]
    image[0, 0] = np.nan
    with pytest.raises(srbench.ImageError, match=r"a\.fits: is of whole numbers without BLANK"):
        Fits().write(tmp_path / "b.fits", path, [image], 1, "none")
    for blank, kept in ((-32768, -32767), (32767, 32766)):
        save(path, stored(ramp(), BLANK=blank))
        Fits().write(tmp_path / "b.fits", path, [np.array([[blank, 1], [2, np.nan]], np.float32)[..., None]], 1, "none")
        assert np.array_equal(fits.getdata(tmp_path / "b.fits"), [[kept, 1], [2, np.nan]], equal_nan=True)
    path = save(tmp_path / "c.fits", stored(ramp("int64")))
    Fits().write(tmp_path / "b.fits", path, [np.full((2, 2, 1), 1e30)], 1, "none")
    assert fits.getdata(tmp_path / "b.fits").min() > 9e18


def test_the_plugin_offers_the_format(tmp_path: Path) -> None:
    found = srbench.Formats({"fits": {"hdu": "ERR"}}).frames(several(tmp_path))
    assert found is not None and np.array_equal(srbench.read_picture(found[0][1])[..., 0], ramp() + 2)
