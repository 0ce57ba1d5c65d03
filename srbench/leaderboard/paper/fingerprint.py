"""Which board it is: a hash of its data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_NOT_RECORDS = tuple(
    f'{{"{name}":'.encode() for name in ("board", "gallery", "training", "extractor", "votes", "changes")
)
"""How the lines of `records.jsonl` begin that are no records."""


def fingerprint(lines: Iterable[bytes], matrix: str) -> str:
    """The sha256, in hex, of a board's data: its records, a line each in the order of the matrix, then the matrix file.

    lines: those of `records.jsonl`. matrix: the text of the matrix file as it is published, which that file holds, too.
    So neither the version of srbench nor the choice of pictures nor where the board lies changes it, and whoever has
    `records.jsonl` can compute it.
    """
    hashed = hashlib.sha256()
    for line in lines:
        if not line.startswith(_NOT_RECORDS):
            hashed.update(line + b"\n")
    hashed.update(matrix.encode())
    return hashed.hexdigest()
