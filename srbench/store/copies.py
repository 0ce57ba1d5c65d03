"""Files copied from one store into another: each is what was written, or it is not copied."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from srbench.store.files import remove, stamp, temporary_in
from srbench.store.record import Record
from srbench.store.records import (
    CEILING_IMAGES,
    IMAGES,
    LAST_CHECKPOINT,
    LOG,
    NEAREST_IMAGES,
    SAMPLE_IMAGES,
    SAMPLES,
    TRAINING_IMAGES,
)

PICTURES = (IMAGES, TRAINING_IMAGES, CEILING_IMAGES, SAMPLE_IMAGES)
"""Folders without which a cell's record stands."""
_CHUNK = 1 << 20


class Damaged(Exception):
    """A file that is not what was written, in words."""


@contextmanager
def staged(place: Path) -> Iterator[Path]:
    """A new folder beside a place, for what is to come there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    new = temporary_in(place.parent)
    new.mkdir()
    try:
        yield new
    finally:
        if new.exists():
            remove(new)


def below(record: Record, folder: str) -> dict[str, str]:
    """The files of a record in one of its folders, with their sha256."""
    return {name: known for name, known in record.files.items() if name.startswith(f"{folder}/")}


def beside(folder: Path) -> dict[str, str]:
    """What belongs to a record that is ok without being named by it: nothing rests on these files."""
    journals = (f"{images}.jsonl" for images in (IMAGES, TRAINING_IMAGES, SAMPLE_IMAGES))
    found = [folder / name for name in (LOG, LAST_CHECKPOINT, *journals)]
    for name in (NEAREST_IMAGES, SAMPLES):
        found += (folder / name).rglob("*")
    return {path.relative_to(folder).as_posix(): "" for path in found if path.is_file() and not path.is_symlink()}


def copy_all(folder: Path, new: Path, files: Mapping[str, str], *others: Path) -> None:
    """Copy files into a folder, each from the first folder where it is what was written. Raises `Damaged`.

    files: the sha256 of each, empty where it may be any.
    """
    for name, known in files.items():
        place = new / name
        place.parent.mkdir(parents=True, exist_ok=True)
        faults: list[str] = []
        for source in (folder, *others):
            fault = _copied(source / name, name, place, known)
            if not fault:
                break
            faults.append(fault)
        else:
            raise Damaged(faults[0])


def _copied(path: Path, name: str, place: Path, known: str) -> str:
    """Copy a file; what is wrong with it, in words."""
    digest = hashlib.sha256()
    try:
        with place.open("wb") as copy:
            for chunk in _chunks(path, name):
                digest.update(chunk)
                copy.write(chunk)
    except Damaged as damaged:
        return str(damaged)
    return "" if known in ("", digest.hexdigest()) else f"damaged: {name} is not the file that was written"


def _chunks(path: Path, name: str) -> Iterator[bytes]:
    try:
        stamp(path)  # which refuses what is no file
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except FileNotFoundError:
        raise Damaged(f"damaged: {name} is gone") from None
    except OSError as error:
        raise Damaged(f"{name} cannot be read: {error.strerror or error}") from error
