"""The folder that a board is published into: which of its files are the board's, and how a new board takes their place.

FOLDER/files.json   written last: which matrix the board is of, what it was made from, and every file of it
       .building/   the new board, while it is made; a lock lies in it
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from srbench.errors import SrbenchError
from srbench.store.cell import digest
from srbench.store.files import Stamp, sha256_of, stamp
from srbench.store.records import PUBLISHED
from srbench.store.seal import UNREADABLE

LISTING = "files.json"
_BUILDING, _LOCK, _BOARD = ".building", "lock", "board"
_NO_NAMES = frozenset({"", ".", ".."})


class PublishError(SrbenchError):
    """Pages that cannot be written where they were to go; the message names the folder or file in the way."""


class Listing(msgspec.Struct, kw_only=True):
    """What `files.json` says.

    name: of the matrix. matrix: where it was run from; place: a hash of where it lies, seen from the board's folder;
    content: the sha256 of the file. made_from: of what, None while files are brought in place. troubles: what is not
    shown, a line each. files: the sha256 of every file, by its path in the folder. parts: for files that were made each
    from a part of it, of what. before: the hashes that files of boards before this one had, where the last one was not
    brought in place to its end.
    """

    name: str
    matrix: str
    place: str
    content: str
    made_from: str | None = None
    troubles: list[str] = []
    files: dict[str, str] = {}
    parts: dict[str, str] = {}
    before: dict[str, list[str]] = {}

    def __post_init__(self) -> None:
        """Paths that lead out of the folder are a `ValueError`: nobody wrote these but a stranger."""
        for name in (*self.files, *self.before):
            if "\0" in name or not _NO_NAMES.isdisjoint(name.split("/")):
                raise ValueError(f"{name!r} is no file of a board")

    def hashes(self, name: str) -> list[str]:
        """What a file of the board may hold."""
        return [*([self.files[name]] if name in self.files else []), *self.before.get(name, [])]


class BoardFolder:
    """A folder for the board of one matrix. Files of others in it are neither overwritten nor removed."""

    def __init__(self, path: Path, name: str, origin: Path) -> None:
        """name: of the matrix. origin: its file or, of a board that is made from published records, these."""
        self.path = path
        self._name, self._origin = name, origin
        self._read: tuple[Stamp, Listing] | None = None

    def listing(self) -> Listing | None:
        """What the board that is there says of itself; None where there is none. It is read once, and not changed."""
        path = self.path / LISTING
        try:
            now = stamp(path)
            if path.is_symlink():
                return None
            if self._read is None or self._read[0] != now:
                self._read = now, msgspec.json.decode(path.read_bytes(), type=Listing)
        except (OSError, *UNREADABLE):
            return None
        return self._read[1]

    def is_whole(self, made_from: str) -> bool:
        """Whether the board was made from just this, with nothing amiss, and all of its files are there."""
        listing = self.listing()
        if listing is None or listing.made_from != made_from or listing.troubles:
            return False
        return all((self.path / name).is_file() for name in listing.files)

    def kept(self, parts: Mapping[str, str]) -> dict[str, str]:
        """The sha256 of the files of pages that need not be made anew: of what they are made from nothing has changed.

        parts: what each page would be made from, by its path. A page is kept with all files that were made with it, or
        not at all: none may have been changed or lost.
        """
        listing = self.listing()
        if listing is None:
            return {}
        together: dict[str, list[str]] = {}
        for name, made_from in listing.parts.items():
            together.setdefault(made_from, []).append(name)
        kept: dict[str, str] = {}
        for page, made_from in parts.items():
            names = together.get(made_from, [])
            if page in names and self.are_as_listed(names, listing):
                kept |= {name: listing.files[name] for name in names}
        return kept

    def are_as_listed(self, names: Iterable[str], listing: Listing) -> bool:
        """Whether files are the board's, and what they were when it was made."""
        return all(name in listing.files and self._is_the_boards(name, [listing.files[name]]) for name in names)

    def listed(self, names: Iterable[str]) -> dict[str, str]:
        """The sha256 of files of the board that is there."""
        listing = self.listing()
        return {} if listing is None else {name: listing.files[name] for name in names if name in listing.files}

    def check(self) -> None:
        """Raise `PublishError` unless the folder is not there, is empty, or is the place of this matrix's board."""
        path = self.path
        if path.is_symlink():
            raise PublishError(f"{path} is a symbolic link; name the folder that the pages are to go to with --out")
        if not path.exists():
            return
        if not path.is_dir():
            raise PublishError(f"{path} is no folder; name one for the pages with --out")
        building = path / _BUILDING
        if building.is_symlink() or (building.exists() and not _is_ours(building)):
            raise PublishError(f"{building} is in the way of the pages; move it away, or choose another folder: --out")
        listing = self.listing()
        if listing is not None and not self._is_of_this_matrix(listing):
            raise PublishError(
                f"{path} holds the board of another matrix of the name {listing.name!r}, {listing.matrix}; give this "
                "one a folder of its own with --out, or another name"
                if listing.name == self._name
                else f"{path} holds the board of the matrix {listing.name!r}, {listing.matrix}; choose another folder "
                "with --out"
            )
        others = sorted(_names(path) - {_BUILDING})
        if listing is None and others and not self._is_the_matrix_folder():
            raise PublishError(
                f"{path} holds files that are no board of this srbench ({others[0]} for one); choose an empty folder "
                "with --out, or move them away"
            )

    def _is_the_matrix_folder(self) -> bool:
        """Whether it is a folder NAME made for the matrix NAME, which lies in it."""
        return self.path.name == self._name and self.path.resolve() == self._origin.resolve().parent

    def _place(self) -> str:
        return digest(os.path.relpath(self._origin.resolve(), self.path.resolve()))[:16]

    def _content(self) -> str:
        """The sha256 of the matrix; of records that were published, that which was told beside them."""
        if not self._origin.is_file():
            return ""
        own = sha256_of(self._origin)
        beside = BoardFolder(self._origin.parent, self._name, self._origin).listing()
        is_of_it = beside is not None and beside.name == self._name and own in beside.hashes(self._origin.name)
        return beside.content if beside is not None and is_of_it else own

    def _is_of_this_matrix(self, listing: Listing) -> bool:
        """Whether it is; the file may be edited, or the project moved, but hardly both in a way that hides it."""
        same = listing.place == self._place() or listing.content == self._content() or self._is_made_of_itself(listing)
        return listing.name == self._name and same

    def _is_made_of_itself(self, listing: Listing) -> bool:
        """Whether the records that it is made from are those of the board that is there."""
        own = self.path / PUBLISHED
        return self._origin.resolve() == own.resolve() and self._is_the_boards(PUBLISHED, listing.hashes(PUBLISHED))

    @contextmanager
    def building(self) -> Iterator[Path]:
        """An empty folder to make the board in, on the same disk; gone afterwards. Nobody else makes one meanwhile.

        Raises `PublishError` where the board may not or cannot be written; what is there then stands.
        """
        self.check()
        existed = self.path.exists()
        try:
            with _locked(self.path / _BUILDING, self.path):
                self.check()
                board = self.path / _BUILDING / _BOARD
                if board.exists():
                    shutil.rmtree(board)
                board.mkdir()
                yield board
        except OSError as error:
            stands = "; the board that is there stands" if self.listing() else ""
            raise PublishError(
                f"{self.path}: the pages cannot be written: {error.strerror or error}{stands}"
            ) from error
        finally:
            if not existed:
                with suppress(OSError):
                    self.path.rmdir()  # which only an empty one can be

    def bring_in(
        self, board: Path, made_from: str, troubles: Sequence[str], parts: Mapping[str, str], kept: Mapping[str, str]
    ) -> None:
        """Put the files of a new board in the place of the old ones, and remove those that it no longer has.

        parts: what files were made from, of those made anew that were made from a part. kept: the sha256 of files that
        stay as they are.
        """
        earlier = self.listing()
        made = (path for path in board.rglob("*") if path.is_file())
        made_files = {path.relative_to(board).as_posix(): sha256_of(path) for path in made}
        new = dict(sorted({**kept, **made_files}.items()))
        os.sync()  # so that a listing never speaks of a file that a crash has emptied; one file at a time takes minutes
        there = self._refuse_others(made_files, earlier)
        gone = [] if earlier is None else sorted({*earlier.files, *earlier.before} - set(new))
        before = {name: earlier.hashes(name) for name in {*new, *gone}} if earlier else {}
        origin = earlier if earlier is not None and self._is_made_of_itself(earlier) else None
        listing = Listing(
            name=self._name,
            matrix=origin.matrix if origin else shown_path(self._origin),
            place=origin.place if origin else self._place(),
            content=origin.content if origin else self._content(),
            troubles=list(troubles),
            files=new,
            parts=dict(sorted({**self._parts_of(kept), **parts}.items())),
            before={name: hashes for name, hashes in sorted(before.items()) if hashes},
        )
        self._write(listing)
        for name, content in made_files.items():
            if there.get(name) != content:  # many file systems wait for the disk where one file takes another's place
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                (board / name).replace(self.path / name)
        for name in gone:
            if self._is_the_boards(name, before[name]):
                self._remove(name)
        listing.made_from, listing.before = made_from, {}
        self._write(listing)

    def _parts_of(self, names: Iterable[str]) -> dict[str, str]:
        earlier = self.listing()
        return {} if earlier is None else {name: earlier.parts[name] for name in names if name in earlier.parts}

    def _write(self, listing: Listing) -> None:
        made = self.path / _BUILDING / LISTING
        with made.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(listing), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(self.path / LISTING)

    def _refuse_others(self, new: Mapping[str, str], earlier: Listing | None) -> dict[str, str]:
        """Raise `PublishError` where a file of others is in the way; otherwise the sha256 of the board's that are."""
        there = {}
        for name in (*new, LISTING):
            path = self.path / name
            for folder in path.relative_to(self.path).parents:
                inside = self.path / folder
                if inside != self.path and os.path.lexists(inside) and (inside.is_symlink() or not inside.is_dir()):
                    raise PublishError(
                        f"{inside} is no folder of the board; move it away, or choose another with --out"
                    )
            if name == LISTING and earlier is not None:
                continue
            if not os.path.lexists(path):
                continue
            content = self._content_of(name)
            if content is None or earlier is None or content not in earlier.hashes(name):
                raise PublishError(
                    f"{path} is in the way: the last report did not write it, or somebody changed it since; move it "
                    "away, or choose another folder with --out"
                )
            there[name] = content
        return there

    def _is_the_boards(self, name: str, hashes: Sequence[str]) -> bool:
        return self._content_of(name) in hashes

    def _content_of(self, name: str) -> str | None:
        """The sha256 of a file of the folder itself, to which no link leads; None where there is none."""
        path = self.path / name
        plain = all(not (self.path / folder).is_symlink() for folder in Path(name).parents if folder.name)
        return sha256_of(path) if plain and not path.is_symlink() and path.is_file() else None

    def _remove(self, name: str) -> None:
        (self.path / name).unlink()
        for folder in Path(name).parents:
            if folder.name:
                with suppress(OSError):
                    (self.path / folder).rmdir()


@contextmanager
def _locked(building: Path, path: Path) -> Iterator[None]:
    """Make the folder `building`, hold its lock, and remove it. A dead process holds nothing."""
    while True:
        building.mkdir(parents=True, exist_ok=True)
        try:
            file = (building / _LOCK).open("a+")
        except FileNotFoundError:  # who held it removed the folder just now
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PublishError(
                    f"another srbench is writing the pages in {path}; run again when it is done"
                ) from None
            try:
                theirs = not os.path.samestat(os.fstat(file.fileno()), (building / _LOCK).stat())
            except FileNotFoundError:
                theirs = True
            if theirs:
                continue
            try:
                yield
            finally:
                shutil.rmtree(building, ignore_errors=True)
            return


def _is_ours(building: Path) -> bool:
    return building.is_dir() and _names(building) <= {_LOCK, _BOARD, LISTING}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def shown_path(path: Path) -> str:
    """A path as pages may show it: below the working directory, or else the file's own name."""
    absolute, here = path.resolve(), Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else absolute.name
