"""Fetch a file whose checksum is known; go on where the network stopped.

What has arrived lies beside the target as a hidden `.part` file, named after the hash it should have in the end, so
that another file is never continued. The target appears in one step, and only when the hash is right.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from srbench.contract.published import checksum_kind
from srbench.errors import SrbenchError
from srbench.store.files import wait_for_disk

CHUNK = 1 << 20
TIMEOUT_SECONDS = 30.0
"""Seconds without a byte after which a connection counts as broken."""
SLOWEST = 1000
"""Bytes a second, over twice the time-out, below which a transfer is given up."""
LARGEST = 1 << 35
"""The most bytes of a file whose size nobody says."""
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""Before each further attempt; bytes that arrive make the count begin anew."""
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LENGTH = re.compile(r"\d{1,18}")
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes that are here, and the bytes there will be where that is known."""


class DownloadError(SrbenchError):
    """A file that could not be fetched. What has arrived is kept where it is of use."""


class _Broken(Exception):
    """The network stopped; worth another attempt."""


def download(
    url: str,
    path: Path,
    *,
    checksum: str,
    size: int | None = None,
    progress: Progress = lambda here, total: None,
    pauses: tuple[float, ...] = PAUSES_SECONDS,
    timeout: float = TIMEOUT_SECONDS,
) -> None:
    """Make `path` the file with this checksum, fetched from `url`; the folder is made. Replaces what is there.

    Goes on with what an earlier call left behind. checksum: a sha256 or an md5, told apart by their length. size:
    bytes; a server that offers another number is refused before anything is transferred. pauses: seconds to wait before
    each further attempt. Raises `DownloadError` when the server refuses, offers another file, or cannot be reached in
    `len(pauses) + 1` attempts in a row without a byte.
    """
    part = part_of(path, checksum)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _opened(part) as file:
            _fill(_Transfer(url, file, size, progress, timeout), part, checksum, pauses)
            part.replace(path)
            wait_for_disk(path.parent)
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> DownloadError:
    """What the disk under the data root refused, with what to do. path: the file where the error names none."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = "make room and run the same command again to go on" if full else "check the data root"
    return DownloadError(f"{error.filename or path}: {error.strerror or error}; {advice}")


def part_of(path: Path, checksum: str) -> Path:
    """Where the bytes that have arrived are kept until `path` is whole."""
    return path.with_name(f".{path.name}.{checksum[:16]}.part")


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether there is a file with this checksum. Reads it whole; raises `OSError`."""
    return path.is_file() and _checksum(path, checksum_kind(checksum)) == checksum


def _checksum(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=kind != "md5")).hexdigest()


@contextmanager
def held(file: IO[bytes], doing: str) -> Iterator[None]:
    """Keep other processes from doing the same with an open file at once; `DownloadError` where one is at it.

    doing: what they would do, as a message says it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise DownloadError(f"{file.name}: another process is {doing} this file; wait for it") from None
    yield


@contextmanager
def _opened(part: Path) -> Iterator[IO[bytes]]:
    """The part file, to be read and written, held by this process alone."""
    with part.open("a+b") as file, held(file, "fetching"):
        if not part.exists():  # between opening and holding it, another process gave it its name
            raise DownloadError(f"{part}: another process has just fetched this file; run the same command again")
        try:
            yield file
        finally:
            if part.exists() and part.stat().st_size == 0:
                part.unlink()


def _fill(transfer: _Transfer, part: Path, checksum: str, pauses: tuple[float, ...]) -> None:
    """Bring the part file to the right hash."""
    kind = checksum_kind(checksum)
    resumed = transfer.here() > 0
    while True:
        _transfer_all(transfer, pauses)
        found = _checksum(part, kind)
        if found == checksum:
            return
        head = part.read_bytes()[:64] if transfer.here() <= CHUNK else b""
        transfer.restart()
        if not resumed:
            break
        resumed = False  # what an earlier call left was perhaps of another version: once more from the beginning
    hint = "; it is a web page, perhaps one that asks to log in" if head.lstrip()[:1] == b"<" else ""
    raise DownloadError(
        f"{transfer.url} is not the file that was declared{hint}: its {kind} is {found}, it should be {checksum}. "
        "Nothing of it was kept."
    )


