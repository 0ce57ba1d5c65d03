"""TIFF, which tifffile decodes; colours YCbCr, which Pillow's libtiff does."""

from __future__ import annotations

import math
from typing import BinaryIO

import numpy as np
import tifffile

from srbench.image import pillow
from srbench.image.array import PEAKS, Image
from srbench.image.directories import (
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    PHOTOMETRIC,
    PLANAR,
    SAMPLES,
    TILE_LENGTH,
    TILE_WIDTH,
    Directory,
    find,
)
from srbench.image.header import Refused, check_size

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_OLD_JPEG, _JPEG = 6, 7
_FAX = (2, 3, 4)
_UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = 0, 1, 2
"""What a further sample of a TIFF may be: unsaid, alpha by which the colours are multiplied, or are not."""


def decode(file: BinaryIO) -> tuple[Image, int]:
    """The picture with alpha, if it has any, as its last channel; and its orientation."""
    picture, mask = find(file)
    image = _colours(picture)
    if mask is not None:
        image = _masked(image, mask)
    return image, picture.orientation


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Width, height and orientation, from the directories alone."""
    picture, _ = find(file)
    return *picture.size, picture.orientation


def _colours(picture: Directory) -> Image:
    bits, samples = picture.numbers(BITS, 1), picture.number(SAMPLES, 1)
    kind = _kind(picture, samples)
    name = tifffile.PHOTOMETRIC(kind).name if kind in set(tifffile.PHOTOMETRIC) else str(kind)
    if kind not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR):
        raise Refused(f"its colours are {name}; save it as grey or RGB")
    if len(set(bits[:samples])) > 1:
        raise Refused(f"its channels have {', '.join(map(str, bits[:3]))} bits; save it with 8 or 16")
    if bits[0] not in (1, 2, 4, 8, 16, 32, 64):
        raise Refused(f"has {bits[0]} bits a pixel; save it with 8 or 16")
    if picture.number(COMPRESSION, 1) == _OLD_JPEG:
        raise Refused("its compression is old-style JPEG, which every program reads differently; save it with another")
    if kind == _YCBCR:
        if bits[0] != 8:
            raise Refused(f"its colours are YCBCR of {bits[0]} bits; save it as RGB")
        with pillow.opened(picture.alone()) as opened:
            return pillow.pixels(opened)
    image, palette = _samples(picture)
    extra = picture.numbers(EXTRA_SAMPLES) if EXTRA_SAMPLES in picture else (_UNSPECIFIED,) * (image.shape[-1] - 1)
    colours = 3 if kind == _RGB else 1
    further = image.shape[-1] - colours
    if further not in (0, 1) or (kind == _PALETTE and further):
        raise Refused(f"is {name} with {image.shape[-1]} channels; save it as grey or RGB")
    if kind == _PALETTE:
        return pillow.grey_if_colourless(_look_up(image[..., 0].astype(np.intp), palette))
    if bits[0] < 8:
        image = image.astype(np.uint8) * np.uint8(255 // (2 ** bits[0] - 1))
    if kind == _WHITE_IS_ZERO:
        if image.dtype not in (np.uint8, np.uint16):
            raise Refused(f"is {image.dtype.name} with white at zero; save it with black at zero")
        image = np.concatenate([np.iinfo(image.dtype).max - image[..., :colours], image[..., colours:]], axis=-1)
    if further and extra[-1] not in (_ASSOCIATED, _UNASSOCIATED):
        if (image[..., colours:] != PEAKS.get(image.dtype.name, 1)).any():
            raise Refused(
                f"its channel {colours + 1} is not said to be alpha (ExtraSamples), and is not white everywhere; "
                "save it as grey or RGB, or with alpha"
            )
        image = image[..., :colours]
    return _unmultiplied(image) if further and extra[-1] == _ASSOCIATED else image


def _kind(picture: Directory, samples: int) -> int:
    """What the numbers mean: as the file says or, where it does not, as they can only be meant."""
    if PHOTOMETRIC in picture:
        return picture.number(PHOTOMETRIC)
    compression = picture.number(COMPRESSION, 1)
    if samples == 1 and compression not in _FAX:
        return _BLACK_IS_ZERO
    if samples == 3 and compression not in (_OLD_JPEG, _JPEG):
        return _RGB
    raise Refused("does not say what its numbers mean (PhotometricInterpretation); save it as grey or RGB")


def _samples(picture: Directory) -> tuple[Image, Image | None]:
    """What the file holds, `(H, W, C)`, and its palette."""
    if picture.number(TILE_WIDTH):
        check_size(picture.number(TILE_WIDTH), picture.number(TILE_LENGTH))
    with tifffile.TiffFile(picture.alone()) as tiff:
        page = tiff.pages[0].aspage()
        _check_strips(tiff, page)
        image = page.asarray()
        if picture.number(SAMPLES, 1) > 1 and picture.number(PLANAR, 1) == 2:
            image = np.moveaxis(image, 0, -1)
        return image[..., None] if image.ndim == 2 else image, page.colormap


def _check_strips(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> None:
    # tifffile fills strips that are not in the file with zeros.
    expected = 1 if page.is_contiguous else math.prod(page.chunked)
    strips = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    held = tiff.filehandle.size
    missing = [strip for strip in strips if strip[0] == 0 or strip[1] == 0 or sum(strip) > held]
    if len(strips) < expected or missing:
        raise Refused("damaged or truncated: some of its pixels are not in the file")


def _masked(image: Image, mask: Directory) -> Image:
    """The picture with a mask of the same size, 1 where it is to be seen, as its alpha."""
    values, _ = _samples(mask)
    if values.shape != (*image.shape[:2], 1) or mask.numbers(BITS, 1) != (1,):
        width, height = mask.size
        raise Refused(f"has a transparency mask of {width} x {height}, {mask.number(BITS, 1)} bits; flatten it first")
    if image.shape[-1] not in (1, 3):
        raise Refused("has both alpha and a transparency mask; flatten it first")
    white = PEAKS.get(image.dtype.name, 1)
    return np.concatenate([image, (values * white).astype(image.dtype)], axis=-1)


def _unmultiplied(image: Image) -> Image:
    """Colours divided by alpha, the last channel, by which they are multiplied; black where nothing is to be seen."""
    if image.dtype.name not in (*PEAKS, "float16", "float64"):
        return image  # refused later, with its type
    peak = PEAKS.get(image.dtype.name, 1.0)
    alpha = image[..., -1:].astype(np.float64) / peak
    colours = np.divide(image[..., :-1], alpha, where=alpha > 0, out=np.zeros(image[..., :-1].shape))
    if image.dtype.kind == "u":
        colours = np.rint(np.minimum(colours, peak))
    return np.concatenate([colours.astype(image.dtype), image[..., -1:]], axis=-1)


def _look_up(indices: Image, palette: Image | None) -> Image:
    """The colours of a TIFF palette, `(3, N)` with white at 65535; in 8 bits when none of them needs more."""
    if palette is None:
        raise Refused("damaged: a palette picture without a palette")
    for step in (257, 256):  # 8-bit colours, repeated (as the standard has it) or shifted (as some programs do)
        if not (palette % step).any():
            palette = (palette // step).astype(np.uint8)
            break
    return np.moveaxis(palette[:, indices], 0, -1)
