"""Archives of a user's own: unpacked once, into the user's cache, for whoever reads files."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from srbench.pictures import is_hidden
from srbench.store.cache import alone
from srbench.store.cell import digest
from srbench.store.files import stamp
from srbench.store.user_folder import user_cache
from srbench.weights.unpack import UnpackError, unpack_whole

_SPLITS = frozenset({"train", "training", "test", "testing", "validation"})
_log = logging.getLogger(__name__)


def unpacked(path: Path) -> Path | None:
    """The folder, in the user's cache, with what an archive (zip or tar) holds, or all zip archives in a folder.

    A folder around everything in an archive is left out, unless its name is that of a split. Of several archives each
    has a folder of its own, called as it is without its suffix. They are unpacked when they are first asked for, and
    anew when one of them changes, which removes what was there. None where the folder `path` holds no archive. Raises
    `UnpackError`.
    """
    archives = [path] if not path.is_dir() else sorted(filter(_is_archive, path.iterdir()))
    if not archives:
        return None
    place = user_cache() / "archives" / digest(str(path.resolve()))[:16]
    try:
        folder = place / digest([[one.name, *stamp(one)] for one in archives])[:16] / path.stem
        if not folder.is_dir():
            with alone(place):
                if not folder.is_dir():
                    _unpack(archives, place, folder)
    except OSError as error:
        raise UnpackError(
            f"{path}: cannot be unpacked into {place}: {error.strerror or error}; unpack it yourself, and name the "
            "folder"
        ) from error
    return folder


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file() and not is_hidden(path.name)


def _unpack(archives: Sequence[Path], place: Path, folder: Path) -> None:
    # The archives' names may tell what must not be in a log.
    size = sum(archive.stat().st_size for archive in archives) / 1e6
    number = "an archive" if len(archives) == 1 else f"{len(archives)} archives"
    _log.warning("unpacking %s of %.0f MB into %s", number, size, place)
    shutil.rmtree(place, ignore_errors=True)
    unfinished = place / "unfinished"
    made = unfinished / "made" / folder.name
    try:
        for archive in archives:
            whole = unfinished / "whole" / archive.name
            whole.mkdir(parents=True)
            unpack_whole(archive, whole)
            target = made / archive.stem if len(archives) > 1 else made
            target.parent.mkdir(parents=True, exist_ok=True)
            _inmost(whole).rename(target)
        os.sync()  # so that what has its name is whole, also after a crash
        made.parent.rename(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _inmost(folder: Path) -> Path:
    """The folder below those that hold nothing but a folder that is no split."""
    inside = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir() and inside[0].name.lower() not in _SPLITS:
        (folder,) = inside
        inside = list(folder.iterdir())
    return folder