def _transfer_all(transfer: _Transfer, pauses: tuple[float, ...]) -> None:
    """Attempts until every byte is here."""
    left = list(pauses)
    while True:
        before = transfer.here()
        try:
            transfer.attempt()
            return
        except _Broken as broken:
            if transfer.here() > before:
                left = list(pauses)
            if not left:
                raise DownloadError(
                    f"{transfer.url}: {broken}. {transfer.here() / 1e6:.1f} MB are kept: run the same command again to "
                    "go on."
                ) from broken
            time.sleep(left.pop(0))


class _Transfer:
    """Bytes from an address into the part file."""

    def __init__(self, url: str, file: IO[bytes], size: int | None, progress: Progress, timeout: float) -> None:
        self.url, self._file, self._size = url, file, size
        self._progress, self._timeout = progress, timeout
        if size is not None and self.here() > size:
            self.restart()

    def here(self) -> int:
        """Bytes in the part file."""
        return self._file.seek(0, os.SEEK_END)

    def restart(self) -> None:
        """Forget what has arrived."""
        self._file.truncate(0)

    def attempt(self) -> None:
        """One request for what is missing; returns when nothing is. Raises `_Broken` or `DownloadError`."""
        start = self.here()
        if start and start == self._size:
            return
        headers = {"User-Agent": "srbench", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            # The scheme was checked when the address was declared.
            with urllib.request.urlopen(
                urllib.request.Request(self.url, headers=headers), timeout=self._timeout
            ) as response:
                total = self._accept(response, start)
                self._copy(response, total)
        except urllib.error.HTTPError as error:
            self._refused(error, start)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ValueError) as error:
            # A ValueError: it redirects to what is no address.
            raise _Broken(
                f"the connection failed ({getattr(error, 'reason', error) or type(error).__name__})"
            ) from error

    def _accept(self, response: http.client.HTTPResponse, start: int) -> int | None:
        """How long the whole file will be, if the server says; the part file stands where the body goes on."""
        length = response.headers.get("Content-Length", "")
        total = int(length) if _LENGTH.fullmatch(length) else None
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            ranged = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
            if ranged is None or int(ranged[1]) != start:
                self.restart()
                raise _Broken("the server sent another part of the file than it was asked for")
            total = int(ranged[2]) if ranged[2] != "*" else None if total is None else start + total
        else:
            self.restart()  # a server that does not know ranges sends everything
        if self._size is not None and total is not None and total != self._size:
            self.restart()
            raise DownloadError(
                f"{self.url}: the server offers {total} bytes, the file that was declared has {self._size}; "
                "nothing was fetched"
            )
        total = total if self._size is None else self._size
        self._check_room(total)
        return total

    def _check_room(self, total: int | None) -> None:
        missing = 0 if total is None else total - self.here()
        free = shutil.disk_usage(Path(self._file.name).parent).free
        if missing > free:
            raise DownloadError(
                f"{Path(self._file.name).parent}: {missing / 1e6:.0f} MB are to come, {free / 1e6:.0f} MB are free"
            )

    def _copy(self, response: http.client.HTTPResponse, total: int | None) -> None:
        here = self.here()
        since, at, window = time.monotonic(), here, 2 * self._timeout
        try:
            self._progress(here, total)
            while chunk := response.read1(CHUNK):
                here += len(chunk)
                if time.monotonic() - since > window:
                    if here - at < SLOWEST * window:
                        raise DownloadError(
                            f"{self.url}: {here - at} bytes came in {window:.0f} s; {here / 1e6:.1f} MB are kept: run "
                            "the same command again to go on, or fetch the file another way"
                        )
                    since, at = time.monotonic(), here
                if total is None and here > LARGEST:
                    self.restart()
                    raise DownloadError(
                        f"{self.url}: the server sends more than {LARGEST / 1e9:.0f} GB and says no size"
                    )
                if total is not None and here > total:
                    self.restart()
                    raise DownloadError(f"{self.url}: the server sends more than the {total} bytes of the file")
                self._file.write(chunk)
                self._progress(here, total)
        finally:
            self._file.flush()
            os.fsync(self._file.fileno())
        if total is not None and here < total:
            raise _Broken(f"the connection ended after {here} of {total} bytes")

    def _refused(self, error: urllib.error.HTTPError, start: int) -> None:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            if self._size is None:  # perhaps everything is here already; the hash will tell
                return
            self.restart()
            raise _Broken("the server has fewer bytes than are here")
        if error.code in _TRANSIENT:
            raise _Broken(f"the server answers {error.code} {error.reason}")
        raise DownloadError(f"{self.url}: the server answers {error.code} {error.reason}")
