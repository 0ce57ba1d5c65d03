"""Benchmarks whose machine is seldom there: that they run, in sizes that take no time."""

from __future__ import annotations

import numpy as np
import pytest
from srbench_images.builtin import Textures

from benchmarks import on_gpu, training
from srbench import Item
from srbench.pictures import Values


def test_what_is_drawn_on_a_gpu_is_drawn_without_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"LR_SIDE": 8, "SAMPLER_STEPS": 2}.items():
        monkeypatch.setattr(on_gpu, name, value)
    on_gpu.compare_sampling(list(Textures().train())[:2], 1, "cpu")
    assert "ratio" in capsys.readouterr().out


@pytest.mark.parametrize("network", training.ARCHITECTURE)
def test_both_sides_train_whose_trainings_are_timed(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SUB_IMAGE", 64)
    hr = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    lr = training.PROTOCOL.lr(hr, Values.of(hr), "one")
    items = [Item("one", hr, {(training.PROTOCOL.degradation.shipped_as, training.SCALE): lr})]
    setting = training.Setting(network, batch=1, patch=8, device="cpu", warm=1, steps=1)
    for side in (training.Plain(items), training.Ours(items, "32")):
        assert side.turn(setting) > 0
