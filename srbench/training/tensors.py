"""Learned tensors in a file of safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.store.files import write_atomically

if TYPE_CHECKING:
    import torch


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write tensors by name, whole or not at all, with the permissions of any new file. Raises `StoreError`.

    safetensors' own `save_file` leaves half a file on a full disk, and one that nobody else may read.
    """
    from safetensors.torch import save

    write_atomically(path, save(dict(tensors)))
