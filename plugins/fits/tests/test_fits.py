"""FITS pictures and their coordinates, held to what astropy makes of the same files."""

from __future__ import annotations

import gzip
import io
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
from astropy.wcs.utils import proj_plane_pixel_scales
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_fits import file, wcs
from srbench_fits.fits import Fits

import srbench

ASTROPY = Path(astropy.__file__).parent
OTHERS = [
    path
    for folder in ("io/fits/tests/data", "io/fits/tests/data/invalid", "wcs/tests/data")
    for path in sorted((ASTROPY / folder).iterdir())
    if path.is_file()
]
HEADERS = sorted(
    path for folder in (".", "maps", "spectra") for path in (ASTROPY / "wcs/tests/data" / folder).glob("*.hdr")
)


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
        assert re.match(rf"{re.escape(str(path))}: .*({told})", str(error))
        return
    with fits.open(path) as hdus:
        for frame in frames:
            plane = tuple(map(int, frame.facts["PLANE"].split("."))) if "PLANE" in frame.facts else ()
            expected = hdus[int(frame.facts["HDU"])].data[plane]
            read = kind.read(frame)
            assert read.shape == (*frame.size, 1) and read.dtype.isnative
            assert np.allclose(read[..., 0], expected, rtol=2**-22, atol=0, equal_nan=True)


SHIFTS = {"int8": -(2**7), "uint16": 2**15, "uint32": 2**31, "uint64": 2**63}


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


def test_a_cube_in_a_gzip_file_is_decompressed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.fits.gz", fits.PrimaryHDU(ramp("int32", (200, 40, 50))))
    unpacked = []
    monkeypatch.setattr(file.gzip, "open", lambda path: unpacked.append(path) or gzip.GzipFile(path))
    assert np.array_equal(np.stack(pixels(path))[..., 0], ramp("int32", (200, 40, 50)))
    assert unpacked == [path]
    save(path, fits.PrimaryHDU(ramp(shape=(2, 2, 2))))
    assert np.array_equal(pixels(path)[1][..., 0], [[4, 5], [6, 7]])


def sky(scale: float = 1e-3, **cards: Any) -> fits.Header:
    """A tangential projection (TAN) whose matrix cards give."""
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 40.0})
    header.update({"CRPIX1": 11.25, "CRPIX2": -3.5} | cards)
    return header


def test_spacing_is_in_arcseconds_down_and_across(tmp_path: Path) -> None:
    header = sky(CDELT1=-0.001, CDELT2=0.002)
    (frame,) = Fits().frames(save(tmp_path / "a.fits", fits.PrimaryHDU(ramp(), header)))
    assert frame.spacing == pytest.approx((7.2, 3.6)) and frame.spacing_unit == "arcsec"
    header["CTYPE1"], header["CTYPE2"] = "WAVE", "ANGLE"
    (frame,) = Fits().frames(save(tmp_path / "b.fits", fits.PrimaryHDU(ramp(), header)))
    assert frame.spacing is None
    for cards in ({"CDELT1": "none"}, {"CUNIT2": "furlong"}, {"CD1_1": 0.0}, {"CDELT2": 0.0}):
        assert wcs.spacing(sky(**cards)) is None


SIP = {
    "CTYPE1": "RA---TAN-SIP",
    "CTYPE2": "DEC--TAN-SIP",
    "A_ORDER": 3,
    "B_ORDER": 2,
    "A_2_0": 2e-4,
    "A_1_1": -1e-4,
    "A_0_3": 3e-6,
    "B_0_2": 1e-4,
    "B_1_0": 1e-3,
    "A_DMAX": 1.5,
    "AP_ORDER": 2,
    "BP_ORDER": 1,
    "AP_2_0": -2e-4,
    "BP_1_0": -1e-3,
}
CD = {"CD1_1": -1e-3, "CD1_2": 2e-4, "CD2_1": 3e-4, "CD2_2": 1.1e-3}
TPV = {"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_1": 1.01, "PV1_4": 0.02, "PV2_1": 0.99, "PV2_6": -0.03}
CUBE = {"CTYPE3": "FREQ", "CRVAL3": 1e9, "CDELT3": 1e6, "CRPIX3": 1.0, "CDELT1": -1e-3, "CDELT2": 1e-3}


DISTORTED = ("irac_sip", "siponly", "tpvonly")
LINEAR = {
    "cd": sky(**CD),
    "cdelt": sky(CDELT1=-1e-3, CDELT2=2e-3),
    "crota": sky(CDELT1=-1e-3, CDELT2=2e-3, CROTA2=30.0),
    "pc": sky(CDELT1=-1e-3, CDELT2=2e-3, PC1_1=0.8, PC1_2=-0.6, PC2_1=0.6, PC2_2=0.8),
    "pc alone": sky(PC1_1=-1e-3, PC2_2=1e-3),
    "second": sky(**CD, CTYPE1A="LINEAR", CTYPE2A="LINEAR", CRPIX1A=3.0, CDELT1A=0.5, CRVAL2A=7.0),
    "cube": sky(**CUBE, PC1_1=0.8, PC1_2=-0.6, PC2_1=0.6, PC2_2=0.8, PC1_3=2.0, PC3_1=0.3),
    "without crpix": fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": 1e-3, "CD2_2": 1e-3}),
    "sip": sky(**(CD | SIP)),
    "tpv": sky(**(CD | TPV)),
}


