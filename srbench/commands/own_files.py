"""A folder that one command fills: which of its files it wrote, so that others' are neither replaced nor removed.

FOLDER/written.sha256   whose the folder is; then the sha256 and the place of each file, noted before it is written
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from srbench.pictures.names import is_hidden
from srbench.store.files import StoreError, remove_leftovers, sha256_of, write_atomically

LIST = "written.sha256"
_NOTE = re.compile(r"([0-9a-f]{64})  (.+)")
_NO_FILE = "no file"


class OwnFiles:
    """The files that a command wrote into a folder. Places are relative to it: `set5/x4-y/items.csv`."""

    def __init__(self, folder: Path, notes: BinaryIO, noted: Iterator[tuple[str, str]]) -> None:
        """notes: the open list. noted: what it holds: place and sha256, a place as often as it was written."""
        self._folder, self._notes = folder, notes
        self._hashes: dict[str, set[str]] = {}
        for place, sha256 in noted:
            self._hashes.setdefault(place, set()).add(sha256)

    def put(self, place: str, data: bytes) -> bool:
        """Write a file whole; False where it held just that. Raises `StoreError`, also for somebody else's file."""
        path, sha256 = self._folder / place, hashlib.sha256(data).hexdigest()
        if _content(path) == sha256:
            return False
        self._refuse_others(place)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._note(place, sha256)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
        write_atomically(path, data)
        return True

    def remove(self, place: str) -> None:
        """Remove a file, and folders that are then empty. Raises `StoreError` for somebody else's."""
        self._refuse_others(place)
        with suppress(FileNotFoundError):
            (self._folder / place).unlink()
        for folder in Path(place).parents:
            if folder.name:
                with suppress(OSError):  # it is gone, or holds something
                    (self._folder / folder).rmdir()

    def keep_only(self, below: str, places: Collection[str]) -> None:
        """Remove the own files below a place that are not among these, and what a killed command left of some."""
        for place in self._hashes:
            if place.startswith(f"{below}/") and place not in places:
                self.remove(place)
        for folder in {(self._folder / place).parent for place in places}:
            remove_leftovers(folder)

    def _note(self, place: str, sha256: str) -> None:
        self._notes.write(f"{sha256}  {place}\n".encode())
        self._notes.flush()
        os.fsync(self._notes.fileno())
        self._hashes.setdefault(place, set()).add(sha256)

    def _refuse_others(self, place: str) -> None:
        path = self._folder / place
        if _content(path) not in {None, *self._hashes.get(place, ())}:
            raise StoreError(
                f"{path} is in the way: it was not written by this command, or was changed since; move it away, or "
                "choose another folder"
            )


@contextmanager
def own_files(folder: Path, owner: str) -> Iterator[OwnFiles]:
    """The files in a folder that a command wrote; no other command writes there meanwhile. A new folder is made.

    owner: a line that says what fills the folder. Raises `StoreError` where the folder holds files and no list of this
    owner's.
    """
    path, head = folder / LIST, f"# {owner}\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    others = sorted(one.name for one in folder.iterdir() if one.name != LIST and not is_hidden(one.name))
    if others and not path.is_file():
        raise StoreError(
            f"{folder} holds files of something else ({others[0]} for one); choose a new or an empty folder"
        )
    with path.open("a+b") as notes:
        try:
            fcntl.flock(notes, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"another srbench is writing into {folder}; run again when it is done") from None
        notes.seek(0)
        known = notes.read()
        if not known.startswith(head):
            if known or others:
                first = known.decode(errors="replace").partition("\n")[0].removeprefix("# ")
                raise StoreError(f"{folder} holds something else ({first!r} in {LIST}); choose another folder")
            notes.write(head)
        elif not known.endswith(b"\n"):  # the last note was cut off
            notes.write(b"\n")
        lines = (_NOTE.fullmatch(line) for line in known.decode(errors="replace").splitlines())
        yield OwnFiles(folder, notes, ((note[2], note[1]) for note in lines if note))


def _content(path: Path) -> str | None:
    """The sha256 of a file; None where there is nothing, and words where there is something else."""
    if not os.path.lexists(path):
        return None
    try:
        return sha256_of(path)
    except OSError:
        return _NO_FILE
