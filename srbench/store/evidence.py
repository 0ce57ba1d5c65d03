"""What shows how good a trained extractor is on the test split, as files in its folder.

`confusion.json`; `masks.json`, and under `masks/` the pictures that it names: `0.png`, `0-true.png`, `0-found.png`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from srbench.pictures import Image, ImageError, read_image, write_image
from srbench.store.details import ConfusionMatrix
from srbench.store.files import StoreError, content_of, write_atomically
from srbench.store.seal import UNREADABLE

CONFUSION = "confusion.json"
MASKS = "masks.json"
_FOLDER = "masks"
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MaskShown:
    """A test image with its true mask and the one that was found.

    image: its id. dice: of both masks. picture: `(H, W, 3)`, 8 bits. true, found: `(H, W)`.
    """

    image: str
    dice: float
    picture: Image
    true: Mask
    found: Mask


class _Told(msgspec.Struct):
    image: str
    dice: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What pages show of a trained extractor, besides its curves."""

    confusion: ConfusionMatrix | None = None
    masks: tuple[MaskShown, ...] = ()

    def write(self, folder: Path) -> None:
        """Write it into a folder."""
        if self.confusion is not None:
            write_atomically(folder / CONFUSION, msgspec.json.encode(self.confusion))
        if not self.masks:
            return
        write_atomically(folder / MASKS, msgspec.json.encode([_Told(one.image, one.dice) for one in self.masks]))
        (folder / _FOLDER).mkdir(exist_ok=True)
        for place, one in enumerate(self.masks):
            for name, picture in zip(_names(place), (one.picture, _white(one.true), _white(one.found)), strict=True):
                write_image(folder / name, picture)

    @classmethod
    def read(cls, folder: Path) -> Evidence:
        """What a folder holds. Raises `StoreError` for files that are damaged."""
        try:
            confusion, masks = folder / CONFUSION, folder / MASKS
            matrix = msgspec.json.decode(content_of(confusion), type=ConfusionMatrix) if confusion.exists() else None
            told = msgspec.json.decode(content_of(masks), type=list[_Told]) if masks.exists() else []
            return cls(matrix, tuple(_shown(folder, place, one) for place, one in enumerate(told)))
        except (OSError, ImageError, *UNREADABLE) as error:
            raise StoreError(f"{folder}: what was kept to be shown cannot be read: {error}") from error


def _shown(folder: Path, place: int, told: _Told) -> MaskShown:
    picture, true, found = (read_image(folder / name) for name in _names(place))
    return MaskShown(told.image, told.dice, picture, true[..., 0] > 0, found[..., 0] > 0)


def _names(place: int) -> tuple[str, str, str]:
    return f"{_FOLDER}/{place}.png", f"{_FOLDER}/{place}-true.png", f"{_FOLDER}/{place}-found.png"


def _white(mask: Mask) -> Image:
    return np.where(mask, np.uint8(255), np.uint8(0))[..., None]
