"""Arrays that are needed again in every epoch, kept in a temporary file: training sets need not fit into memory."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Rows:
    """Arrays of one shape and type. The file is gone when this is."""

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._count = 0
        self._file = tempfile.TemporaryFile(prefix="srbench-")  # noqa: SIM115 (closed, and removed, with this)
        self._view: Array | None = None

    def __len__(self) -> int:
        return self._count

    def append(self, row: Array) -> None:
        """Add one array. Raises `ValueError` when it has another shape."""
        array = np.ascontiguousarray(row, dtype=self.dtype)
        if array.shape != self.shape:
            raise ValueError(f"expected an array of shape {self.shape}, got {array.shape}")
        self._file.write(array.tobytes())
        self._count += 1
        self._view = None

    def take(self, indices: npt.NDArray[np.intp]) -> Array:
        """A copy of some rows, in the order of `indices`: `(len(indices), *shape)`."""
        if self._view is None:
            self._file.flush()
            # The mapping may move the file's position; rows are always added at the end.
            self._view = np.memmap(self._file, self.dtype, "r", shape=(self._count, *self.shape))
            self._file.seek(0, 2)
        return np.asarray(self._view[indices])
