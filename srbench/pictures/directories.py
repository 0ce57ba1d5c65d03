"""The directories of a TIFF: all found, and the one of the picture set apart, before anything is decoded.

A file says itself where its next directory stands, how many values a tag has and where they are, and may lie. Here
nothing is followed twice, and no more is read than the file holds.
"""

from __future__ import annotations

import io
import json
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from srbench.pictures import orientation
from srbench.pictures.header import Refused, check_frames, check_size

SUBFILE, OLD_SUBFILE, WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 254, 255, 256, 257, 258, 259, 262
DESCRIPTION, STRIP_PLACES, SAMPLES, STRIP_ROWS, STRIP_BYTES, PLANAR, PALETTE = 270, 273, 277, 278, 279, 284, 320
TILE_WIDTH, TILE_LENGTH, TILE_PLACES, TILE_BYTES = 322, 323, 324, 325
SUBDIRECTORIES, EXTRA_SAMPLES, SAMPLE_FORMAT, XMP, STACK, DEPTH = 330, 338, 339, 700, 33629, 32997
_PIXELS = (
    *(WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, STRIP_PLACES, SAMPLES, STRIP_ROWS, STRIP_BYTES, PLANAR, PALETTE),
    *(TILE_WIDTH, TILE_LENGTH, TILE_PLACES, TILE_BYTES, EXTRA_SAMPLES, SAMPLE_FORMAT),
    *(266, 292, 293, 317, 347, 529, 530, 531, 532),
)
"""What a decoder needs: beside the above, fill order, fax options, predictor, JPEG, YCbCr.

Not the orientation, for some decoders would apply it.
"""
_REDUCED, _MASK = 1, 4
_MOST = 1000
_MOST_ENTRIES = 4096
_LONGEST_TEXT = 2**20
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WHOLE = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}


@dataclass(frozen=True)
class _Layout:
    """How a file writes numbers: its byte order, and how wide counts and places are."""

    order: str
    count: str
    place: str
    first: int

    @property
    def entry(self) -> np.dtype[np.void]:
        """A tag: its number, the kind and count of its values, and these or where they are."""
        places = [("tag", f"{self.order}u2"), ("kind", f"{self.order}u2")]
        width = struct.calcsize(self.place)
        return np.dtype([*places, ("count", f"{self.order}u{width}"), ("value", f"V{width}")])


def _layout(file: BinaryIO) -> _Layout:
    file.seek(0)
    head = file.read(4)
    order = "<" if head[:2] == b"II" else ">"
    return _Layout(order, "Q", "Q", 8) if b"+" in head else _Layout(order, "H", "I", 4)


