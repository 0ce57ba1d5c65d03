"""A folder of SR pictures, found by the names of the images that they are of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from string import Formatter

from srbench import Asked, Formats, Given, ImageError, Submission
from srbench.errors import ParameterError, SrbenchError
from srbench.pictures import has_picture_name, is_hidden

_PLACES = ("name", "dataset", "protocol", "scale")


class Results(Submission):
    """A folder of SR pictures that were made elsewhere: what a challenge was sent, or a closed program gave.

    Each is called as its image is: by the id, or by the name of HR's file, without suffix. Pictures may be of any
    format that is installed.
    """

    def __init__(self, path: Path, pattern: str = "{name}") -> None:
        """Where the pictures are.

        path: the folder. pattern: where the SR of an image is below it, without suffix: `{name}x4`, `{name}_SR`,
        `{dataset}/{name}`. `{dataset}` and `{protocol}` are the names that the matrix gives, `{scale}` is 4, or 10-7.
        """
        self.path, self.pattern = path, pattern
        try:
            used = [name for _, name, _, _ in Formatter().parse(pattern) if name is not None]
        except ValueError:
            used = []
        if "name" not in used or not set(used) <= set(_PLACES):
            places = ", ".join(f"{{{name}}}" for name in _PLACES)
            raise ParameterError(
                "pattern", f"a pattern holds {{name}}, and nothing in braces but {places}; not {pattern!r}"
            )
        if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
            raise ParameterError("pattern", f"{pattern!r} leads out of `path`")
        self.notes.append("The SR was made elsewhere: how long that took, and what it needed, is not known.")

    def find(self, asked: Sequence[Asked]) -> Given:
        """Look for the picture of each image; files in the same folders that are of none are `extra`."""
        found: dict[str, Path] = {}
        missing: dict[str, str] = {}
        there: dict[PurePosixPath, dict[str, list[Path]]] = {}
        formats = Formats()
        for one in asked:
            places = [self._place(one, name) for name in _names(one)]
            for place in places:
                if place.parent not in there:
                    there[place.parent] = _pictures(self.path / place.parent, formats)
                files = there[place.parent].get(place.name, [])
                if len(files) > 1:
                    raise SrbenchError(
                        f"{files[0]} and {files[1].name} are both the SR of one image; remove one of them"
                    )
                if files:
                    found[one.image] = files[0]
                    break
            else:
                missing[one.image] = str(places[-1])
        used = set(found.values())
        extra = (file for files in there.values() for same in files.values() for file in same if file not in used)
        return Given(found, missing, tuple(sorted(extra)))

    def _place(self, asked: Asked, name: str) -> PurePosixPath:
        scale = str(asked.scale).replace("/", "-")
        return PurePosixPath(
            self.pattern.format(name=name, dataset=asked.dataset, protocol=asked.protocol, scale=scale)
        )


def _names(asked: Asked) -> list[str]:
    """What the picture of an image may be called: its id, and its file's place and name without suffix."""
    place = PurePosixPath((asked.name or "").replace("\\", "/"))
    own = [_stem(place.as_posix()), _stem(place.name)] if asked.name else []
    return list(dict.fromkeys([asked.image, *own]))


def _stem(name: str) -> str:
    """A file's name without what says its format; in names of images there may be dots, too."""
    return re.sub(r"\.[A-Za-z][A-Za-z0-9]*(\.gz)?$", "", name)


def _pictures(folder: Path, formats: Formats) -> dict[str, list[Path]]:
    """The pictures of a folder by their names without suffix; none where it is not there."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and not is_hidden(path.name) and _is_picture(path, formats):
            found.setdefault(_stem(path.name), []).append(path)
    return found


def _is_picture(path: Path, formats: Formats) -> bool:
    try:
        return has_picture_name(path) or formats.of(path) is not None
    except ImageError:  # it lists others, or cannot be opened
        return False
