"""A NIfTI volume: what its header says, its voxels slice by slice, and a volume of SR that lies where it lies."""

from __future__ import annotations

import gzip
import io
import logging
import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from nibabel.affines import voxel_sizes
from nibabel.nifti1 import Nifti1Header, Nifti1Image
from nibabel.nifti2 import Nifti2Header, Nifti2Image
from nibabel.orientations import apply_orientation, axcodes2ornt, io_orientation, ornt_transform

from srbench import Image, ImageError
from srbench.pictures import MAX_PIXELS, Scale, enlarged

MAX_BYTES = 4 * 1024**3
"""A header that promises more is refused: the voxels of a volume are held in memory as a whole."""

MAX_SLICES = 1_000_000
"""A header that promises more slices is refused: each is a frame in memory."""

_DIRECTIONS = {"axial": "LPS", "coronal": "LAI", "sagittal": "RPI"}
"""Where the volume's axes point so that its slices are seen as radiologists see them, and counted as in RAS+."""
_ACROSS = {"sagittal": 0, "coronal": 1, "axial": 2}
"""Which of these axes goes from slice to slice."""
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
_WIDER = {"int8": np.int16, "int64": np.int32, "uint64": np.uint32}
"""What whole numbers become that no type of pictures is made for."""
_UNITS = {0: "mm", 1: "m", 2: "mm", 3: "um"}
"""Of the affine: millimetres, as every program takes it, where the header names none."""
_DEFLATE = 1032
"""No gzip file holds more than so many times its own size."""
_CHUNK = 1 << 24
_QUIET = logging.Logger("srbench_nifti", logging.CRITICAL)  # of no tree: nibabel tells what it mends


