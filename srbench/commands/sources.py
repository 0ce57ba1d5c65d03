"""The files that `srbench upscale` is given, and where their SR goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.contract.format import Format, IndexFile
from srbench.errors import SrbenchError
from srbench.pictures import ImageError
from srbench.pictures.names import has_picture_name, is_hidden, is_picture, left_out
from srbench.registry.formats import Formats
from srbench.weights.unpacked import unpacked

_OUTPUT_SUFFIXES = (".png", ".tiff")


@dataclass(frozen=True)
class Picture:
    """A file to be upscaled.

    target: where its SR goes; the suffix, `.png` or `.tiff`, is decided by its depth. format: what reads and writes it,
    where it is of a format that a plugin knows; SR is then a file of the same format, and `target` its whole name.
    """

    path: Path
    target: Path
    format: Format | None = None

    @classmethod
    def of(cls, path: Path, place: Path, format: Format | None) -> Picture:
        """The file, with SR in `place`, where its name stands in the output folder."""
        return cls(path, place.with_suffix("") if format is None else place, format)

    def existing(self) -> Path | None:
        """What already stands in the place of its SR."""
        if self.format is not None:
            return self.target if self.target.exists() else None
        found = (self.target.with_name(self.target.name + suffix) for suffix in _OUTPUT_SUFFIXES)
        return next((path for path in found if path.exists()), None)


@dataclass(frozen=True)
class Sources:
    """What is to be upscaled. passed_over: the other files in the folders, in words: `3 files (.avif, .gif)`; empty
    where there are none."""

    pictures: tuple[Picture, ...]
    passed_over: str


def find_sources(paths: Iterable[Path], out: Path, params: Mapping[str, Mapping[str, Any]] | None = None) -> Sources:
    """Files as they are, folders and zips as all the pictures in them and below them, with their place in the folder.

    params: of formats, by their names. Of a file that lists others (a DICOMDIR) these are taken. Hidden files and
    folders are passed over, and what lies in `out` already, when a folder holds it. Each file is opened once. Raises
    `SrbenchError` for wrong parameters, a damaged zip, a folder without pictures, when two pictures would become one
    file, and when SR would replace one of the pictures.
    """
    found: list[Picture] = []
    others: list[Path] = []
    formats = Formats(params)
    for path in map(_unpacked_zip, paths):
        folder, files = (path, _visible(path, out)) if path.is_dir() else (path.parent, [path])
        known, listed = _formats_of(files, formats)
        # What is named, or listed and not found, is told in its turn if it cannot be read.
        more, _ = _formats_of([one for one in listed if one not in known], formats)
        wanted = {*more} if path.is_dir() else {path, *more}
        chosen = []
        for one, format in (known | more).items():
            if format is not None or one in wanted or is_picture(one) or _leads_nowhere(one):
                chosen.append(Picture.of(one, out / one.relative_to(folder), format))
            else:
                others.append(one)
        if not chosen:
            raise SrbenchError(f"there is no picture in {path}")
        found += chosen
    _check_targets(found)
    return Sources(tuple(found), left_out(others))


def _unpacked_zip(path: Path) -> Path:
    zipped = path.suffix.lower() == ".zip" and path.is_file()
    return (zipped and unpacked(path)) or path


def _formats_of(files: Iterable[Path], formats: Formats) -> tuple[dict[Path, Format | None], list[Path]]:
    """The format of each file, None where there is none or it cannot be opened; and what indices among them list."""
    known: dict[Path, Format | None] = {}
    listed: list[Path] = []
    for one in files:
        try:
            known[one] = formats.of(one)
        except IndexFile as index:
            listed += index.files
        except ImageError:
            known[one] = None
    return known, listed


def _visible(folder: Path, out: Path) -> list[Path]:
    """The files in a folder and below it that are not hidden, sorted; not those in `out`, when that lies in it."""
    files = sorted(
        one
        for one in folder.rglob("*")
        if not one.is_dir() and not any(is_hidden(part) for part in one.relative_to(folder).parts)
    )
    if folder.resolve() in out.resolve().parents:  # an earlier SR is not to be upscaled again
        files = [one for one in files if not one.resolve().is_relative_to(out.resolve())]
    return files


def _leads_nowhere(path: Path) -> bool:
    """A link to a picture that is not there: that is to be told in its turn, and not passed over."""
    return has_picture_name(path) and path.is_symlink() and not path.exists()


def _check_targets(found: Iterable[Picture]) -> None:
    targets: dict[str, Path] = {}
    sources = {picture.path.resolve() for picture in found}
    for picture in found:
        suffixes = _OUTPUT_SUFFIXES if picture.format is None else ("",)
        # Not every file system tells upper from lower case.
        other = targets.setdefault(str(picture.target).casefold(), picture.path)
        if other is not picture.path:
            raise SrbenchError(
                f"{other} and {picture.path} would both become {picture.target}{suffixes[0]}; upscale them into "
                "folders of their own"
            )
        for suffix in suffixes:
            if picture.target.with_name(picture.target.name + suffix).resolve() in sources:
                raise SrbenchError(f"the SR would overwrite the picture {picture.path} itself; choose another --out")
