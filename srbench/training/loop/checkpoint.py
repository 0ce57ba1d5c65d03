"""Checkpoints on disk: whole or not at all, two generations of them, and never trusted.

A checkpoint holds tensors, numbers, strings, lists and dictionaries only, and is read with `weights_only=True`.
"""

from __future__ import annotations

import io
import logging
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from srbench.errors import SrbenchError
from srbench.store.archives import refuse_compressed
from srbench.store.files import remove_leftovers, write_atomically
from srbench.store.records import LAST_CHECKPOINT

CHECKPOINT = LAST_CHECKPOINT
PREVIOUS = "checkpoint.previous.pt"
CHECKPOINTS = (CHECKPOINT, PREVIOUS)
"""What a training goes on from, the first of them that is sound."""
DAMAGED = "checkpoint.damaged.pt"

_log = logging.getLogger(__name__)


class CheckpointError(SrbenchError):
    """A checkpoint that cannot be written, read now, or continued; the message names the file."""


class Checkpoints:
    """The checkpoints of one training, in a folder: the latest, and the one before it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: Path | None = None

    def write(self, state: dict[str, Any]) -> None:
        """Put `state` in the place of the latest, so that a crash at any moment leaves a good one.

        What NumPy has in it is written as plain numbers and tensors. Raises `CheckpointError` for what could not be
        read again, and where it cannot be written.
        """
        import torch

        path = self._folder / CHECKPOINT
        buffer = io.BytesIO()
        torch.save(_plain(state, f"{path}: the training's state"), buffer)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.replace(self._folder / PREVIOUS)
        except OSError as error:
            raise CheckpointError(f"{path}: the checkpoint cannot be written: {error.strerror or error}") from error
        write_atomically(path, buffer.getvalue())

    def read(self) -> dict[str, Any] | None:
        """The latest that is sound, on the CPU; None when there is none. What is damaged is set aside, and logged.

        Raises `CheckpointError` where one that is there cannot be read for another reason: it may be sound.
        """
        remove_leftovers(self._folder)
        for path in (self._folder / name for name in CHECKPOINTS):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CheckpointError(f"{path}: cannot be read now: {error.strerror or error}") from error
            self._read = path
            try:
                return _decoded(data)
            except MemoryError:
                raise
            except Exception as error:  # a damaged archive fails in many ways, and all of them mean the same
                self.set_aside(f"it cannot be read ({type(error).__name__})")
        if self._read is not None:
            _log.warning("%s: no sound checkpoint is left, training starts over", self._folder)
        return None

    def set_aside(self, why: str) -> None:
        """Rename the one that was read, and say so in the log: nothing goes on from it any more."""
        assert self._read is not None
        _log.warning("%s: the checkpoint is set aside as %s: %s", self._read, DAMAGED, why)
        self._read.replace(self._folder / DAMAGED)

    def discard(self, why: str) -> None:
        """Remove them all, and say so in the log."""
        for name in CHECKPOINTS:
            (self._folder / name).unlink(missing_ok=True)
        _log.warning("%s: the checkpoint is discarded, training starts over: %s", self._folder / CHECKPOINT, why)


def read_last(path: Path) -> dict[str, Any] | None:
    """The last checkpoint of a training that is over, on the CPU; None where it is gone or damaged.

    Raises `CheckpointError` where it cannot be read for another reason: it may be sound.
    """
    try:
        return _decoded(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read now: {error.strerror or error}") from error
    except MemoryError:
        raise
    except Exception:  # as above
        _log.warning("%s: damaged", path)
        return None


def _decoded(data: bytes) -> dict[str, Any]:
    import torch

    refuse_compressed(io.BytesIO(data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:  # torch does not look at the checksums that it writes
        flipped = archive.testzip()
    if flipped is not None:
        raise zipfile.BadZipFile(f"the checksum of {flipped} is wrong")
    return dict(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))


def _plain(value: Any, where: str) -> Any:
    """The value without anything of NumPy, in which a schedule or an optimiser may well compute.

    Raises `CheckpointError` for what `weights_only=True` would refuse.
    """
    import torch

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, dict):
        made = {_plain(name, where): _plain(part, f"{where}, {name!r}") for name, part in value.items()}
        if not isinstance(value, OrderedDict):
            return made
        ordered = OrderedDict(made)
        ordered.__dict__.update(value.__dict__)  # versions of modules, which `state_dict` keeps there
        return ordered
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        parts = [_plain(part, where) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    if value is None or isinstance(value, (bool, int, float, str, bytes, torch.Tensor, torch.Size, torch.dtype)):
        return value
    raise CheckpointError(
        f"{where} holds {type(value).__name__} {value!r}, which no checkpoint can: keep tensors, numbers, texts, lists "
        "and dictionaries in networks, optimisers and averages"
    )
