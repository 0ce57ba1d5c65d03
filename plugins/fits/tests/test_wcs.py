"""Coordinates of FITS pictures, held to astropy's."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import astropy
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales
from srbench_fits import wcs

import srbench

ASTROPY = Path(astropy.__file__).parent
HEADERS = sorted(
    path for folder in (".", "maps", "spectra") for path in (ASTROPY / "wcs/tests/data" / folder).glob("*.hdr")
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def sky(**cards: Any) -> fits.Header:
    """A tangential projection (TAN) whose matrix cards give."""
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 40.0})
    header.update({"CRPIX1": 11.25, "CRPIX2": -3.5} | cards)
    return header


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


def test_spacing_is_in_arcseconds_down_and_across_or_not_known() -> None:
    assert wcs.spacing(sky(CDELT1=-0.001, CDELT2=0.002)) == pytest.approx((7.2, 3.6))
    for cards in ({"CTYPE1": "WAVE"}, {"CDELT1": "none"}, {"CUNIT2": "furlong"}, {"CD1_1": 0.0}, {"CDELT2": 0.0}):
        assert wcs.spacing(sky(**cards)) is None


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


@pytest.mark.parametrize("scale", [2, 3, 10 / 7])
@pytest.mark.parametrize(
    "name", [*LINEAR, *(path for path in HEADERS if path.parent.name != "data" or path.stem in DISTORTED)], ids=str
)
def test_a_place_in_sr_is_the_place_in_the_sky_that_it_was(name: str | Path, scale: float) -> None:
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
        millionth, off = (np.nan_to_num(np.abs(other - before)).max(axis=0) for other in (nearby, after))
        rounding = 1e-13 * np.nan_to_num(np.abs(before)).max(axis=0)
        assert np.array_equal(np.isnan(before), np.isnan(after)) and (off <= millionth + rounding).all()


def test_other_cards_of_coordinates_follow_and_tables_of_distortion_are_refused() -> None:
    header = sky(**(CD | SIP), LTV1=19.0, LTM1_1=0.5)
    wcs.enlarge(header, 2)
    assert (header["A_DMAX"], header["LTV1"], header["LTM1_1"]) == (3.0, 37.5, 1.0)
    assert (header["AP_2_0"], header["A_2_0"], header["BP_1_0"]) == (-1e-4, 1e-4, -1e-3)
    plain = fits.Header({"OBJECT": "none"})
    wcs.enlarge(plain, 2)
    assert list(plain) == ["OBJECT"]
    for name in ("CPDIS1", "D2IMDIS2", "AMDX1"):
        with pytest.raises(srbench.ImageError, match=rf"tables or plates \({name}\)"):
            wcs.enlarge(sky(**(CD | {name: "Lookup"})), 2)
