"""TIFF, which tifffile decodes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import tifffile

from srbench.image import pillow
from srbench.image.array import PEAKS, Image, ImageError
from srbench.image.header import ORIENTATION, check_size

_ASSOCIATED, _UNASSOCIATED = 1, 2
"""What a further sample of a TIFF may be: alpha by which the colours are multiplied, or are not."""


def decode(path: Path) -> tuple[Image, int]:
    """The picture with alpha, if it has any, as its last channel; and its orientation."""
    with tifffile.TiffFile(path) as tiff:
        page = _only_page(path, tiff)
        _check_strips(path, tiff, page)
        return _colours(path, page), _orientation(page)


def size(path: Path) -> tuple[int, int, int]:
    """Width, height and orientation, from the header alone."""
    with tifffile.TiffFile(path) as tiff:
        page = _only_page(path, tiff)
        return page.imagewidth, page.imagelength, _orientation(page)


def _only_page(path: Path, tiff: tifffile.TiffFile) -> tifffile.TiffPage:
    pages = [page.aspage() for page in tiff.pages]
    pictures = [page for page in pages if not page.is_reduced and not page.is_mask]
    # Some programs write one page header for a whole stack; only the series tells.
    frames = max(len(pictures), sum(series.size for series in tiff.series[:1]) // max(1, pages[0].size))
    if frames != 1:
        raise ImageError(f"{path}: holds {frames} frames; save each as a picture of its own")
    page = pictures[0]
    assert isinstance(page, tifffile.TiffPage)
    if page.imagedepth != 1:
        raise ImageError(f"{path}: is a volume of {page.imagedepth} slices; save each as a picture of its own")
    check_size(path, page.imagewidth, page.imagelength)
    return page


def _orientation(page: tifffile.TiffPage) -> int:
    tag = page.tags.get(ORIENTATION)
    return int(tag.value) if tag is not None else 1


def _check_strips(path: Path, tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> None:
    # tifffile fills strips that are not in the file with zeros.
    expected = 1 if page.is_contiguous else math.prod(page.chunked)
    strips = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    held = tiff.filehandle.size
    missing = [strip for strip in strips if strip[0] == 0 or strip[1] == 0 or sum(strip) > held]
    if len(strips) < expected or missing:
        raise ImageError(f"{path}: damaged or truncated: some of its pixels are not in the file")


def _colours(path: Path, page: tifffile.TiffPage) -> Image:
    kind, bits = getattr(page.photometric, "name", str(page.photometric)), page.bitspersample
    if kind == "YCBCR" and bits == 8:
        with pillow.opened_file(path) as opened:
            return pillow.pixels(path, opened)
    if kind not in ("MINISBLACK", "MINISWHITE", "RGB", "PALETTE"):
        raise ImageError(f"{path}: its colours are {kind}; save it as grey or RGB")
    if bits not in (1, 2, 4, 8, 16, 32, 64):
        raise ImageError(f"{path}: has {bits} bits a pixel; save it with 8 or 16")
    image = page.asarray()
    if page.samplesperpixel > 1 and page.planarconfig == 2:
        image = np.moveaxis(image, 0, -1)
    if image.ndim == 2:
        image = image[..., None]
    extra = tuple(int(sample) for sample in page.extrasamples)
    colours = image.shape[-1] - (extra in ((_ASSOCIATED,), (_UNASSOCIATED,)))
    if colours != (3 if kind == "RGB" else 1) or (kind == "PALETTE" and colours != image.shape[-1]):
        raise ImageError(f"{path}: is {kind} with {image.shape[-1]} channels; save it as grey or RGB")
    if kind == "PALETTE":
        return pillow.grey_if_colourless(_look_up(image[..., 0].astype(np.intp), page.colormap))
    if bits < 8:
        image = image.astype(np.uint8) * np.uint8(255 // (2**bits - 1))
    if kind == "MINISWHITE":
        if image.dtype not in (np.uint8, np.uint16):
            raise ImageError(f"{path}: is {image.dtype.name} with white at zero; save it with black at zero")
        image = np.concatenate([np.iinfo(image.dtype).max - image[..., :colours], image[..., colours:]], axis=-1)
    return _unmultiplied(image) if extra == (_ASSOCIATED,) else image


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
        raise ValueError("a palette picture without a palette")
    for step in (257, 256):  # 8-bit colours, repeated (as the standard has it) or shifted (as some programs do)
        if not (palette % step).any():
            palette = (palette // step).astype(np.uint8)
            break
    return np.moveaxis(palette[:, indices], 0, -1)
