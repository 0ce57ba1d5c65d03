"""The numbers of a FITS picture: as they are stored, and what they mean by BSCALE, BZERO and BLANK."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io.fits import Header

from srbench import Image, ImageError

_SHIFTED = {8: -(2.0**7), 16: 2.0**15, 32: 2.0**31, 64: 2.0**63}
"""BZERO of whole numbers that BITPIX has no type for: signed bytes, and unsigned of more bits."""
_PLAIN = {8: np.uint8, 16: np.int16, 32: np.int32, 64: np.int32}
_OTHER = {8: np.int16, 16: np.uint16, 32: np.uint32, 64: np.uint32}
"""The type of pictures by BITPIX, without and with that BZERO."""


def to_image(stored: npt.NDArray[Any], header: Header) -> Image:
    """The pixels `(H, W, 1)` of stored numbers `(H, W)`: whole numbers if they are meant as such, or float32.

    Scaled numbers are computed in double precision and rounded once. BLANK becomes NaN. Raises `ImageError` where whole
    numbers need more than 32 bits.
    """
    slope, zero, blank = _scaling(header)
    bits = header["BITPIX"]
    if bits > 0 and slope == 1 and blank is None and zero in (0, _SHIFTED[bits]):
        meant = stored.astype(np.int64) - np.int64(-zero)  # 2^63 is no int64, but -2^63 is
        whole = meant.astype(_OTHER[bits] if zero else _PLAIN[bits])
        if (whole != meant).any():
            raise ImageError("its pixels are whole numbers of 64 bits, and some need more than 32")
        return whole[..., None]
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = stored.astype(np.float64) * slope + zero
        if blank is not None:
            numbers[stored == blank] = np.nan
        return numbers.astype(np.float32)[..., None]


def to_stored(image: Image, header: Header) -> npt.NDArray[Any]:
    """The numbers `(H, W)` that stand for pixels `(H, W, 1)` in the header's BITPIX: rounded, and clamped, if whole.

    Raises `ImageError` for NaN where no number is BLANK.
    """
    slope, zero, blank = _scaling(header)
    bits = header["BITPIX"]
    kind = np.dtype("u1" if bits == 8 else f"{'i' if bits > 0 else 'f'}{abs(bits) // 8}")
    if image.dtype.kind in "iu" and bits > 0:  # not scaled, then
        info = np.iinfo(kind)
        return (image[..., 0].astype(np.int64) + np.int64(-zero)).clip(info.min, info.max).astype(kind)
    numbers = (image[..., 0].astype(np.float64) - zero) / slope
    if bits < 0:
        return numbers.astype(kind)
    gaps = np.isnan(numbers)
    if gaps.any() and blank is None:
        raise ImageError("is of whole numbers without BLANK, which cannot say where nothing was measured")
    info = np.iinfo(kind)
    # The largest int64 is no double: clamped to it, a number would be one too large.
    top = np.nextafter(float(info.max), 0) if bits == 64 else info.max
    whole = np.rint(np.where(gaps, 0, numbers)).clip(info.min, top).astype(kind)
    if blank is not None:  # and no number that was computed may mean a gap
        whole[whole == blank] = blank + 1 if blank < info.max else blank - 1
        whole[gaps] = blank
    return whole


def _scaling(header: Header) -> tuple[float, float, int | None]:
    """BSCALE, BZERO, and BLANK, which only whole numbers have."""
    slope, zero = float(header.get("BSCALE", 1)), float(header.get("BZERO", 0))
    if not (np.isfinite([slope, zero]).all() and slope):
        raise ImageError(f"its BSCALE is {slope:g} and its BZERO {zero:g}")
    blank = header.get("BLANK") if header["BITPIX"] > 0 else None
    return slope, zero, None if blank is None else int(blank)
