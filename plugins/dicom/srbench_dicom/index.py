"""A DICOMDIR: the index of a medium or a folder (PS3.3 annex F), which holds no picture itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pydicom
from pydicom.uid import MediaStorageDirectoryStorage

from srbench.pictures import ImageError

from .header import all_of


def is_index(head: bytes) -> bool:
    """Whether a DICOM file that begins so is a DICOMDIR, by its kind."""
    return MediaStorageDirectoryStorage.encode() in head


def listed_files(path: Path) -> list[Path]:
    """The files of all records in use, below the folder of the DICOMDIR, there or not.

    Names are upper case by the standard; where a system shows those of a medium in lower case, they are found all the
    same. Raises `ImageError` for a name that leads out of the folder.
    """

    @cache
    def inside(folder: Path) -> dict[str, Path]:
        entries = list(folder.iterdir()) if folder.is_dir() else []
        return {one.name.casefold(): one for one in entries} | {one.name: one for one in entries}

    found = []
    for record in pydicom.dcmread(path).get("DirectoryRecordSequence") or ():
        if not record.get("ReferencedFileID") or record.get("RecordInUseFlag") == 0:
            continue
        file = path.parent
        for part in all_of(record.ReferencedFileID):
            if part in ("", ".", "..") or "/" in part or "\\" in part:
                raise ImageError("lists a file that does not lie below its folder; it is damaged")
            known = inside(file)
            file = known.get(part) or known.get(part.casefold()) or file / part
        found.append(file)
    return found