class Directory:
    """One directory: what it says of its picture, read when it is asked for.

    Raises `Refused` where what is asked for is not in the file.
    """

    def __init__(self, file: BinaryIO, layout: _Layout, offset: int) -> None:
        self._file = file
        self._layout = layout
        self._offset = offset
        self.held = file.seek(0, io.SEEK_END)
        """How many bytes the whole file has."""
        if offset >= self.held:
            raise Refused("damaged or truncated: one of its directories is not in the file")
        file.seek(offset)
        (count,) = self._unpack(layout.count)
        if count > _MOST_ENTRIES:
            raise Refused(f"damaged: one of its directories promises {count} tags")
        content = file.read(count * layout.entry.itemsize)
        if len(content) < count * layout.entry.itemsize:
            raise Refused("damaged or truncated: it ends within one of its directories")
        self._entries = np.frombuffer(content, layout.entry)
        following = file.read(struct.calcsize(layout.place))
        # Some programs leave out the end of the last directory.
        self.following = int.from_bytes(following, "little" if layout.order == "<" else "big")

    def _unpack(self, kind: str) -> tuple[int, ...]:
        content = self._file.read(struct.calcsize(kind))
        if len(content) < struct.calcsize(kind):
            raise Refused("damaged or truncated: one of its directories is not in the file")
        return struct.unpack(self._layout.order + kind, content)

    def __contains__(self, tag: int) -> bool:
        return bool((self._entries["tag"] == tag).any())

    def content(self, tag: int, longest: int | None = None) -> bytes:
        """The bytes of a tag's values, the first `longest`; none without the tag, or of metadata outside the file."""
        found = np.flatnonzero(self._entries["tag"] == tag)
        if not len(found):
            return b""
        entry = self._entries[found[0]]
        length = int(entry["count"]) * _SIZES.get(int(entry["kind"]), 1)
        value: bytes = entry["value"].tobytes()
        if length <= len(value):
            return value[:length]
        start = int.from_bytes(value, "little" if self._layout.order == "<" else "big")
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
        kinds = self._entries["kind"][self._entries["tag"] == tag]
        kind = _WHOLE.get(int(kinds[0])) if len(kinds) else None
        if kind is None:
            return (default,)
        number = np.dtype(self._layout.order + kind)
        values = np.frombuffer(self.content(tag, None if most is None else most * number.itemsize), number)
        return tuple(values[:most].tolist()) or (default,)

    def number(self, tag: int, default: int = 0) -> int:
        """The first whole number of a tag."""
        return self.numbers(tag, default, 1)[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, in pixels, as it lies in the file."""
        return self.number(WIDTH), self.number(LENGTH)

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
        text = self.content(DESCRIPTION, _LONGEST_TEXT).rstrip(b"\0 ").decode("latin-1")
        if text.startswith("ImageJ=") and (match := re.search(r"^images=(\d{1,9})\s*$", text, re.MULTILINE)):
            return int(match[1])
        if text.startswith("{") and '"truncated"' in text:  # tifffile
            try:
                shape = [int(side) for side in json.loads(text)["shape"]]
            except (ValueError, KeyError, TypeError, RecursionError):
                return 1
            width, height = self.size
            return max(1, int(np.prod(shape, dtype=object)) // max(1, width * height * self.number(SAMPLES, 1)))
        return len(self.numbers(STACK, 0, _MOST)) if STACK in self else 1  # MetaMorph

    def alone(self) -> bytearray:
        """The file with this as its only directory, holding only the tags that make pixels, each once."""
        self._file.seek(0)
        content = bytearray(self._file.read())
        _, firsts = np.unique(self._entries["tag"], return_index=True)
        kept = self._entries[firsts]  # sorted by tag, as the standard has it
        kept = kept[np.isin(kept["tag"], _PIXELS)]
        for tag in kept["tag"].tolist():
            self.content(tag, 0)  # a decoder reserves what a tag promises: it must be in the file
        order, place = self._layout.order, self._layout.place
        directory = struct.pack(order + self._layout.count, len(kept)) + kept.tobytes() + struct.pack(order + place, 0)
        content[self._offset : self._offset + len(directory)] = directory
        struct.pack_into(order + place, content, self._layout.first, self._offset)
        return content


def find(file: BinaryIO) -> tuple[Directory, Directory | None]:
    """The picture that a TIFF holds, wherever its directory stands, and the mask that belongs to it.

    Reduced pictures are passed over. Raises `Refused` where that leaves none, or several, and where directories follow
    each other in a circle.
    """
    layout = _layout(file)
    visited: set[int] = set()
    file.seek(layout.first)
    start = file.read(struct.calcsize(layout.place))
    chain = _chain(file, layout, int.from_bytes(start, "little" if layout.order == "<" else "big"), visited)
    if not chain:
        raise Refused("damaged: it holds no directory, and so no picture")
    pictures = _full(chain)
    if not pictures:
        below = [place for directory in chain for place in directory.numbers(SUBDIRECTORIES, 0, _MOST)]
        # What one of them leads to may be named as well.
        chains = (_chain(file, layout, place, visited) for place in below if place not in visited)
        pictures = _full([directory for chain in chains for directory in chain])
    if not pictures and len(chain) == 1 and not chain[0].is_mask:
        pictures = chain
    if not pictures:
        raise Refused("holds only reduced pictures (previews) and masks; save the picture itself")
    picture = pictures[0]
    check_frames(max(len(pictures), picture.frames))
    if picture.number(DEPTH, 1) > 1:
        raise Refused(f"is a volume of {picture.number(DEPTH)} slices; save each as a picture of its own")
    check_size(*picture.size)
    masks = [directory for directory in chain if directory.is_mask and not directory.is_reduced]
    if len(masks) > 1:
        raise Refused(f"holds {len(masks)} transparency masks; flatten it first")
    return picture, masks[0] if masks else None


def _chain(file: BinaryIO, layout: _Layout, place: int, visited: set[int]) -> list[Directory]:
    """All directories from the one at a place on."""
    found = []
    while place:
        if place in visited:
            raise Refused("damaged: its directories follow each other in a circle")
        if len(visited) == _MOST:
            raise Refused(f"holds more than {_MOST:,} directories (frames); save each picture as a file of its own")
        visited.add(place)
        found.append(Directory(file, layout, place))
        place = found[-1].following
    return found


def _full(directories: list[Directory]) -> list[Directory]:
    return [directory for directory in directories if not directory.is_reduced and not directory.is_mask]
