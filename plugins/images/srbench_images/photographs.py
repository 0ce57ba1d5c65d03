"""The photographs inside scikit-image's wheel, and rectangles cut from them.

scikit-image drops or changes its pictures now and then: each is known by its sha256, so that a number never comes
from other pixels than it says.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from srbench.dataset import DatasetError, DatasetMissing, Item
from srbench.image import Image, read_image

SHA256 = {
    "brick.png": "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    "cell.png": "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515",
    "grass.png": "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    "gravel.png": "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    "hubble_deep_field.jpg": "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    "ihc.png": "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
    "microaneurysms.png": "a1e1be59aa447f8ce082f7fa809997ab369a2b137cb6c4202abc647c7ccf6456",
    "moon.png": "78739619d11f7eb9c165bb5d2efd4772cee557812ec847532dbb1d92ef71f577",
    "retina.jpg": "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
}


@dataclass(frozen=True)
class Region:
    """A rectangle of a photograph, in pixels: `[top, top + height)` x `[left, left + width)`."""

    photograph: str
    top: int
    left: int
    height: int
    width: int

    def tiles(self, side: int) -> Iterator[Region]:
        """The squares of `side` pixels that fit into it, row by row from its top left corner; none overlaps another."""
        for top in range(self.top, self.top + self.height - side + 1, side):
            for left in range(self.left, self.left + self.width - side + 1, side):
                yield Region(self.photograph, top, left, side, side)

    def item(self, split: str) -> Item:
        """An item that reads its pixels when asked; its group is the photograph and the split's part of it."""
        stem = Path(self.photograph).stem
        name = f"{stem}-{self.top:04d}-{self.left:04d}"
        return Item(name, partial(cut, self), group=f"{stem}/{split}")


def cut(region: Region) -> Image:
    """The pixels of a region `(height, width, C)`, uint8."""
    whole = _pixels(region.photograph)
    rows = slice(region.top, region.top + region.height)
    return np.array(whole[rows, region.left : region.left + region.width])


def locate(photograph: str) -> Path:
    """The file in the installed scikit-image; `DatasetMissing` when it is not there, `DatasetError` when it differs."""
    package = importlib.util.find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise DatasetMissing(f"{photograph} comes with scikit-image, which is not installed: pip install scikit-image")
    path = Path(package.submodule_search_locations[0]) / "data" / photograph
    if not path.is_file():
        raise DatasetMissing(f"{path}: this version of scikit-image does not carry it; scikit-image 0.26 does")
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[photograph]:
        raise DatasetError(
            f"{path}: this version of scikit-image carries another picture of that name (its sha256 differs); "
            "scikit-image 0.26 has the one that is meant"
        )
    return path


@lru_cache(maxsize=2)  # items come one photograph after the other
def _pixels(photograph: str) -> Image:
    pixels = read_image(locate(photograph))
    pixels.flags.writeable = False
    return pixels
