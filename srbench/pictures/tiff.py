"""TIFF, which libtiff decodes: through imagecodecs, and through Pillow where the colours are YCbCr."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np

from srbench.pictures import jpeg, pillow
from srbench.pictures.array import Image
from srbench.pictures.chain import find
from srbench.pictures.directories import (
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    PALETTE,
    PHOTOMETRIC,
    PLANAR,
    SAMPLE_FORMAT,
    SAMPLES,
    TILE_WIDTH,
    TRUNCATED,
    Directory,
)
from srbench.pictures.header import Refused
from srbench.pictures.values import DEPTHS, Values

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_KINDS = {
    _WHITE_IS_ZERO: "MINISWHITE",
    _BLACK_IS_ZERO: "MINISBLACK",
    _RGB: "RGB",
    _PALETTE: "PALETTE",
    _YCBCR: "YCBCR",
} | {4: "MASK", 5: "CMYK", 8: "CIELAB", 9: "ICCLAB", 10: "ITULAB", 32803: "CFA", 32844: "LOGL", 32845: "LOGLUV"}
_OLD_JPEG, _JPEG = 6, 7
_FAX = (2, 3, 4)
_COMPRESSIONS = (1, *_FAX, 5, _JPEG, 8, 32773, 32946, 34925, 50000)
"""None, fax, LZW, JPEG, deflate, PackBits, deflate's old number, LZMA and Zstandard.

Others hold a picture with a header of its own, which may promise any size.
"""
_NAMES = {33003: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000", 34887: "LERC", 50001: "WebP", 50002: "JPEG XL"}
_UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = 0, 1, 2
"""What a further sample of a TIFF may be: unsaid, alpha by which the colours are multiplied, or are not."""
_MOST_SAMPLES = 4
_UNSIGNED = 1
_FORMS = {2: "int", 3: "float"}
"""What the bits of a sample are, where they are no unsigned number."""


def decode(file: BinaryIO) -> tuple[Image, int]:
    """The picture with alpha, if it has any, as its last channel; and its orientation."""
    return decode_page(*find(file))


def decode_page(picture: Directory, mask: Directory | None) -> tuple[Image, int]:
    """The same of a picture and its mask."""
    image = _colours(picture)
    if mask is not None:
        image = _masked(image, mask)
    return image, picture.orientation


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Width, height and orientation, from the directories alone."""
    picture, _ = find(file)
    return *picture.size, picture.orientation


