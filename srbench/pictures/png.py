"""PNG: its chunks, of which the decoder is given those that make pixels.

Texts and profiles of any size neither refuse a picture nor are held in memory: of them only the orientation is read.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from srbench.pictures import orientation, pillow
from srbench.pictures.array import Image
from srbench.pictures.header import Refused, check_frames, check_size

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_LONGEST_TEXT = 2**20
"""How much of a text is looked at, expanded, for an orientation: one that stands further back is not a camera's."""
_EXIF_TEXTS = (b"Raw profile type exif", b"Raw profile type APP1")
_XMP_TEXT = b"XML:com.adobe.xmp"


_STEP = 2**16
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels by type of colour: grey, RGB, palette, the first two with alpha."""
_PALETTE = 3
_IN_ROWS = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""The passes of an interlaced picture: first column and row, and the steps to the next."""


class _Header(NamedTuple):
    width: int
    height: int
    bits: int
    colour: int
    interlaced: int


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    length: int


def decode(file: BinaryIO) -> tuple[Image, int]:
    """The picture with alpha, if it has any, as its last channel; and its orientation."""
    chunks = list(_chunks(file))
    header = _check(file, chunks)
    kept = []
    for chunk in chunks:
        file.seek(chunk.start - 8)
        content = memoryview(file.read(chunk.length + 12))
        if zlib.crc32(content[4:-4]) != int.from_bytes(content[-4:]):
            raise Refused(f"damaged: the checksum of a chunk {chunk.kind.decode()} is wrong")
        if chunk.kind in _PIXELS:
            kept.append(content)
    _check_pixels(header, [content[8:-4] for content in kept if bytes(content[4:8]) == b"IDAT"])
    is_keyed = any(bytes(content[4:8]) == b"tRNS" for content in kept)
    pixels = b"".join([_SIGNATURE, *kept])
    del kept
    if header.bits < 8 or (header.bits == 8 and (header.colour == _PALETTE or is_keyed)):
        with pillow.opened(io.BytesIO(pixels)) as picture:
            return pillow.pixels(picture), _orientation(file, chunks)
    # Pillow silently narrows 16-bit RGB to 8 bits, and takes twice as long for a small picture of 8.
    import imagecodecs

    image = np.asarray(imagecodecs.png_decode(pixels))
    return image[..., None] if image.ndim == 2 else image, _orientation(file, chunks)


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Width, height and orientation, from the chunks, with no pixel decoded."""
    chunks = list(_chunks(file))
    header = _check(file, chunks)
    return header.width, header.height, _orientation(file, chunks)


def _chunks(file: BinaryIO) -> Iterator[_Chunk]:
    """All chunks up to IEND."""
    held = file.seek(0, io.SEEK_END)
    start = len(_SIGNATURE)
    while start + 12 <= held:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        if not kind.isalpha() or start + 12 + length > held:
            break
        yield _Chunk(kind, start + 8, length)
        if kind == b"IEND":
            return
        start += 12 + length
    raise Refused("damaged or truncated: its chunks end before the picture does")


def _read(file: BinaryIO, chunk: _Chunk) -> bytes:
    file.seek(chunk.start)
    return file.read(chunk.length)


def _check(file: BinaryIO, chunks: list[_Chunk]) -> _Header:
    """The header of a file whose chunks promise one picture of a possible size."""
    if chunks[0].kind != b"IHDR" or chunks[0].length != 13:
        raise Refused("damaged: it does not begin with the header of a PNG")
    header = _Header(*struct.unpack(">IIBB2xB", _read(file, chunks[0])))
    check_size(header.width, header.height)
    unknown = {chunk.kind for chunk in chunks if chunk.kind[:1].isupper() and chunk.kind not in _PIXELS}
    if unknown:
        raise Refused(f"holds the chunk {unknown.pop().decode()}, which is no part of PNG; save it as a plain PNG")
    kinds = [chunk.kind for chunk in chunks]
    if b"IDAT" not in kinds:
        raise Refused("damaged or truncated: it holds no pixels")
    before = chunks[: kinds.index(b"IDAT")]
    for chunk in before:
        if chunk.kind == b"acTL" and chunk.length == 8:
            frames = int.from_bytes(_read(file, chunk)[:4])
            # The picture of a viewer without animation may be a further one.
            check_frames(frames + all(other.kind != b"fcTL" for other in before) if frames else 1)
    return header


def _check_pixels(header: _Header, contents: list[memoryview]) -> None:
    """Refuse a picture with too few pixels, the rest of which Pillow would make black, before it takes memory."""
    bits = header.bits * _CHANNELS.get(header.colour, 0)
    missing = sum(
        -(-(header.height - top) // down) * (1 + -(-bits * -(-(header.width - left) // right) // 8))
        for left, top, right, down in (_ADAM7 if header.interlaced else _IN_ROWS)
        if header.width > left and header.height > top
    )
    stream = zlib.decompressobj()
    for content in contents:
        for start in range(0, len(content), _STEP):
            packed: bytes | memoryview = content[start : start + _STEP]
            while packed and missing > 0:
                missing -= len(stream.decompress(packed, _STEP))
                packed = stream.unconsumed_tail
    if missing > 0 and len(stream.flush()) < missing:
        raise Refused("damaged or truncated: some of its pixels are not in the file")


def _orientation(file: BinaryIO, chunks: list[_Chunk]) -> int:
    """The orientation by EXIF, in its own chunk or in a text; else by XMP; before or behind the pixels."""
    exif = next((_read(file, chunk) for chunk in chunks if chunk.kind == b"eXIf"), None)
    xmp = None
    for chunk in chunks:
        if chunk.kind in (b"tEXt", b"zTXt", b"iTXt"):
            name, text = _text(chunk.kind, file, chunk)
            if name in _EXIF_TEXTS and exif is None:
                exif = _raw_profile(text)
            elif name == _XMP_TEXT and xmp is None:
                xmp = text
    return orientation.stated(exif, xmp)


def _text(kind: bytes, file: BinaryIO, chunk: _Chunk) -> tuple[bytes, bytes]:
    """The name of a text, and the text's beginning where the name is one of those that are looked for."""
    file.seek(chunk.start)
    name, _, rest = file.read(min(chunk.length, _LONGEST_TEXT)).partition(b"\0")
    if name not in (*_EXIF_TEXTS, _XMP_TEXT):
        return name, b""
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[-1]  # behind the flag and the method: language, translated name, text
    if not packed:
        return name, rest
    try:
        return name, zlib.decompressobj().decompress(rest[1:] if kind == b"zTXt" else rest, _LONGEST_TEXT)
    except zlib.error:
        return name, b""


def _raw_profile(text: bytes) -> bytes | None:
    """A profile as ImageMagick writes it into a text: an empty line, its name, its length, and it in hexadecimal."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return None