class Volume:
    """The volume of a file, cut along `axis`. Its voxels are read when first needed, as a whole, and kept.

    Raises `ImageError`, here and in every method, for a file that cannot be used.
    """

    def __init__(self, path: Path, axis: str) -> None:
        self.path, self.axis = path, axis
        with self._told(), self._opened() as file:
            self.header = _header(file)
        with self._told():
            shape = self.header.get_data_shape()
            self.shape: tuple[int, ...] = (*map(int, shape), 1, 1, 1)[: max(3, len(shape))]
            self.dtype: np.dtype[Any] = self.header.get_data_dtype()
            affine = self.header.get_best_affine()
            self._check(affine)
            self.orientation = io_orientation(affine)
            self._seen = axcodes2ornt(tuple(_DIRECTIONS[axis]))
            if np.isnan(self.orientation).any():
                raise ImageError("its affine does not say where the axes of the volume point")
            # The stored axes along which slices run down and across: the other two of left, front and top.
            stored = np.argsort(self.orientation[:, 0])
            across, down = (int(stored[number]) for number in range(3) if number != _ACROSS[axis])
            self.plane = down, across
            self._further = self.shape[3:]
            self.slices, *size = self._cut(np.broadcast_to(np.int8(0), self.shape)).shape[:3]
            self.size: tuple[int, int] = (size[0], size[1])
            if min(size) < 2:
                raise ImageError(f"its {axis} slices are {size[0]} x {size[1]} pixels, which is no picture")
            if size[0] * size[1] > MAX_PIXELS:
                raise ImageError(f"its {axis} slices are {size[0]} x {size[1]} pixels, more than {MAX_PIXELS:,}")
            self._count = math.prod((self.slices, *self._further))
            if self._count > MAX_SLICES:
                raise ImageError(f"its header promises {self._count:,} slices, more than {MAX_SLICES:,}; split it")
            sizes = voxel_sizes(affine)
            self.spacing = float(sizes[down]), float(sizes[across])
            code = int(self.header["xyzt_units"]) % 8
            if code not in _UNITS:
                raise ImageError(f"its unit of length has the number {code}, which NIfTI does not know")
            self.unit = _UNITS[code]

    @property
    def datatype(self) -> str:
        """The type of the stored voxels, as NIfTI calls it."""
        return str(self.header.get_value_label("datatype"))

    @property
    def keys(self) -> list[str]:
        """The slices' keys, in order: the slice, and the further dimensions behind it. Empty if it is the only one."""
        counts = (self.slices, *self._further)
        if self._count == 1:
            return [""]
        widths = [len(str(count - 1)) for count in counts]
        return [
            ".".join(f"{number:0{width}}" for number, width in zip(place, widths, strict=True))
            for place in np.ndindex(counts)
        ]

    def slice(self, key: str) -> Image:
        """The pixels `(H, W, C)` of a slice, in native byte order."""
        place = tuple(map(int, key.split("."))) if key else (0,) * (1 + len(self._further))
        with self._told():
            stored = self._cut(self._voxels)[place[0]][(..., *place[1:])]
            if self.dtype == _RGB:
                return np.ascontiguousarray(stored).view(np.uint8).reshape(*self.size, 3)
            return self._scaled(stored)[..., None]

    def enlarged(self, images: Sequence[Image], scale: Scale, made_by: str, compressed: bool) -> bytes:
        """The file of a volume with SR of all slices, in the order of `keys`."""
        stack = np.stack(images)
        height, width = (enlarged(side, scale) for side in self.size)
        if self.dtype == _RGB:
            stack = np.ascontiguousarray(stack.astype(np.uint8)).view(_RGB)
        elif self._slope() is None:
            stack = _kept(stack, self.dtype.newbyteorder("="))
        stack = stack[..., 0].reshape(self.slices, *self._further, height, width)
        stack = np.moveaxis(stack, (-2, -1), (1, 2))
        volume = np.moveaxis(stack.swapaxes(1, 2), 0, _ACROSS[self.axis])
        volume = apply_orientation(volume, ornt_transform(self._seen, self.orientation))
        grid = np.eye(4)
        flips = {int(stored): flip < 0 for stored, flip in ornt_transform(self._seen, self.orientation)}
        for axis, old, new in zip(self.plane, self.size, (height, width), strict=True):
            # The corner that is seen at the top left stays: the middle of its first voxel moves towards it. What is
            # left over at a fraction lies at the other end, which is the first voxel's where the axis runs backwards.
            rest = old - new / scale if flips[axis] else 0
            grid[axis, axis], grid[axis, 3] = float(1 / scale), float((1 / scale - 1) / 2 + rest)
        file = self._image(volume.reshape(volume.shape[: max(2, len(self.header.get_data_shape()))]), grid)
        file.header["descrip"] = f"SR x{scale} by {made_by}".encode("ascii", "replace")[:79]
        data: bytes = file.to_bytes()
        return gzip.compress(data, 6, mtime=0) if compressed else data

    def _image(self, volume: npt.NDArray[Any], grid: npt.NDArray[np.float64]) -> Any:
        old, kind = self.header, Nifti2Image if isinstance(self.header, Nifti2Header) else Nifti1Image
        new = kind.header_class()
        new.set_data_dtype(volume.dtype)
        new.set_data_shape(volume.shape)
        zooms = list(old.get_zooms())
        for axis in range(min(3, len(zooms))):
            zooms[axis] *= grid[axis, axis]
        new.set_zooms(zooms)
        for name in ("xyzt_units", "intent_code", "intent_p1", "intent_p2", "intent_p3"):
            new[name] = old[name]
        # Where neither code is set, the volume lies around its middle by the sizes of voxels alone.
        if code := int(old["qform_code"]):
            new.set_qform(old.get_qform() @ grid, code)
        if code := int(old["sform_code"]):
            new.set_sform(old.get_sform() @ grid, code)
        return kind(volume, None, new)

    def _check(self, affine: npt.NDArray[np.float64]) -> None:
        if min(self.shape) < 1:
            raise ImageError(f"its header says {' x '.join(map(str, self.shape))} voxels")
        if 3000 <= int(self.header["intent_code"]) < 3100:
            raise ImageError("is CIFTI: points of a brain's surface, no pictures")
        if self.dtype.fields and self.dtype != _RGB:
            raise ImageError(f"its voxels are {self.datatype}; save it as grey or RGB")
        if self.dtype.kind == "c":
            raise ImageError(f"its voxels are complex ({self.datatype}); save their magnitude")
        end = self.header.get_data_offset() + self._bytes
        if end > MAX_BYTES:
            raise ImageError(f"its header promises {end:,} bytes, more than {MAX_BYTES:,}; split it")
        if end > self.path.stat().st_size * (_DEFLATE if self._packed() else 1):
            raise ImageError("damaged or truncated: some of its voxels are not in the file")
        if not np.isfinite(affine).all():
            raise ImageError("its affine holds numbers that are not finite")

    @property
    def _bytes(self) -> int:
        return self.dtype.itemsize * math.prod(self.shape)

    def _slope(self) -> tuple[float, float] | None:
        slope, intercept = self.header.get_slope_inter()
        return None if slope is None or (slope, intercept) == (1, 0) else (slope, intercept or 0.0)

    def _scaled(self, stored: npt.NDArray[Any]) -> Image:
        scaling = self._slope()
        if scaling is None and stored.dtype.kind in "iu":
            image = stored.astype(_WIDER.get(stored.dtype.name, stored.dtype.newbyteorder("=")))
            if (image != stored).any():
                raise ImageError(f"its voxels are {self.datatype}, and some need more than 32 bits")
            return np.ascontiguousarray(image)
        slope, intercept = scaling or (1.0, 0.0)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.ascontiguousarray((stored.astype(np.float64) * slope + intercept).astype(np.float32))

    def _cut(self, voxels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A view of stored voxels as slices, `(slice, row, column, ...)`."""
        turned = apply_orientation(voxels, ornt_transform(self.orientation, self._seen))
        cut: npt.NDArray[Any] = np.moveaxis(turned, _ACROSS[self.axis], 0).swapaxes(1, 2)
        return cut

    @cached_property
    def _voxels(self) -> npt.NDArray[Any]:
        with self._opened() as file:
            file.seek(self.header.get_data_offset())
            held = np.empty(self._bytes, np.uint8)
            rest = held.data
            while rest:
                got = file.readinto(rest[:_CHUNK])
                if not got:
                    raise ImageError("damaged or truncated: some of its voxels are not in the file")
                rest = rest[got:]
            file.read(1)  # the end of a gzip file is where its checksum is compared
        return held.view(self.dtype).reshape(self.shape, order="F")

    def _opened(self) -> io.BufferedReader | gzip.GzipFile:
        return gzip.open(self.path) if self._packed() else self.path.open("rb")

    def _packed(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(2) == b"\x1f\x8b"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ImageError as error:
            raise ImageError(f"{self.path}: {error}") from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ImageError(f"{self.path}: damaged or truncated: {error}") from error
        except Exception as error:  # whatever a stranger's header brings nibabel to
            raise ImageError(f"{self.path}: not NIfTI that can be read: {error or type(error).__name__}") from error


def _header(file: io.BufferedReader | gzip.GzipFile) -> Nifti1Header:
    # From the fixed part alone: extensions, which may promise any length, are not read.
    block = file.read(Nifti2Header.template_dtype.itemsize)
    for kind in (Nifti1Header, Nifti2Header):
        if kind.may_contain_header(block):
            header = kind(block[: kind.template_dtype.itemsize], check=False)
            header.check_fix(logger=_QUIET)
            if bytes(header["magic"])[:2] != b"n+":
                raise ImageError("its voxels lie in another file (.img); save both as one .nii")
            return header
    raise ImageError("is not NIfTI: it does not begin with a NIfTI header")


def _kept(stack: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The same numbers in the type that the file had, where it holds all of them."""
    with np.errstate(over="ignore", invalid="ignore"):
        same = stack.astype(dtype)
    return same if np.array_equal(same, stack, equal_nan=stack.dtype.kind == "f") else stack
