"""The pictures of a folder, each under an id that is safe as a file name anywhere."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path

from srbench import DatasetError, DatasetMissing, Formats, ImageError
from srbench.pictures import SUFFIXES, has_picture_name, is_hidden, is_picture, left_out

_LONGEST_ID = 100


def pictures(folder: Path, formats: Formats | None = None) -> dict[str, Path]:
    """Id to file, sorted by id: every file of `folder` with a picture's suffix, or of a format, that is not hidden.

    Other files and subfolders are passed over (`remark` counts them). Raises `DatasetMissing` when the folder is not
    there, `DatasetError` when it holds no picture, or two whose ids are the same (also where only upper and lower case
    tell them apart: many file systems do not), or a link to a picture that is not there.
    """
    if not folder.exists():
        raise DatasetMissing(f"{folder}: there is no such folder")
    if not folder.is_dir():
        raise DatasetError(f"{folder}: is a file; give the folder that the pictures are in")
    found: dict[str, Path] = {}
    dangling: list[Path] = []
    taken: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if has_picture_name(path) and path.is_symlink() and not path.exists():
            dangling.append(path)
        if is_picture(path) or (formats is not None and is_of_format(path, formats)):
            name = safe_id(path.stem)
            other = taken.setdefault(name.lower(), path)
            if other is not path:
                raise DatasetError(
                    f"{folder}: {other.name} and {path.name} would both have the id {name!r}; rename or remove one"
                )
            found[name] = path
    refuse_dangling(dangling)
    if not found:
        raise DatasetError(
            f"{folder}: holds no picture (a file ending in {', '.join(sorted(SUFFIXES))}); subfolders are not read"
        )
    return dict(sorted(found.items()))


def is_of_format(path: Path, formats: Formats) -> bool:
    """Whether a file that is not hidden is one that a format reads."""
    if is_hidden(path.name) or not path.is_file():
        return False
    try:
        return formats.of(path) is not None
    except ImageError:  # it lists others, or cannot be opened
        return False


def refuse_dangling(links: Sequence[Path]) -> None:
    """Raise `DatasetError` for links to pictures that are not there, if there are any."""
    if links:
        more = f"; nor are the files of {len(links) - 1} more links" if links[1:] else ""
        raise DatasetError(
            f"{links[0]}: is a symbolic link to {links[0].readlink()}, which is not there{more}; fetch what is missing "
            "(git annex get, dvc pull), or remove the links"
        )


def remark(folder: Path, name: str = "", known: Collection[str] = ()) -> list[str]:
    """A sentence about what was left out of a folder, hidden files apart; nothing where that is nothing.

    name: what the folder is called inside the dataset's. known: entries that have another meaning.
    """
    words = left_out(path for path in folder.iterdir() if path.name not in known)
    return [f"left out{' of ' if name else ''}{name}: {words}"] if words else []


def safe_id(stem: str) -> str:
    """The id of a file by its name without suffix: ASCII letters, digits, `.`, `_`, `-`; the same on every system.

    A name that is made of these already is its own id. From any other name the rest is replaced, and six digits of
    its hash are added, so that different names keep different ids: `Übung 1` becomes `Ubung_1-` and six digits.
    """
    stem = unicodedata.normalize("NFC", stem)  # the same name is spelled differently on macOS and Linux
    if re.fullmatch(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{_LONGEST_ID - 1}}}", stem):
        return stem
    unaccented = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", unaccented).strip("._-")[: _LONGEST_ID - 7]
    number = hashlib.sha256(stem.encode(errors="surrogateescape")).hexdigest()[:6]
    return f"{readable}-{number}" if readable else f"image-{number}"