def read_cards(path: Path) -> fits.Header:
    return fits.Header.fromstring(path.read_bytes())


@pytest.mark.parametrize("name", [*sorted(LINEAR.keys() - {"cube"}), "units", *HEADERS], ids=str)
def test_spacing_is_that_of_astropy(name: str | Path) -> None:
    if isinstance(name, Path):
        header = read_cards(name)
    else:
        header = LINEAR.get(name, sky(CDELT1=-3.0, CDELT2=1e-3, CUNIT1="arcsec", CUNIT2="rad", CRVAL2=0.5))
    try:
        known = WCS(header, naxis=2)
    except Exception:
        assert isinstance(name, Path)  # one that astropy refuses, as its own tests want
        return
    expected = tuple(3600 * proj_plane_pixel_scales(known)[::-1]) if known.has_celestial else None
    assert wcs.spacing(header) == (expected and pytest.approx(expected, rel=1e-9))


@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize(
    "name", [*LINEAR, *(path for path in HEADERS if path.parent.name != "data" or path.stem in DISTORTED)], ids=str
)
def test_a_place_in_sr_is_the_place_in_the_sky_that_it_was(name: str | Path, scale: int) -> None:
    header = LINEAR[name] if isinstance(name, str) else read_cards(name)
    enlarged = header.copy()
    wcs.enlarge(enlarged, scale)
    versions = ["", "A"] if name == "second" else [""]
    for old, new in ((WCS(header, key=key or " "), WCS(enlarged, key=key or " ")) for key in versions):
        width, height = (header.get("NAXIS1", 40), header.get("NAXIS2", 30))
        corners = np.array(list(itertools.product([0.5, 7.3, width + 0.5], [0.5, 3.9, height + 0.5])))
        others = np.tile(np.arange(2.0, 2 + old.naxis - 2), (9, 1))
        before = old.all_pix2world(np.hstack([corners, others]), 1)
        after = new.all_pix2world(np.hstack([(corners - 0.5) * scale + 0.5, others]), 1)
        nearby = old.all_pix2world(np.hstack([corners + 1e-6, others]), 1)
        step = np.nanmax(np.abs(nearby - before), initial=0)
        assert np.array_equal(np.isnan(before), np.isnan(after))
        assert np.nanmax(np.abs(after - before), initial=0) <= max(step, 1e-12)


def test_other_cards_of_coordinates_follow_and_tables_of_distortion_are_refused(tmp_path: Path) -> None:
    header = sky(**(CD | SIP), LTV1=19.0, LTM1_1=0.5)
    wcs.enlarge(header, 2)
    assert (header["A_DMAX"], header["LTV1"], header["LTM1_1"]) == (3.0, 37.5, 1.0)
    assert (header["AP_2_0"], header["A_2_0"], header["BP_1_0"]) == (-1e-4, 1e-4, -1e-3)
    plain = fits.Header({"OBJECT": "none"})
    wcs.enlarge(plain, 2)
    assert list(plain) == ["OBJECT"]
    for name in ("CPDIS1", "D2IMDIS2", "AMDX1"):
        path = save(tmp_path / "a.fits", fits.PrimaryHDU(ramp(), sky(**(CD | {name: "Lookup"}))))
        with pytest.raises(srbench.ImageError, match=rf"a.fits: .* tables or plates \({name}\)"):
            Fits().write(tmp_path / "b.fits", path, pixels(path), 1, "none")


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


def test_sr_stands_in_the_picture_s_place_and_all_else_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    table = fits.BinTableHDU.from_columns([fits.Column("flux", "E", array=np.arange(3.0))], name="CATALOG")
    image = fits.ImageHDU(ramp("float32"), sky(**CD, OBSERVER="E. Hubble", BUNIT="Jy"), name="SCI")
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
    with fits.open(path) as old, fits.open(tmp_path / "b.fits") as new:
        assert [hdu.name for hdu in new] == ["PRIMARY", "CATALOG", "SCI", ""] and new[0].header["OBJECT"] == "M31"
        assert new[1].data["flux"].tolist() == [0, 1, 2] and np.array_equal(new[3].data, old[3].data)
        header = new["SCI"].header
        assert np.array_equal(new["SCI"].data, larger[..., 0]) and header["CD1_1"] == CD["CD1_1"] / 2
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


def hostile(path: Path, content: bytes) -> str:
    """What is said of a file with this content, by `frames` or by `read`."""
    path.write_bytes(content)
    with pytest.raises(srbench.ImageError) as raised:
        pixels(path, Fits("all"))
    assert str(raised.value).startswith(f"{path}: ")
    return str(raised.value).removeprefix(f"{path}: ")


def content_of(*hdus: Any) -> bytes:
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    return buffer.getvalue()


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


PARTS = content_of(fits.PrimaryHDU(), fits.ImageHDU(ramp(), sky(**CD)), fits.CompImageHDU(ramp(shape=(20, 20))))


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


def test_the_plugin_offers_the_format(tmp_path: Path) -> None:
    found = srbench.Formats({"fits": {"hdu": "ERR"}}).frames(several(tmp_path))
    assert found is not None and np.array_equal(srbench.read_picture(found[0][1])[..., 0], ramp() + 2)
