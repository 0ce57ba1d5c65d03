"""The world coordinates (WCS) of a FITS picture: how far its pixels are apart, and where those of SR lie."""

from __future__ import annotations

import math
import re
from string import ascii_uppercase

from astropy.io.fits import Header

from srbench import ImageError

_SKY = re.compile(r"(RA--|DEC-|[A-Z]LON|[A-Z]LAT|[A-Z]{2}LN|[A-Z]{2}LT)-[A-Z0-9]{3}")
_ARCSECONDS = {"deg": 3600.0, "arcmin": 60.0, "arcsec": 1.0, "mas": 0.001, "rad": math.degrees(3600)}
_TABLES = re.compile(r"(CPDIS|CQDIS|D2IMDIS)\d[A-Z]?|AXISCORR|AMDX1")
"""Distortion that is looked up for each pixel (Hubble's), or goes by another count of pixels (plates of the DSS)."""
_SIP = re.compile(r"(AP?|BP?)_(\d)_(\d)")


def spacing(header: Header) -> tuple[float, float] | None:
    """The distance of the middles of pixels, down and across, in arcseconds; None where the picture is not of the sky.

    Where the projection touches the sky, that is, and without distortion: the lengths of the columns of the matrix.
    Computed here because WCSLIB, which astropy asks, ends the process on some damaged headers.
    """
    if not all(_SKY.match(str(header.get(f"CTYPE{axis}"))) for axis in "12"):
        return None
    given = any(re.fullmatch(r"CD\d+_\d+", name) for name in header)
    columns = []
    for column in "21":
        length = 0.0
        for row in "12":
            unit = _ARCSECONDS.get(str(header.get(f"CUNIT{row}", "deg")).strip())
            step = header.get(f"CD{row}_{column}", 0.0) if given else header.get(f"CDELT{row}", 1.0)
            turn = 1.0 if given else header.get(f"PC{row}_{column}", float(row == column))
            if unit is None or isinstance(step, str) or isinstance(turn, str):
                return None
            length = math.hypot(length, unit * step * turn)
        columns.append(length)
    down, across = columns
    return (down, across) if 0 < down < math.inf and 0 < across < math.inf else None


def enlarge(header: Header, scale: float) -> None:
    """Make the header's coordinates those of a picture of the same corners with `scale` times as many rows and columns.

    Pixel centres are whole numbers from 1 (Greisen and Calabretta 2002), so that p becomes scale (p - 0.5) + 0.5.
    Distortion by polynomials of the sky's plane (TPV, TNX) stays as it is, by polynomials of pixels (SIP: Shupe et al.
    2005) follows. Raises `ImageError` for distortion that is looked up in tables.
    """
    if looked_up := next(filter(_TABLES.fullmatch, header), None):
        raise ImageError(f"its coordinates are distorted by tables or plates ({looked_up}), which are not enlarged")
    for version in ("", *ascii_uppercase):
        if any(re.fullmatch(rf"(CTYPE|CRPIX|CRVAL|CDELT)\d{version}|(CD|PC)\d+_\d+{version}", name) for name in header):
            _enlarge_linear(header, version, scale)
    for name in list(header):
        if name in ("A_DMAX", "B_DMAX", "AP_DMAX", "BP_DMAX"):
            header[name] *= scale
        elif found := _SIP.fullmatch(name):
            header[name] *= float(scale) ** (1 - int(found[2]) - int(found[3]))
        elif re.fullmatch(r"LTM[12]_\d", name):  # IRAF: pixels of the detector to those of the picture
            header[name] *= scale
        elif re.fullmatch(r"LTV[12]", name):
            header[name] = _place(header[name], scale)


def _enlarge_linear(header: Header, version: str, scale: float) -> None:
    """World is CD (p - CRPIX), or CDELT PC (p - CRPIX): columns 1 and 2 of the matrix are divided by the scale."""
    matrix = False
    for name in list(header):
        if found := re.fullmatch(rf"(CD|PC)(\d+)_(\d+){version}", name):
            row, column = int(found[2]) <= 2, int(found[3]) <= 2
            matrix |= found[1] == "CD"
            if found[1] == "CD":
                header[name] /= scale if column else 1
            elif row != column:  # CDELT of rows 1 and 2 is divided: PC makes good what that does to other columns
                header[name] *= scale if row else 1 / scale
    for axis in "12":
        header[f"CRPIX{axis}{version}"] = _place(header.get(f"CRPIX{axis}{version}", 0.0), scale)
        step = f"CDELT{axis}{version}"
        if step in header or not matrix:
            header[step] = header.get(step, 1.0) / scale


def _place(pixel: float, scale: float) -> float:
    return (pixel - 0.5) * scale + 0.5
