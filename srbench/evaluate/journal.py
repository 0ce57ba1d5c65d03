"""A note of every image as soon as it is made, so that work which was cut off goes on where it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from srbench.store.files import sha256
from srbench.store.seal import UNREADABLE


class Note(msgspec.Struct, kw_only=True):
    """An image that was made. file: its name in the folder. seconds: the method's time for it.

    megapixels, values, clamped, corner: of SR, and how many values of it lie outside black and white; how many values
    the corner of its LR has on which latency would be measured. shipped: whether its LR came with the dataset. label:
    the class that a generator was asked for.
    """

    image: str
    file: str
    sha256: str
    seconds: float = 0.0
    megapixels: float = 0.0
    values: int = 0
    clamped: int = 0
    corner: int = 0
    shipped: bool = False
    label: str | None = None


class _Head(msgspec.Struct):
    of: str


class Journal:
    """The notes of one folder of images, in a file of JSON lines beside it.

    of: what the images are made from, where the folder's place does not say it; of something else, nothing is known.
    known: by image id, those whose file is there and the one that was noted; all else in the folder is removed.
    """

    def __init__(self, folder: Path, of: str = "") -> None:
        self._folder, self._path, self._of = folder, folder.with_name(f"{folder.name}.jsonl"), of
        self.known = {note.image: note for note in self._read() if self._stands(note)}
        folder.mkdir(exist_ok=True)
        kept = {note.file for note in self.known.values()}
        for path in folder.iterdir():
            if path.name in kept:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        self._path.write_bytes(b"".join([_line(_Head(of)), *map(_line, self.known.values())]))

    def add(self, image: str, file: str, **facts: float | str | None) -> Note:
        """Note an image whose file has been written."""
        note = Note(image=image, file=file, sha256=sha256(self._folder / file), **facts)  # type: ignore[arg-type]
        with self._path.open("ab") as lines:
            lines.write(_line(note))
        return note

    def _read(self) -> list[Note]:
        notes: list[Note] = []
        try:
            head, *lines = self._path.read_bytes().splitlines() or [b""]
        except FileNotFoundError:
            return notes
        if head + b"\n" != _line(_Head(self._of)):
            return notes
        for line in lines:
            try:
                notes.append(msgspec.json.decode(line, type=Note))
            except UNREADABLE:  # written in part, or damaged
                continue
        return notes

    def _stands(self, note: Note) -> bool:
        try:
            return Path(note.file).name == note.file and sha256(self._folder / note.file) == note.sha256
        except (OSError, ValueError):
            return False


def _line(note: _Head | Note) -> bytes:
    return msgspec.json.encode(note) + b"\n"
