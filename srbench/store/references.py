"""HR and LR of a test split as methods were compared on them, kept so that pages need no dataset.

STORE/references/<2 hex>/<key>/hr/ID.png   what SR was compared with; .tiff where values are floats
                              /lr/ID.png   what methods were given; absent where there is no LR
                              /images.json written last: what black and white are and the label of every image, by id
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from srbench.pictures import Image, ImageError, Values, read_image, suffix_for
from srbench.pictures.writing import encoded
from srbench.store.cell import digest
from srbench.store.files import StoreError, write_atomically

REFERENCES = "references"
_LIST = "images.json"


@dataclass(frozen=True)
class Reference:
    """What is known of an image besides SR.

    hr: what is compared, values: its values. lr: None where there is none. label: its class, if it has one.
    """

    hr: Image
    values: Values
    lr: Image | None = None
    label: str | None = None


class _Listed(msgspec.Struct, frozen=True):
    values: Values
    label: str | None = None


class References:
    """A folder of pictures by image id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, store_root: Path, ingredients: Mapping[str, Any]) -> References:
        """Those of a cell: all cells of one test split under one protocol share them. ingredients: of its key."""
        key = digest({name: ingredients.get(name) for name in ("test", "protocol")})
        return cls(store_root / REFERENCES / key[:2] / key)

    def keep(self, images: Iterable[tuple[str, Reference]]) -> None:
        """Write them, unless that was done before. Raises `StoreError`; what is not whole counts as absent."""
        if (self._folder / _LIST).is_file():
            return
        listed = {}
        for image, reference in images:
            pictures = {"hr": reference.hr, "lr": reference.lr}
            for name, picture in pictures.items():
                if picture is not None:
                    _write(self._folder / name / f"{image}{suffix_for(picture)}", picture)
            listed[image] = _Listed(reference.values, reference.label)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self._folder}: cannot be made: {error.strerror or error}") from error
        write_atomically(self._folder / _LIST, msgspec.json.encode(listed))

    def labels(self) -> dict[str, str | None]:
        """The label of every image that is kept, by its id, in the order of the split."""
        return {image: listed.label for image, listed in self._listed().items()}

    def read(self, image: str) -> Reference | None:
        """What is kept of an image; None where it is not, or cannot be read."""
        listed = self._listed().get(image)
        hr = None if listed is None else _read(self._folder / "hr", image)
        if listed is None or hr is None:
            return None
        return Reference(hr, listed.values, _read(self._folder / "lr", image), listed.label)

    def _listed(self) -> dict[str, _Listed]:
        try:
            return msgspec.json.decode((self._folder / _LIST).read_bytes(), type=dict[str, _Listed])
        except (OSError, msgspec.DecodeError):
            return {}


def _write(path: Path, picture: Image) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
    write_atomically(path, encoded(picture), lasting=False)  # several jobs may keep the same pictures at the same time


def _read(folder: Path, image: str) -> Image | None:
    for suffix in (".png", ".tiff"):
        path = folder / f"{image}{suffix}"
        try:
            if path.resolve().parent == folder.resolve() and path.is_file():
                return read_image(path)
        except (ImageError, OSError):
            return None
    return None
