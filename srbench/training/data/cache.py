"""The decoded pictures of a training set: in memory up to a limit, and beyond it in a memory-mapped file.

The file has no name, so that it is gone when the process ends, however that ends. What is written to it stays in the
system's page cache while there is room, where it is read as fast as memory; these pages belong to no process.
"""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib.array_utils import byte_bounds

from srbench.pictures import Image

_FIRST_SEGMENT = 1 << 20
"""Bytes of the file that are mapped first, a multiple of any page; then as many again whenever they are full."""
_ALIGNED = 64
"""Pictures begin at multiples of so many bytes, and so do numbers of any type in them."""


@dataclass(frozen=True)
class Kept:
    """A picture of the cache. image: to be read only. offset: where it begins in the file; None in memory."""

    image: Image
    offset: int | None


@dataclass(frozen=True)
class _Segment:
    """A part of the file that is mapped, and the address where it is."""

    map: mmap.mmap
    address: int

    @classmethod
    def of(cls, mapped: mmap.mmap) -> _Segment:
        return cls(mapped, byte_bounds(np.frombuffer(mapped, np.uint8))[0])


class PictureCache:
    """Pictures, of which those that do not fit into memory are in a file.

    limit_gb: how much of them is in memory, in 10^9 bytes. folder: where the file is made once it is needed, unless the
    environment variable `TMPDIR` names another place for such files. file: the path of the file of another cache, to
    which the same is written in the same order. Raises `OSError` where that cannot be opened.
    """

    def __init__(self, limit_gb: float = math.inf, folder: Path | None = None, file: Path | None = None) -> None:
        self._left = limit_gb * 1e9
        self._folder = tempfile.gettempdir() if "TMPDIR" in os.environ or folder is None else str(folder)
        self._file: IO[bytes] | None = None if file is None else file.open("r+b")
        self._segments: list[_Segment] = []
        self._begin = self._end = self._next = 0  # of the latest segment, and of the next picture

    def keep(self, image: Image, instead_of: Kept | None = None) -> Kept:
        """Keep a picture `(H, W, C)`. Raises `OSError`, which names the folder, where the disk is full.

        instead_of: one of the same size and type that nobody needs any more, whose place this one takes.
        """
        if instead_of is not None:
            if instead_of.offset is None:
                return Kept(image, None)
            self._write(image, instead_of.offset)
            return instead_of
        if image.nbytes <= self._left:
            self._left -= image.nbytes
            whole = image.base if isinstance(image.base, np.ndarray) else image
            return Kept(image.copy() if whole.nbytes > 2 * image.nbytes else image, None)  # a part keeps the whole
        if self._next + image.nbytes >= self._end:
            self._map_more(image.nbytes)
        offset = self._next
        self._next += math.ceil(image.nbytes / _ALIGNED) * _ALIGNED
        self._write(image, offset)
        mapped = np.frombuffer(self._segments[-1].map, image.dtype, image.size, offset - self._begin)
        return Kept(mapped.reshape(image.shape), offset)

    def rest(self) -> PictureCache:
        """Another cache with what is left of the limit."""
        return PictureCache(self._left / 1e9, Path(self._folder))

    @property
    def path(self) -> Path:
        """The path by which other processes of this user open the file, as long as this one runs."""
        return Path(f"/proc/{os.getpid()}/fd/{self._opened()}")

    @property
    def has_file(self) -> bool:
        """Whether pictures are in the file."""
        return bool(self._segments)

    def release(self) -> None:
        """Leave the pages that were read to the system: they count as this process's memory until then."""
        for segment in self._segments:
            segment.map.madvise(mmap.MADV_DONTNEED)

    def expect(self, part: Image) -> None:
        """Have the disk read what is soon to be looked at: whole rows of a picture, as `keep` gave it."""
        begin, end = byte_bounds(part)
        for segment in self._segments:
            if segment.address <= begin < segment.address + len(segment.map):
                page = (begin - segment.address) // mmap.PAGESIZE * mmap.PAGESIZE
                segment.map.madvise(mmap.MADV_WILLNEED, page, end - segment.address - page)

    def _opened(self) -> int:
        """The file's descriptor."""
        if self._file is None:
            Path(self._folder).mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(prefix="srbench-", dir=self._folder)  # noqa: SIM115 (goes with this)
        return self._file.fileno()

    def _map_more(self, size: int) -> None:
        """Make the file longer by a segment that has room for a picture of so many bytes."""
        length = max(_FIRST_SEGMENT, self._end)
        while length <= size:
            length *= 2
        self._begin = self._next = self._end
        self._end += length
        # No picture reaches the last byte. To set the file's length could cut off what another process has written.
        self._put(memoryview(b"\0"), self._end - 1)
        self._segments.append(_Segment.of(mmap.mmap(self._opened(), length, prot=mmap.PROT_READ, offset=self._begin)))

    def _write(self, image: Image, offset: int) -> None:
        # Not through the mapping, which would end the process where the disk is full.
        self._put(np.ascontiguousarray(image).reshape(-1).view(np.uint8).data, offset)

    def _put(self, data: memoryview, offset: int) -> None:
        file = self._opened()
        while data:
            try:
                written = os.pwrite(file, data, offset)
            except OSError as error:
                raise OSError(error.errno, error.strerror, self._folder) from error
            data, offset = data[written:], offset + written
