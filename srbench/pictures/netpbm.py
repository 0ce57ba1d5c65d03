"""PBM, PGM, PPM and PAM, binary and in letters, of white 255 or 65535 (of a bitmap: 1). https://netpbm.sourceforge.net/doc

Pillow rescales every other white, and reads colours of 16 bits with 8.
"""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

import numpy as np

from srbench.pictures.array import Image
from srbench.pictures.header import Refused, check_frames, check_size

_MAGICS = tuple(b"P%d" % number for number in range(1, 8))
_LONGEST_HEADER = 2**16
_LONGEST_NUMBER = 9
_TRUNCATED = "damaged or truncated: some of its pixels are not in the file"
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_NUMBER = _GAP + rb"(\d{1,9})"
_BITMAP = re.compile(rb"P[14]" + 2 * _NUMBER + rb"\s")
_MAP = re.compile(rb"P[2356]" + 3 * _NUMBER + rb"\s")
_PAM = re.compile(rb"P7\s*\n(.*?\n)?\s*ENDHDR[ \t]*\n", re.DOTALL)
_COLOURS = {b"BLACKANDWHITE": 1, b"GRAYSCALE": 1, b"RGB": 3}


class _Header(NamedTuple):
    letters: bool
    packed: bool
    width: int
    height: int
    channels: int
    white: int
    end: int


def decode(file: BinaryIO) -> tuple[Image, int]:
    """The picture with alpha, if it has any, as its last channel; and its orientation, which is always 1."""
    header = _header(file)
    file.seek(header.end)
    content = file.read()
    shape = (header.height, header.width, header.channels)
    if header.letters:
        values = _numbers(content, int(np.prod(shape)), packed=header.packed)
    elif header.packed:
        stride = -(-header.width // 8)
        raster = np.frombuffer(_raster(content, stride * header.height), np.uint8).reshape(header.height, stride)
        values = np.unpackbits(raster, axis=1)[:, : header.width]
    else:
        kind = np.dtype(np.uint8 if header.white < 256 else ">u2")
        values = np.frombuffer(_raster(content, int(np.prod(shape)) * kind.itemsize), kind)
    if values.max() > header.white:
        raise Refused(f"damaged: holds values above its white, {header.white}")
    image: Image = values.reshape(shape).astype(np.uint16 if header.white > 255 else np.uint8)
    if header.packed:
        image = 1 - image  # a bitmap's 1 is black
    if header.white == 1:
        image *= 255
    return image, 1


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Width, height and orientation, from the header alone."""
    header = _header(file)
    return header.width, header.height, 1


def _header(file: BinaryIO) -> _Header:
    head = file.read(_LONGEST_HEADER)
    if head.startswith(b"P7"):
        header = _pam(head)
    else:
        kind = int(head[1:2])
        match = (_BITMAP if kind in (1, 4) else _MAP).match(head)
        if match is None:
            raise Refused("damaged: its header is not one of PBM, PGM or PPM")
        width, height, white = (*(int(number) for number in match.groups()), 1)[:3]
        header = _Header(kind < 4, kind in (1, 4), width, height, 3 if kind in (3, 6) else 1, white, match.end())
    check_size(header.width, header.height)
    if header.white not in (255, 65535) and not header.packed and (header.white, head[:2]) != (1, b"P7"):
        raise Refused(f"its white is {header.white}; save it with 255 or 65535, or as PNG or TIFF of 8 or 16 bits")
    return header


def _pam(head: bytes) -> _Header:
    match = _PAM.match(head)
    if match is None:
        raise Refused("damaged: its header is not one of PAM")
    lines = [line.split(None, 1) for line in (match[1] or b"").splitlines() if not line.lstrip().startswith(b"#")]
    fields = {line[0]: line[1].strip() for line in lines if len(line) == 2}
    try:
        width, height, depth, white = (int(fields[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    except (KeyError, ValueError):
        raise Refused("damaged: its header lacks one of WIDTH, HEIGHT, DEPTH and MAXVAL") from None
    kind = fields.get(b"TUPLTYPE", {1: b"GRAYSCALE", 3: b"RGB"}.get(depth, b""))
    expected = _COLOURS.get(kind.removesuffix(b"_ALPHA"), 0) + kind.endswith(b"_ALPHA")
    if depth != expected:
        raise Refused(f"its tuples are {kind.decode(errors='replace')!r} of {depth}; save it as grey or RGB")
    return _Header(False, False, width, height, depth, white, match.end())


def _raster(content: bytes, length: int) -> bytes:
    """The bytes of the raster, behind which no second picture may follow."""
    if len(content) < length:
        raise Refused(_TRUNCATED)
    _check_rest(content[length:])
    return content[:length]


def _numbers(content: bytes, count: int, *, packed: bool) -> Image:
    """The numbers of a raster in letters, comments left out; the digits of a bitmap need no spaces between them."""
    content = re.sub(rb"#[^\r\n]*", b"", content)
    letters = np.frombuffer(content, np.uint8)
    digits = letters - np.uint8(ord("0"))  # what is no digit is above 9
    is_digit = digits < 10
    before = np.concatenate([[False], is_digit[:-1]])
    starts = np.flatnonzero(is_digit if packed else is_digit & ~before)[:count]
    if len(starts) < count:
        raise Refused(_TRUNCATED)
    ends = starts + 1 if packed else np.flatnonzero(before & ~is_digit)[:count]
    if len(ends) < count:
        ends = np.append(ends, len(letters))  # the last number ends with the file
    lengths = ends - starts
    longest = int(np.max(lengths))
    if content[: ends[-1] + 1].translate(None, b"0123456789 \t\n\v\f\r") or longest > _LONGEST_NUMBER:
        raise Refused("damaged: its pixels are not all numbers")
    values = np.zeros(count, np.int64)
    for place in range(longest):
        longer = lengths > place
        values[longer] = values[longer] * 10 + digits[starts[longer] + place]
    _check_rest(content[ends[-1] :])
    return values


def _check_rest(rest: bytes) -> None:
    if rest.lstrip().startswith(_MAGICS):
        check_frames(2)
