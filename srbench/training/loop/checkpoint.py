"""Checkpoints on disk: whole or not at all, and never trusted.

A checkpoint holds tensors, numbers, strings, lists and dictionaries only, and is read with `weights_only=True`.
"""

from __future__ import annotations

import logging
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from srbench.errors import SrbenchError

CHECKPOINT = "checkpoint.pt"

_log = logging.getLogger(__name__)


class CheckpointError(SrbenchError):
    """A checkpoint that cannot be written; the message names the file."""


def write_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Put `state` in the place of the folder's checkpoint, so that a crash at any moment leaves the old or the new."""
    import torch

    path = folder / CHECKPOINT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{CHECKPOINT}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise CheckpointError(f"{path}: the checkpoint cannot be written: {error}") from error


def read_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The folder's checkpoint, on the CPU; None when there is none, or when it is damaged (noted in the log).

    Also removes what writers that were killed have left behind: a folder belongs to one training at a time.
    """
    import torch

    for leftover in folder.glob(f".{CHECKPOINT}.*"):
        leftover.unlink(missing_ok=True)
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as archive:  # torch does not look at the checksums that it writes
            flipped = archive.testzip()
        if flipped is not None:
            raise zipfile.BadZipFile(f"the checksum of {flipped} is wrong")
        state: dict[str, Any] = dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # a damaged archive fails in many ways, and all of them mean the same
        discard_checkpoint(folder, f"it cannot be read ({type(error).__name__})")
        return None
    return state


def discard_checkpoint(folder: Path, why: str) -> None:
    """Remove the folder's checkpoint and say so in the log."""
    path = folder / CHECKPOINT
    path.unlink(missing_ok=True)
    _log.warning("%s: the checkpoint is discarded, training starts over: %s", path, why)
