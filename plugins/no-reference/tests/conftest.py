"""Weights in a data root of their own: seeded ones, since comparing arithmetic needs no published ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import srbench
from srbench.pictures import to_tensor
from srbench.registry.registry import registry
from srbench.store.files import sha256

Put = Callable[[str, bytes], Path]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Make bytes the file of some weights: in an otherwise empty data root, and declared with the hash they have."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()

    def place(name: str, content: bytes) -> Path:
        (declared,) = registry()._weights[name]
        path = tmp_path / "weights" / declared.file.file
        path.write_bytes(content)
        true = replace(declared.file, sha256=sha256(path), size=len(content))
        monkeypatch.setitem(registry()._weights, name, [replace(declared, file=true)])
        return path

    return place


@pytest.fixture
def picture() -> Callable[..., torch.Tensor]:
    """A maker of images as metrics see them, of waves and grain in a depth; no part of them is flat.

    No luma lies in the middle between two levels, which programs round to either side.
    """

    def made(height: int, width: int, channels: int, depth: type = np.uint8) -> torch.Tensor:
        rng = np.random.default_rng(height * width)
        rows, columns = np.mgrid[0:height, 0:width]
        waves = 0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)
        image = (waves[..., None] + rng.normal(0, 0.1, (height, width, channels))).clip(0, 1)
        white = float(np.iinfo(depth).max)
        levels = (image * white).round().astype(depth)
        if channels == 3:
            levels[..., 0] ^= levels @ np.array([299, 587, 114]) % 1000 == 500
        return to_tensor(levels, srbench.Values(0, white), torch.float64)

    return made