def _colours(picture: Directory) -> Image:
    bits, samples = picture.numbers(BITS, 1, _MOST_SAMPLES), picture.number(SAMPLES, 1)
    kind = _kind(picture)
    name = _KINDS.get(kind, str(kind))
    if kind not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR):
        raise Refused(f"its colours are {name}; save it as grey or RGB")
    if len(set(bits[:samples])) > 1:
        raise Refused(f"its channels have {', '.join(map(str, bits))} bits; save it with 8 or 16")
    if bits[0] not in (1, 2, 4, 8, 16, 32, 64):
        raise Refused(f"has {bits[0]} bits a pixel; save it with 8 or 16")
    colours = 3 if kind in (_RGB, _YCBCR) else 1
    further = samples - colours
    if further not in (0, 1) or (kind in (_PALETTE, _YCBCR) and further):
        raise Refused(f"is {name} with {samples} channels; save it as grey or RGB")
    _check_compression(picture)
    if kind == _YCBCR:
        if bits[0] != 8:
            raise Refused(f"its colours are YCBCR of {bits[0]} bits; save it as RGB")
        with pillow.opened(io.BytesIO(_alone(picture))) as opened:
            return pillow.pixels(opened)
    image = _samples(picture)
    if kind == _PALETTE:
        return pillow.grey_if_colourless(np.moveaxis(_palette(picture)[:, image[..., 0].astype(np.intp)], 0, -1))
    if bits[0] < 8:
        image = image.astype(np.uint8) * np.uint8(255 // (2 ** bits[0] - 1))
    if kind == _WHITE_IS_ZERO:
        if image.dtype not in (np.uint8, np.uint16):
            raise Refused(f"is {image.dtype.name} with white at zero; save it with black at zero")
        image = np.concatenate([np.iinfo(image.dtype).max - image[..., :colours], image[..., colours:]], axis=-1)
    extra = picture.number(EXTRA_SAMPLES, _UNSPECIFIED)
    if further and extra not in (_ASSOCIATED, _UNASSOCIATED):
        if (image[..., colours:] != _values(image).high).any():
            raise Refused(
                f"its channel {colours + 1} is not said to be alpha (ExtraSamples), and is not white everywhere; "
                "save it as grey or RGB, or with alpha"
            )
        image = image[..., :colours]
    return _unmultiplied(image) if further and extra == _ASSOCIATED else image


def depth(picture: Directory) -> str:
    """The type of the pixels that `decode_page` gives, where they can be decoded."""
    if _kind(picture) == _PALETTE:
        return str(_palette(picture).dtype)
    bits, form = picture.number(BITS, 1), picture.number(SAMPLE_FORMAT, _UNSIGNED)
    return "uint8" if bits < 8 else f"{_FORMS.get(form, 'uint')}{bits}"


def white_is_zero(picture: Directory) -> bool:
    """Whether the file holds it inverted."""
    return _kind(picture) == _WHITE_IS_ZERO


def _kind(picture: Directory) -> int:
    """What the numbers mean: as the file says or, where it does not, as they can only be meant."""
    if PHOTOMETRIC in picture:
        return picture.number(PHOTOMETRIC)
    compression, samples = picture.number(COMPRESSION, 1), picture.number(SAMPLES, 1)
    if samples == 1 and compression not in _FAX:
        return _BLACK_IS_ZERO
    if samples == 3 and compression not in (_OLD_JPEG, _JPEG):
        return _RGB
    raise Refused("does not say what its numbers mean (PhotometricInterpretation); save it as grey or RGB")


def _check_compression(picture: Directory) -> None:
    compression = picture.number(COMPRESSION, 1)
    if compression == _OLD_JPEG:
        raise Refused("its compression is old-style JPEG, which every program reads differently; save it with another")
    if compression not in _COMPRESSIONS:
        raise Refused(f"its compression is {_NAMES.get(compression, compression)}; save it with deflate or LZW")


def _alone(picture: Directory) -> bytes:
    """A file of the picture alone. Raises `Refused` for a JPEG smaller than it should be, which decoders pad."""
    parts, height = picture.parts(), picture.size[1]
    if picture.number(COMPRESSION, 1) == _JPEG and picture.number(PLANAR, 1) == 1:  # planes of colour may be smaller
        across, down = picture.part_size
        for number, (place, length) in enumerate(parts):
            rows = down if TILE_WIDTH in picture else min(down, height - number * down)
            held = jpeg.frame_size(picture.bytes_at(place, length))
            if held[0] < across or held[1] < rows:
                raise Refused(TRUNCATED)
    return picture.alone(parts)


def _samples(picture: Directory) -> Image:
    """What the file holds, `(H, W, C)`."""
    import imagecodecs

    image = np.asarray(imagecodecs.tiff_decode(_alone(picture)))
    if picture.number(SAMPLES, 1) > 1 and picture.number(PLANAR, 1) == 2:
        image = np.moveaxis(image, 0, -1)
    return image[..., None] if image.ndim == 2 else image


def _masked(image: Image, mask: Directory) -> Image:
    """The picture with a mask of the same size, 1 where it is to be seen, as its alpha."""
    _check_compression(mask)
    seen = _samples(mask)
    if seen.shape != (*image.shape[:2], 1) or mask.number(BITS, 1) != 1:
        width, height = mask.size
        raise Refused(f"has a transparency mask of {width} x {height}, {mask.number(BITS, 1)} bits; flatten it first")
    if image.shape[-1] not in (1, 3):
        raise Refused("has both alpha and a transparency mask; flatten it first")
    return np.concatenate([image, _values(image).from_unit(seen).astype(image.dtype)], axis=-1)


def _unmultiplied(image: Image) -> Image:
    """Colours divided by alpha, the last channel, by which they are multiplied; black where nothing is to be seen."""
    if image.dtype.name not in (*DEPTHS, "float16", "float64"):
        return image  # refused later, with its type
    alpha = _values(image).to_unit(image[..., -1:])
    colours = np.divide(image[..., :-1], alpha, where=alpha > 0, out=np.zeros(image[..., :-1].shape))
    if image.dtype.kind == "u":
        colours = np.rint(np.minimum(colours, _values(image).high))
    return np.concatenate([colours.astype(image.dtype), image[..., -1:]], axis=-1)


def _values(image: Image) -> Values:
    """The values of its type; of every float, those of float32, which it becomes later."""
    return DEPTHS.get(image.dtype.name, DEPTHS["float32"])


def _palette(picture: Directory) -> Image:
    """The colours of a palette `(3, N)`, with white at 65535; in 8 bits when none of them needs more."""
    if PALETTE not in picture:
        raise Refused("damaged: a palette picture without a palette")
    palette = np.array(picture.numbers(PALETTE), np.uint16).reshape(3, -1)
    for step in (257, 256):  # 8-bit colours, repeated (as the standard has it) or shifted (as some programs do)
        if not (palette % step).any():
            return (palette // step).astype(np.uint8)
    return palette
