"""Learned tensors on disk, read by safetensors itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from srbench.store.files import StoreError
from srbench.training import write_tensors


def test_safetensors_reads_what_was_written_and_whoever_may_read_new_files_may_read_it(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.int64)}
    before = os.umask(0o027)
    try:
        write_tensors(tmp_path / "w.safetensors", tensors)
    finally:
        os.umask(before)
    read = load_file(tmp_path / "w.safetensors")
    assert read.keys() == tensors.keys() and all(read[name].equal(tensors[name]) for name in tensors)
    assert (tmp_path / "w.safetensors").stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    write_tensors(tmp_path / "w.safetensors", {"a": torch.ones(2)})
    with pytest.raises(StoreError, match="cannot be written"):
        write_tensors(tmp_path / "absent" / "w.safetensors", {"a": torch.zeros(2)})
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]
