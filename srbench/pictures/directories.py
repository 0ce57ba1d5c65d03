"""A directory of a TIFF: what it says of its picture, and a file of that picture alone for whoever decodes it.

A file says itself how many values a tag has and where they are, and may lie: no more is read than the file holds.
"""

from __future__ import annotations

import io
import json
import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Literal

from srbench.pictures import orientation
from srbench.pictures.header import Refused, check_size

SUBFILE, OLD_SUBFILE, WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 254, 255, 256, 257, 258, 259, 262
DESCRIPTION, STRIP_PLACES, SAMPLES, STRIP_ROWS, STRIP_BYTES, PLANAR, PALETTE = 270, 273, 277, 278, 279, 284, 320
ACROSS, DOWN, RESOLUTION_UNIT = 282, 283, 296
TILE_WIDTH, TILE_LENGTH, TILE_PLACES, TILE_BYTES = 322, 323, 324, 325
SUBDIRECTORIES, EXTRA_SAMPLES, SAMPLE_FORMAT, XMP, STACK, DEPTH = 330, 338, 339, 700, 33629, 32997
_PIXELS = {
    *(WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, STRIP_PLACES, SAMPLES, STRIP_ROWS, STRIP_BYTES, PLANAR, PALETTE),
    *(TILE_WIDTH, TILE_LENGTH, TILE_PLACES, TILE_BYTES, EXTRA_SAMPLES, SAMPLE_FORMAT),
    *(266, 292, 293, 317, 347, 529, 530, 531, 532),
}
"""What a decoder needs: beside the above, fill order, fax options, predictor, JPEG, YCbCr.

Not the orientation, for some decoders would apply it.
"""
TRUNCATED = "damaged or truncated: some of its pixels are not in the file"
_REDUCED, _MASK = 1, 4
_MOST_ENTRIES = 4096
_LONGEST_TEXT = 2**24
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_KINDS = {"I": 4, "Q": 16}
"""Of whole numbers, by how wide places are."""
_RATIONAL = 5
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True)
class _Layout:
    """How a file writes numbers: its byte order, and how wide counts and places are."""

    order: str
    count: str
    place: str
    first: int

    @property
    def byteorder(self) -> Literal["little", "big"]:
        """The byte order, in the words of `int.from_bytes`."""
        return "little" if self.order == "<" else "big"

    @property
    def entry(self) -> str:
        """A tag: its number, the kind and count of its values, and these or where they are."""
        return f"{self.order}HH{self.place}{struct.calcsize(self.place)}s"


def layout_of(file: BinaryIO) -> _Layout:
    """How a TIFF writes numbers, by its first bytes."""
    file.seek(0)
    head = file.read(4)
    order = "<" if head[:2] == b"II" else ">"
    return _Layout(order, "Q", "Q", 8) if b"+" in head else _Layout(order, "H", "I", 4)


