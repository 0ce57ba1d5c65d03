"""Values of the pictures shown, in native depth: a script a picture, which pages load from a folder when they need it.

A page that was opened as a file may neither fetch a file nor read the pixels of a picture, but it may run a script that
lies beside it. `values.js` of an image calls `srbench.given(PLACE, LAYERS)` with the pixels of each of its layers, in
their order, as text without names; `static/values.js` reads it.

Pixels are packed without loss. As unsigned integers of the same size, which wrap around, each is told as its difference
from the one above, then from the one to the left, then from the channel before: where a picture is smooth, these are
small. Their lowest bytes come first, then the next ones, channel after channel; all is deflated (RFC 1950), in base64.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from srbench.leaderboard.words.privacy import Privacy
from srbench.pictures import DEPTHS, Image, Values, read_image

FILE = "values.js"
LARGEST = 256
"""The longest side, in pixels."""
_AXES = (0, 1, 2)
_BEGIN, _BETWEEN, _END = b"srbench.given(", b", ", b");\n"


class Pixels(msgspec.Struct, frozen=True):
    """The pixels of one layer, packed, and what their numbers mean (`low`, `high`, `unit` and so on of `Values`)."""

    width: int
    height: int
    channels: int
    dtype: str
    values: Values
    data: bytes

    def __post_init__(self) -> None:
        """Pixels that no picture of a board has are a `ValueError`."""
        if not (0 < self.width <= LARGEST and 0 < self.height <= LARGEST and self.channels in (1, 3)):
            raise ValueError(f"no picture is {self.width} x {self.height} pixels in {self.channels} channels")
        if self.dtype not in DEPTHS:
            raise ValueError(f"no picture is of {self.dtype}")
        self.image()

    @classmethod
    def of(cls, image: Image, values: Values) -> Pixels:
        """Pack an array `(H, W, C)`."""
        height, width, channels = image.shape
        size = image.dtype.itemsize
        words = np.ascontiguousarray(image, image.dtype.newbyteorder("<")).view(f"<u{size}")
        for axis in _AXES:
            words = np.diff(words, axis=axis, prepend=np.zeros_like(words.take([0], axis)))
        planes = np.ascontiguousarray(np.moveaxis(words, 2, 0)).view(np.uint8).reshape(-1, size).T
        shown = replace(values, unit=Privacy().of(values.unit))
        return cls(width, height, channels, image.dtype.name, shown, zlib.compress(planes.tobytes(), 9))

    def image(self) -> Image:
        """The array `(H, W, C)`. Raises `ValueError` where the data is not that of such an array."""
        dtype = np.dtype(self.dtype).newbyteorder("<")
        count = self.width * self.height * self.channels
        stream = zlib.decompressobj()
        try:
            told = stream.decompress(self.data, count * dtype.itemsize + 1)
        except zlib.error as error:
            raise ValueError(f"pixels that cannot be unpacked: {error}") from None
        if len(told) != count * dtype.itemsize or not stream.eof:
            raise ValueError(f"pixels of another picture than one of {self.width} x {self.height}")
        planes = np.frombuffer(told, np.uint8).reshape(dtype.itemsize, count)
        words = np.ascontiguousarray(planes.T).view(f"<u{dtype.itemsize}")
        words = np.moveaxis(words.reshape(self.channels, self.height, self.width), 0, 2)
        for axis in reversed(_AXES):
            words = words.cumsum(axis, dtype=words.dtype)
        return np.ascontiguousarray(words).view(dtype).astype(self.dtype)


def script(place: str, layers: Sequence[Pixels]) -> bytes:
    """What `values.js` holds. place: its own, in the board's folder."""
    parts = (_BEGIN, msgspec.json.encode(place), _BETWEEN, msgspec.json.encode(layers), _END)
    return b"".join(parts).replace(b"<", b"\\u003c")  # which ends no element, wherever the text may come to stand


def read_script(content: bytes) -> list[Pixels]:
    """The layers in a `values.js`. Raises `ValueError` for any other script, which no page should run."""
    head, middle, told = content.partition(_BETWEEN)
    if not (head.startswith(_BEGIN) and middle and told.endswith(_END)):
        raise ValueError("not one call with the values of pictures")
    return msgspec.json.decode(told.removesuffix(_END), type=list[Pixels])


def as_shown(pictures: Iterable[Path]) -> list[Pixels]:
    """The layers of 8-bit pictures of a board that kept no values beside them."""
    values = replace(DEPTHS["uint8"], unit="of 255, as shown")
    return [Pixels.of(read_image(path), values) for path in pictures]
