"""JSON that names its own sha256, so that a flipped bit in it is seen, and what reading JSON may raise."""

from __future__ import annotations

import hashlib

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for data that is no JSON of the type that is asked for."""
SEAL = "sha256"
_BEGINNING, _BETWEEN = f'{{\n "{SEAL}": "'.encode(), b'",'
_DIGITS = 64


def sealed(data: bytes) -> bytes:
    """An object of JSON, spread over lines, whose first member is the sha256 of all the others."""
    rest = msgspec.json.format(data, indent=1)[1:] + b"\n"
    return _BEGINNING + hashlib.sha256(rest).hexdigest().encode() + _BETWEEN + rest


def unsealed(data: bytes) -> bytes | None:
    """The object that was sealed; None where it is another now. What has no seal is given back as it is."""
    if not data.startswith(_BEGINNING):
        return data
    end = len(_BEGINNING) + _DIGITS
    rest = data[end + len(_BETWEEN) :]
    seal = hashlib.sha256(rest).hexdigest().encode()
    return b"{" + rest if data[len(_BEGINNING) : end + len(_BETWEEN)] == seal + _BETWEEN else None