class Directory:
    """One directory: what it says of its picture, read when it is asked for.

    offset: where it stands. index: which of the file's it is, from 0. moved: how many bytes behind the place that it
    names its pixels are, for some programs write one directory for a whole stack. Raises `Refused` where what is asked
    for is not in the file.
    """

    def __init__(self, file: BinaryIO, offset: int, index: int = 0, moved: int = 0) -> None:
        self._file = file
        self._layout = layout = layout_of(file)
        self.offset, self.index, self.moved = offset, index, moved
        self.held = file.seek(0, io.SEEK_END)
        """How many bytes the whole file has."""
        if offset >= self.held:
            raise Refused("damaged or truncated: one of its directories is not in the file")
        file.seek(offset)
        (count,) = self._unpack(layout.count)
        if count > _MOST_ENTRIES:
            raise Refused(f"damaged: one of its directories promises {count} tags")
        content = file.read(count * struct.calcsize(layout.entry))
        if len(content) < count * struct.calcsize(layout.entry):
            raise Refused("damaged or truncated: it ends within one of its directories")
        self._tags: dict[int, tuple[int, int, bytes]] = {}
        for tag, kind, values, value in struct.iter_unpack(layout.entry, content):
            self._tags.setdefault(tag, (kind, values, value))
        following = file.read(struct.calcsize(layout.place))
        # Some programs leave out the end of the last directory.
        self.following = int.from_bytes(following, layout.byteorder)

    def _unpack(self, kind: str) -> tuple[int, ...]:
        content = self._file.read(struct.calcsize(kind))
        if len(content) < struct.calcsize(kind):
            raise Refused("damaged or truncated: one of its directories is not in the file")
        return struct.unpack(self._layout.order + kind, content)

    def __contains__(self, tag: int) -> bool:
        return tag in self._tags

    def content(self, tag: int, longest: int | None = None) -> bytes:
        """The bytes of a tag's values, the first `longest`; none without the tag, or of metadata outside the file."""
        if tag not in self._tags:
            return b""
        kind, count, value = self._tags[tag]
        length = count * _SIZES.get(kind, 1)
        if length <= len(value):
            return value[:length]
        start = int.from_bytes(value, self._layout.byteorder)
        if start + length > self.held:
            if tag not in _PIXELS:
                return b""
            raise Refused(f"damaged or truncated: the values of its tag {tag} are not in the file")
        return self.bytes_at(start, length if longest is None else min(length, longest))

    def bytes_at(self, place: int, length: int) -> bytes:
        """The bytes of the file from a place on."""
        self._file.seek(place)
        return self._file.read(length)

    def numbers(self, tag: int, default: int = 0, most: int | None = None) -> tuple[int, ...]:
        """The whole numbers of a tag, the first `most`; the default without any."""
        kind = _WHOLE.get(self._kind(tag))
        if kind is None:
            return (default,)
        width = struct.calcsize(kind)
        content = self.content(tag, None if most is None else most * width)
        count = len(content) // width if most is None else min(most, len(content) // width)
        return struct.unpack_from(f"{self._layout.order}{count}{kind}", content) or (default,)

    def number(self, tag: int, default: int = 0) -> int:
        """The first whole number of a tag."""
        return self.numbers(tag, default, 1)[0]

    def rational(self, tag: int) -> Fraction | None:
        """The first fraction of a tag; None where it has none above 0."""
        if self._kind(tag) != _RATIONAL:
            return None
        numbers = struct.unpack_from(f"{self._layout.order}2I", self.content(tag, 8).ljust(8, b"\0"))
        return Fraction(*numbers) if all(numbers) else None

    def _kind(self, tag: int) -> int:
        return self._tags[tag][0] if tag in self._tags else 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, in pixels, as it lies in the file."""
        return self.number(WIDTH), self.number(LENGTH)

    @property
    def description(self) -> str:
        """The text that programs write about the picture, or the whole file."""
        return self.content(DESCRIPTION, _LONGEST_TEXT).rstrip(b"\0 ").decode("utf-8", "replace")

    @property
    def orientation(self) -> int:
        """The orientation by its tag, else by XMP."""
        if orientation.TAG in self:
            return self.number(orientation.TAG, 1)
        return orientation.stated(None, self.content(XMP, _LONGEST_TEXT))

    @property
    def is_reduced(self) -> bool:
        """Whether this is another picture in a lower resolution: a preview, a level of a pyramid."""
        return bool(self.number(SUBFILE) & _REDUCED) or (not self.number(SUBFILE) and self.number(OLD_SUBFILE) == 2)

    @property
    def is_mask(self) -> bool:
        """Whether this says where another picture is transparent."""
        return bool(self.number(SUBFILE) & _MASK) or self.number(PHOTOMETRIC) == _MASK

    @property
    def frames(self) -> int:
        """How many pictures lie behind this one directory: some programs write one for a whole stack."""
        text = self.description
        if text.startswith("ImageJ=") and (match := re.search(r"^images=(\d{1,9})\s*$", text, re.MULTILINE)):
            return int(match[1])
        if text.startswith("{") and '"truncated"' in text:  # tifffile
            try:
                shape = [int(side) for side in json.loads(text)["shape"]]
            except (ValueError, KeyError, TypeError, RecursionError):
                return 1
            width, height = self.size
            return max(1, math.prod(shape) // max(1, width * height * self.number(SAMPLES, 1)))
        return self._tags[STACK][1] if STACK in self else 1  # MetaMorph

    @property
    def part_size(self) -> tuple[int, int]:
        """Width and height of a tile, or a strip but for the last."""
        if TILE_WIDTH not in self:
            width, height = self.size
            return width, self.number(STRIP_ROWS) or height
        across, down = self.number(TILE_WIDTH), self.number(TILE_LENGTH)
        check_size(across, down)
        return across, down

    def parts(self) -> list[tuple[int, int]]:
        """Place and length of each strip or tile. Raises `Refused` where some are not in the file.

        Some decoders would fill their places with zeros.
        """
        check_size(*self.size)
        (width, height), (across, down) = self.size, self.part_size
        tags = (TILE_PLACES, TILE_BYTES) if TILE_WIDTH in self else (STRIP_PLACES, STRIP_BYTES)
        places, lengths = map(self.numbers, tags)
        planes = self.number(SAMPLES, 1) if self.number(PLANAR, 1) == 2 else 1
        expected = -(-width // across) * -(-height // down) * planes
        parts = [(place and place + self.moved, length) for place, length in zip(places, lengths, strict=False)]
        parts = parts[:expected]
        if len(parts) < expected or any(
            not place or not length or place + length > self.held for place, length in parts
        ):
            raise Refused(TRUNCATED)
        return parts

    def planes(self) -> Iterator[Directory]:
        """The pictures that lie behind this one directory, each as a directory of its own."""
        count, parts = self.frames, self.parts()
        places, length = [place for place, _ in parts], sum(length for _, length in parts)
        ends = [place + length for place, length in parts]
        if self.number(COMPRESSION, 1) != 1 or places[1:] != ends[:-1]:
            raise Refused(f"holds {count} frames behind one directory, compressed or apart; save each with its own")
        if places[0] + count * length > self.held:
            raise Refused(f"damaged or truncated: it promises {count} frames, and not all are in the file")
        for number in range(count):
            yield Directory(self._file, self.offset, number, number * length)

    def alone(self, parts: Sequence[tuple[int, int]]) -> bytes:
        """A file of this picture alone: the tags that make pixels, each once, and its strips or tiles `parts`."""
        order, wide = self._layout.order, self._layout.place
        width = struct.calcsize(wide)
        first = min(place for place, _ in parts)
        content = bytearray(self.bytes_at(0, self._layout.first + width).ljust(16, b"\0"))
        places = [place - first + len(content) for place, _ in parts]
        lengths = [length for _, length in parts]
        anew = {STRIP_PLACES: places, TILE_PLACES: places, STRIP_BYTES: lengths, TILE_BYTES: lengths}
        content += self.bytes_at(first, max(place + length for place, length in parts) - first)
        directory, held = b"", 0
        for tag in sorted(self._tags.keys() & _PIXELS):  # as the standard has it
            kind, count, _ = self._tags[tag]
            if tag in anew:
                value, kind, count = struct.pack(f"{order}{len(parts)}{wide}", *anew[tag]), _KINDS[wide], len(parts)
            else:
                value = self.content(tag)
            held += len(value)
            if held > self.held:  # values may stand in one place, and a decoder reads them all
                raise Refused("damaged: its tags promise more than the file holds")
            if len(value) > width:
                content += bytes(len(content) % 2)
                value, outside = struct.pack(order + wide, len(content)), value
                content += outside
            directory += struct.pack(f"{order}HH{wide}", tag, kind, count) + value.ljust(width, b"\0")
        content += bytes(len(content) % 2)
        struct.pack_into(order + wide, content, self._layout.first, len(content))
        tags = struct.pack(order + self._layout.count, len(directory) // struct.calcsize(self._layout.entry))
        return bytes(content + tags + directory + bytes(width))
