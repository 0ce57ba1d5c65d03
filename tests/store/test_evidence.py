"""What is shown of a trained extractor comes back from its folder as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from srbench.store.details import ConfusionMatrix
from srbench.store.evidence import Evidence, MaskShown
from srbench.store.files import StoreError


def _mask_shown(seed: int) -> MaskShown:
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (7, 5, 3), np.uint8)
    return MaskShown(f"image {seed}", seed / 4, picture, random.random((7, 5)) > 0.5, random.random((7, 5)) > 0.5)


def test_confusion_and_masks_come_back_as_they_were(tmp_path: Path) -> None:
    written = Evidence(ConfusionMatrix(("a", "ö"), ((3, 0), (1.5, 2))), (_mask_shown(1), _mask_shown(2)))
    written.write(tmp_path)
    read = Evidence.read(tmp_path)
    assert read.confusion == written.confusion
    for one, other in zip(read.masks, written.masks, strict=True):
        assert (one.image, one.dice) == (other.image, other.dice)
        for name in ("picture", "true", "found"):
            assert np.array_equal(getattr(one, name), getattr(other, name))


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    Evidence().write(tmp_path)
    assert not list(tmp_path.iterdir())
    read = Evidence.read(tmp_path)
    assert (read.confusion, read.masks) == (None, ())


@pytest.mark.parametrize("name", ["confusion.json", "masks.json", "masks/0-found.png"])
def test_what_is_damaged_is_told(tmp_path: Path, name: str) -> None:
    Evidence(ConfusionMatrix(("a",), ((1,),)), (_mask_shown(0),)).write(tmp_path)
    (tmp_path / name).write_bytes(b"{")
    with pytest.raises(StoreError, match="cannot be read"):
        Evidence.read(tmp_path)
    if name.startswith("masks/"):
        (tmp_path / name).unlink()
        with pytest.raises(StoreError, match="cannot be read"):
            Evidence.read(tmp_path)
