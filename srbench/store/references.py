"""HR and LR of a test split as methods were compared on them, kept so that pages need no dataset.

STORE/references/<2 hex>/<key>/hr/ID.png   what SR was compared with, if anything; .tiff where values are floats
                              /lr/ID.png   what methods were given; absent where there is no LR
                              /images.json written last: by image id the sha256 of each, what black and white are,
                                           and the label
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from srbench.pictures import Image, ImageError, Values, read_image, suffix_for
from srbench.pictures.writing import encoded
from srbench.store.cell import digest
from srbench.store.files import StoreError, content_of, hash_of, sha256, write_atomically
from srbench.store.seal import UNREADABLE, sealed, unsealed

REFERENCES = "references"
REFERENCE_LIST = "images.json"


@dataclass(frozen=True)
class Reference:
    """What is known of an image besides SR.

    hr: what is compared, None where there is no HR. values: its values. lr: None where there is none. label: its class,
    if it has one. spacing: the distance of HR's pixels, down and across, in `spacing_unit`, where that is known.
    """

    hr: Image | None
    values: Values
    lr: Image | None = None
    label: str | None = None
    spacing: tuple[float, float] | None = None
    spacing_unit: str = "mm"


class _Listed(msgspec.Struct, frozen=True):
    values: Values
    label: str | None = None
    spacing: tuple[float, float] | None = None
    spacing_unit: str = "mm"
    files: dict[str, str] = {}
    """The sha256 of its pictures, by their places in the folder."""


def references_key(ingredients: Mapping[str, Any]) -> str:
    """The key of what cells are compared with. ingredients: of the key of one of them."""
    return digest({name: ingredients.get(name) for name in ("test", "protocol")})


class References:
    """A folder of pictures by image id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, store_root: Path, ingredients: Mapping[str, Any]) -> References:
        """Those of a cell: all cells of one test split under one protocol share them. ingredients: of its key."""
        return cls.at(store_root, references_key(ingredients))

    @classmethod
    def at(cls, store_root: Path, key: str) -> References:
        """Those of a key."""
        return cls(store_root / REFERENCES / key[:2] / key)

    def keep(self, images: Iterable[tuple[str, Reference]]) -> None:
        """Write them, unless that was done before and none is damaged. Raises `StoreError`."""
        if (self.folder / REFERENCE_LIST).is_file() and not self.damage():
            return
        listed = {}
        for image, reference in images:
            files = {}
            for name, picture in {"hr": reference.hr, "lr": reference.lr}.items():
                if picture is not None:
                    place = f"{name}/{image}{suffix_for(picture)}"
                    files[place] = _write(self.folder / place, picture)
            listed[image] = _Listed(reference.values, reference.label, reference.spacing, reference.spacing_unit, files)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be made: {error.strerror or error}") from error
        write_atomically(self.folder / REFERENCE_LIST, sealed(msgspec.json.encode(listed)))

    def damage(self, hashed: Callable[[Path], str] = sha256) -> str:
        """Which picture is not what was written, in words; empty when all are, or nothing was kept here.

        Raises `StoreError` where one cannot be read now: it may be sound.
        """
        if not self.folder.is_dir():
            return ""
        listed = self._listed()
        if listed is None:
            return f"damaged: {REFERENCE_LIST} of the HR that SR was compared with"
        for one in listed.values():
            for place, known in one.files.items():
                found = hash_of(self.folder / place, hashed)
                if found is None:
                    return f"damaged: the reference {place} is gone"
                if found != known:
                    return f"damaged: the reference {place} is not the file that was written"
        return ""

    def files(self) -> dict[str, str]:
        """The sha256 of every file that is kept, by its place in the folder."""
        files = [item for listed in (self._listed() or {}).values() for item in listed.files.items()]
        return {place: known for place, known in files if not {"", "..", "/"} & {*PurePosixPath(place).parts}}

    def state(self, images: Iterable[str], hashed: Callable[[Path], str]) -> list[tuple[str, list[str | None]]]:
        """What is listed of each image, and the sha256 of its files as they are. Raises `StoreError`."""
        listed, found = self._listed() or {}, []
        for one in map(listed.get, images):
            files = [] if one is None else [hash_of(self.folder / place, hashed) for place in one.files]
            found.append((msgspec.json.encode(one).decode(), files))
        return found

    def labels(self) -> dict[str, str | None]:
        """The label of every image that is kept, by its id, in the order of the split."""
        return {image: listed.label for image, listed in (self._listed() or {}).items()}

    def read(self, image: str) -> Reference | None:
        """What is kept of an image; None where that is nothing, or what is to be shown is damaged or cannot be read."""
        listed = (self._listed() or {}).get(image)
        if listed is None:
            return None
        hr, lr = self._read(listed, "hr", image), self._read(listed, "lr", image)
        if hr is None and (lr is None or any(place.startswith("hr/") for place in listed.files)):
            return None
        return Reference(hr, listed.values, lr, listed.label, listed.spacing, listed.spacing_unit)

    def _listed(self) -> dict[str, _Listed] | None:
        try:
            content = unsealed(content_of(self.folder / REFERENCE_LIST))
            return None if content is None else msgspec.json.decode(content, type=dict[str, _Listed])
        except (OSError, *UNREADABLE):
            return None

    def _read(self, listed: _Listed, name: str, image: str) -> Image | None:
        for suffix in (".png", ".tiff"):
            place = f"{name}/{image}{suffix}"
            path = self.folder / place
            try:
                if Path(os.path.realpath(path)).parent == (self.folder / name).resolve() and path.is_file():
                    known = listed.files.get(place)
                    return read_image(path) if known in (None, sha256(path)) else None
            except (ImageError, OSError):
                return None
        return None


def _write(path: Path, picture: Image) -> str:
    """Write a picture; its file's sha256."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
    data = encoded(picture)
    write_atomically(path, data, lasting=False)  # several jobs may keep the same pictures at the same time
    return hashlib.sha256(data).hexdigest()
