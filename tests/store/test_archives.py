"""Archives of torch pass, those that unpack to more than they take do not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import torch

from srbench.store.archives import refuse_compressed
from srbench.weights.lookup import WeightsDamaged, read_tensors


@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_writes_passes_in_either_format(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "w.pth"
    torch.save({"a": torch.ones(1000)}, path, _use_new_zipfile_serialization=zipped)
    refuse_compressed(path)
    assert read_tensors(path)["a"].sum() == 1000


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    whole = io.BytesIO()
    torch.save({"a": torch.zeros(1 << 24)}, whole)
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(whole) as given, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for entry in given.infolist():
            bomb.writestr(entry.filename, given.read(entry))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(WeightsDamaged, match="is compressed, which no checkpoint of torch is"):
        read_tensors(path)


def test_files_that_are_no_archives_are_not_its_affair(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"PK, but not for long")
    refuse_compressed(tmp_path / "a")
    refuse_compressed(io.BytesIO(b""))
