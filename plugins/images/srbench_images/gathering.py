"""The pictures below a folder, whatever formats their files are of, and what was left out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from srbench import DatasetError, DatasetMissing, Formats, Frame, ImageError, IndexFile, Picture, unpacked
from srbench.errors import SrbenchError
from srbench.pictures import has_picture_name, is_hidden, left_out

from .listing import refuse_dangling

_NAMED = 3
"""How many files are named that were left out for one reason."""
_SPACING = 0.01
"""How far a picture's spacing may be from what is asked for, as a part of it: headers round."""


@dataclass(frozen=True)
class Found:
    """A picture below a folder. place: its file's path there. frame: what its header says, where a format reads it."""

    place: Path
    path: Path
    picture: Picture
    frame: Frame | None = None

    @property
    def name(self) -> str:
        """The place as one word, see `called`."""
        return self.called(self.place)

    def called(self, place: Path) -> str:
        """A place with `-` for `/`, and the key of the frame: not to be published where ids are coded."""
        return "-".join([*place.parts[:-1], self.stem, *([self.frame.key] if self.frame and self.frame.key else [])])

    @property
    def stem(self) -> str:
        """The file's name without what says its format; names of DICOM files may be numbers with dots alone."""
        return re.sub(r"\.[A-Za-z][A-Za-z0-9]*(\.gz)?$", "", self.place.name) or self.place.name


@dataclass
class Gathered:
    """root: the folder that was looked through. pictures: in the order of their places. others: files that are none.
    reasons: why pictures were left out, with the names of their files."""

    root: Path
    pictures: list[Found] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    reasons: dict[str, list[str]] = field(default_factory=dict)

    def remarks(self, nameless: bool) -> list[str]:
        """Sentences on what was left out. nameless: without the files' names."""
        words = left_out(self.others)
        told = [f"left out: {words}"] if words else []
        for reason, names in sorted(self.reasons.items()):
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            which = "" if nameless else f" ({', '.join(names[:_NAMED])}{more})"
            told.append(f"left out: {len(names)} {'file' if len(names) == 1 else 'files'}{which}: {reason}")
        return told

    def leave_out(self, path: Path, reason: str) -> None:
        """Note that a file's pictures were left out."""
        self.reasons.setdefault(reason, []).append(path.name)

    def can_be_read(self, one: Found, look: Callable[[Picture], object]) -> bool:
        """Whether somebody can look at a picture; where not, that is noted."""
        try:
            look(one.picture)
        except ImageError as error:
            self.leave_out(one.path, _reason(error, one.path))
            return False
        return True


def roots(path: Path) -> Iterator[Path]:
    """Where the pictures of a dataset may lie, the next where the one before holds none: the folder that is named, then
    what its zip archives hold; what the archive that is named holds; or a file that lists others (a DICOMDIR).

    Raises `DatasetMissing` where there is nothing, and `DatasetError` where an archive cannot be unpacked.
    """
    if not path.exists():
        raise DatasetMissing(f"{path}: there is no such folder")
    listed = None if path.is_dir() else listed_in(path, Formats())
    if path.is_dir() or listed is not None:
        yield path
    if listed is not None:
        return
    try:
        held = unpacked(path)
    except SrbenchError as error:
        raise DatasetError(str(error)) from error
    if held is not None:
        yield held


def gather(
    root: Path,
    files: str,
    formats: Mapping[str, Mapping[str, object]],
    only: Mapping[str, str],
    spacing: float | None,
    beside: frozenset[Path] = frozenset(),
) -> Gathered:
    """Look for pictures below a folder that exists, from headers alone.

    root: the folder, or a file that lists what is below its own (a DICOMDIR): then these files alone. files: which, as
    `Path.glob` has it. formats: parameters of formats. only: facts that headers have to tell. spacing: the distance of
    pixels that a picture has to have. beside: files that are no pictures of the set (masks).
    Raises `DatasetError` for links to pictures that are not there.
    """
    known, dangling = Formats(formats), []
    folder, listed = (root, None) if root.is_dir() else (root.parent, listed_in(root, known))
    found = Gathered(folder)
    gone = {path for path in listed or () if not path.exists()}
    for path, place in _visible(folder, files):
        if not path.is_file():
            if has_picture_name(path) and path.is_symlink() and not path.exists():
                dangling.append(path)
            continue
        if path in beside or (listed is not None and path not in listed):
            continue
        try:
            frames = known.frames(path)
        except IndexFile as index:
            gone |= {file for file in index.files if not file.exists()}
            continue
        except ImageError as error:
            found.leave_out(path, _reason(error, path))
            continue
        if frames is None and has_picture_name(path) and not only and spacing is None:
            found.pictures.append(Found(place, path, path))
        elif frames is None:
            found.others.append(path)
        else:
            chosen = [(frame, part) for frame, part in frames if _is_asked_for(frame, only, spacing)]
            if not chosen:
                found.leave_out(path, "not what `only` or `spacing` asks for")
            found.pictures += [Found(place, path, part, frame) for frame, part in chosen]
    refuse_dangling(dangling)
    for path in sorted(gone):
        found.leave_out(path, "listed by a DICOMDIR or its like, and not there")
    return found


def listed_in(path: Path, known: Formats) -> frozenset[Path] | None:
    """The files that a file lists, as a DICOMDIR does; None where it lists none."""
    try:
        known.of(path)
    except IndexFile as index:
        return frozenset(index.files)
    except ImageError:
        pass
    return None


def _visible(folder: Path, files: str) -> Iterator[tuple[Path, Path]]:
    """Each path with its place below the folder."""
    for path in sorted(folder.glob(files), key=str):
        place = path.relative_to(folder)
        if not any(map(is_hidden, place.parts)):
            yield path, place


def _is_asked_for(frame: Frame, only: Mapping[str, str], spacing: float | None) -> bool:
    if any(frame.facts.get(name) != value for name, value in only.items()):
        return False
    if spacing is None:
        return True
    return frame.spacing is not None and all(abs(one - spacing) <= _SPACING * spacing for one in frame.spacing)


def _reason(error: ImageError, path: Path) -> str:
    """The error without the path, which may hold a name."""
    return str(error).replace(f"{path}: ", "").replace(str(path), "it").replace(path.name, "it")
