"""What others publish: files at an address, with the checksum they must have, and datasets made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from srbench.errors import SrbenchError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HEX = re.compile(r"[0-9a-f]*")
_DIGITS = {32: "md5", 64: "sha256"}


class PublishedError(SrbenchError):
    """A declaration of something published that cannot be used: an address that is none, a hash that is none."""


def checksum_kind(checksum: str) -> Literal["md5", "sha256"]:
    """What a checksum is, by the number of its digits. Raises `PublishedError` for text that is neither."""
    kind = _DIGITS.get(len(checksum)) if _HEX.fullmatch(checksum) else None
    if kind is None:
        raise PublishedError(f"{checksum!r} is no checksum: 64 lower-case hex digits (sha256) or 32 (md5)")
    return kind  # type: ignore[return-value]


def file_of(url: str) -> str:
    """The name of the file at an address: its publisher's name for it. Raises `PublishedError` where there is none."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    if urlsplit(url).scheme not in ("http", "https") or not _NAME.fullmatch(name):
        raise PublishedError(
            f"the address {url!r} should begin with https:// and end in a file name of letters, digits, '.', '_' and "
            "'-'"
        )
    return name


def check_size(size: int | None) -> None:
    """Raise `PublishedError` for a number of bytes that no file has."""
    if size is not None and size <= 0:
        raise PublishedError(f"a size of {size} bytes")


def check_terms(name: str, licence: str, source: str) -> None:
    """Raise `PublishedError` for a name that is none, or where nothing is said of licence or source."""
    if not _NAME.fullmatch(name):
        raise PublishedError(f"{name!r}: a name is letters, digits, '.', '_' and '-'")
    for field, text in (("licence", licence), ("source", source)):
        if not text.strip():
            raise PublishedError(f"{name!r}: the {field} is empty; people must know it before use")


@dataclass(frozen=True)
class Members:
    """Files of an archive that are wanted.

    path: the folder inside the archive and, behind the last `/`, the pattern of their names:
    `DIV2K_train_HR/*.png`. count: how many there are. folder: where they go below the dataset's own folder; by default
    into it. Raises `PublishedError`.
    """

    path: str
    count: int
    folder: str = "."

    def __post_init__(self) -> None:
        for path in (self.path, self.folder):
            if not path or path.startswith("/") or ".." in PurePosixPath(path).parts:
                raise PublishedError(f"{path!r} is no path below a folder")
        if self.count <= 0:
            raise PublishedError(f"{self.path!r}: a count of {self.count} files")


@dataclass(frozen=True)
class PublishedArchive:
    """An archive that somebody publishes: zip (npz too), or tar, also compressed.

    url: `http` or `https`; its last part is the name of the file on disk. checksum: of the whole file, as its publisher
    or a library that uses it states it: a sha256 (64 lower-case hexadecimal digits) or an md5 (32). An md5 finds damage
    and another version, but not malice. members: what is unpacked; nothing else is. size: bytes, None where it is not
    known. Raises `PublishedError`.
    """

    url: str
    checksum: str
    members: tuple[Members, ...]
    size: int | None = None

    def __post_init__(self) -> None:
        file_of(self.url)
        checksum_kind(self.checksum)
        check_size(self.size)
        if not self.members:
            raise PublishedError(f"{self.url}: no members are wanted of it")

    @property
    def file(self) -> str:
        """The name of the file in `downloads/` under the data root."""
        return file_of(self.url)


@dataclass(frozen=True)
class PublishedDataset:
    """A dataset that `srbench fetch` can get: archives, and the terms on which they are to be had.

    name: how `srbench fetch` calls it; that of the dataset, or of a variant of it. archives: unpacked together.
    licence: the terms, as the publisher states them. source: who made it, and what to cite. folder: where it lies under
    the data root; by default `name`. Raises `PublishedError`.
    """

    name: str
    archives: tuple[PublishedArchive, ...]
    licence: str
    source: str
    folder: str = ""

    def __post_init__(self) -> None:
        check_terms(self.name, self.licence, self.source)
        object.__setattr__(self, "folder", self.folder or self.name)
        if not all(_NAME.fullmatch(part) for part in self.folder.split("/")):
            raise PublishedError(f"{self.name!r}: {self.folder!r} is no folder under the data root")
        if not self.archives:
            raise PublishedError(f"{self.name!r}: without an archive")

    @property
    def size(self) -> int | None:
        """Bytes of all archives; None where one is not known."""
        sizes = [archive.size for archive in self.archives if archive.size is not None]
        return sum(sizes) if len(sizes) == len(self.archives) else None
