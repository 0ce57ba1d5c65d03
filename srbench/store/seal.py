"""JSON that names its own sha256, so that a flipped bit in it is seen, and what reading JSON may raise."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for data that is no JSON of the type that is asked for."""
SEAL = "sha256"
_BEGINNING, _BETWEEN = f'{{\n "{SEAL}": "'.encode(), b'",'
_DIGITS = 64


def sealed(data: bytes) -> bytes:
    """An object of JSON, spread over lines, whose first member is the sha256 of all the others."""
    return b"".join(sealed_parts(msgspec.json.format(data, indent=1) + b"\n"))


def sealed_parts(data: bytes) -> tuple[bytes, memoryview]:
    """An object of JSON as it is, with its seal, in two parts to be written one after the other: it may be large."""
    rest = memoryview(data)[1:]
    return _BEGINNING + hashlib.sha256(rest).hexdigest().encode() + _BETWEEN, rest


def is_whole(path: Path) -> bool:
    """Whether a file has a seal, and it is that of what follows; read piece by piece. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(len(_BEGINNING) + _DIGITS + len(_BETWEEN))
        return head == _BEGINNING + hashlib.file_digest(file, "sha256").hexdigest().encode() + _BETWEEN


def unsealed(data: bytes) -> bytes | None:
    """The object that was sealed; None where it is another now. What has no seal is given back as it is."""
    if not data.startswith(_BEGINNING):
        return data
    end = len(_BEGINNING) + _DIGITS
    rest = data[end + len(_BETWEEN) :]
    seal = hashlib.sha256(rest).hexdigest().encode()
    return b"{" + rest if data[len(_BEGINNING) : end + len(_BETWEEN)] == seal + _BETWEEN else None
