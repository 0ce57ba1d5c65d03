"""Which files of a folder are pictures, and what to say of the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from srbench.pictures.reading import SUFFIXES

_OF_SYSTEMS = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What macOS and Windows leave beside pictures, hidden there."""


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is one that people do not see."""
    return name.startswith(".") or name in _OF_SYSTEMS


def is_picture(path: Path) -> bool:
    """A visible file with a picture's suffix, in upper or lower case."""
    return has_picture_name(path) and path.is_file()


def has_picture_name(path: Path) -> bool:
    """Whether a path is called what a picture is, be it there or not."""
    return path.suffix.lower() in SUFFIXES and not is_hidden(path.name)


def left_out(entries: Iterable[Path]) -> str:
    """The entries of a folder that are no pictures, in words: `4 files (.dcm, .gif) and 1 folder`.

    Hidden ones do not count. Empty where there is nothing to say.
    """
    others = [path for path in entries if not is_hidden(path.name) and not is_picture(path)]
    files = [path for path in others if not path.is_dir()]
    suffixes = Counter(path.suffix.lower() for path in files)
    # What else stands behind a dot may be a part of a name.
    known = sorted(suffix for suffix in suffixes if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix))
    parts = [
        _counted(len(files), "file") + (f" ({', '.join(known)})" if known else "") if files else "",
        _counted(len(others) - len(files), "folder") if len(others) > len(files) else "",
    ]
    return " and ".join(part for part in parts if part)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
