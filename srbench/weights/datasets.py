"""Published datasets on this machine: downloaded, verified, unpacked into the data root in one step."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal

from srbench.contract.published import PublishedArchive, PublishedDataset
from srbench.weights.data_root import data_root
from srbench.weights.download import DownloadError, Progress, disk_error, download, has_checksum, held, part_of
from srbench.weights.unpack import unpack

FOLDER = "downloads"
State = Literal["here", "partly here", "absent"]


def dataset_folder(published: PublishedDataset) -> Path:
    """Where a published dataset belongs, whether it is there or not."""
    return data_root() / published.folder


def archive_place(archive: PublishedArchive) -> Path:
    """Where an archive is kept, whether it is there or not: under its publisher's name in `downloads`."""
    return data_root() / FOLDER / archive.file


def dataset_state(published: PublishedDataset) -> State:
    """Whether the dataset is there: its folder appears whole or not at all."""
    if _is_there(dataset_folder(published)):
        return "here"
    places = [(archive_place(archive), archive.checksum) for archive in published.archives]
    begun = any(path.is_file() or part_of(path, checksum).is_file() for path, checksum in places)
    return "partly here" if begun else "absent"


def fetch_dataset(published: PublishedDataset, progress: Progress = lambda here, total: None) -> list[Path]:
    """Download what is missing of a dataset, verify it, and unpack it into its folder; returns the archives, all kept.

    An archive that is in `downloads` already is verified and used. Everything is unpacked beside the folder, which
    appears when all is there; no other file under the data root changes. Raises `DownloadError`, or `UnpackError`.
    """
    folder = dataset_folder(published)
    if _is_there(folder):
        raise DownloadError(
            f"{folder} is there already, and is not {published.name} as it is published; nothing in it was touched. "
            "Rename it, and run the same command again"
        )
    places = []
    for archive in published.archives:
        place = archive_place(archive)
        try:
            if not has_checksum(place, archive.checksum):
                download(archive.url, place, checksum=archive.checksum, size=archive.size, progress=progress)
        except OSError as error:
            raise disk_error(error, place) from error
        places.append(place)
    _unpack_all(published, places, folder)
    return places


def _unpack_all(published: PublishedDataset, places: list[Path], folder: Path) -> None:
    unfinished = folder.with_name(f".{folder.name}.unpacking")
    try:
        with places[0].open("r+b") as first, held(first, "unpacking"):
            if _is_there(folder):  # another process was faster
                return
            shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
            unfinished.mkdir(parents=True)
            try:
                for archive, place in zip(published.archives, places, strict=True):
                    unpack(place, archive.members, unfinished)
                os.sync()  # so that what has its name is whole, also after a crash
                unfinished.rename(folder)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, folder) from error


def _is_there(folder: Path) -> bool:
    """Whether there is anything in a folder's place, apart from an empty one."""
    return folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir())))
