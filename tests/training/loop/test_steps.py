"""One step: the mean gradient of its batches, each optimiser its own parameters, rates by the schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from toys.training import (
    OneWeight,
    linear_stage,
    one_stage,
    picture,
    run_stage,
    training_set,
    with_changes,
)

from srbench.contract.fit import Budget, FitContext
from srbench.training.data.batch import Batch
from srbench.training.data.patches import Patches
from srbench.training.loop import engine


def test_accumulated_batches_are_one_large_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches are drawn one after the other from one list, so that 3 batches of 4 hold the same as one of 12."""
    generator = torch.Generator().manual_seed(0)
    lr, hr = torch.rand(60, 1, 2, 2, generator=generator), torch.rand(60, 1, 4, 4, generator=generator)
    weights, histories = [], []
    for size, accumulate in ((12, 1), (4, 3)):
        places = iter(range(0, 60, size))

        def draw(self: Patches, count: int, patch: int, label: str | None, places: object = places) -> object:
            place = next(places)
            return (
                lr[place : place + count].numpy(),
                hr[place : place + count].numpy(),
                torch.full((count,), -1).numpy(),
            )

        monkeypatch.setattr(Patches, "draw", draw)
        network, stage = linear_stage(batch_size=size, accumulate=accumulate, clip=0.05)
        histories.append(run_stage(stage, tmp_path / str(size), 5).history)
        weights.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    torch.testing.assert_close(weights[0], weights[1])
    for one, other in zip(*histories, strict=True):
        assert one["mse"] == pytest.approx(other["mse"], rel=1e-5)
        assert one["step"] == other["step"]


def test_patches_of_all_accumulated_batches_count(tmp_path: Path) -> None:
    _, stage = linear_stage(accumulate=3)
    patches = Patches(training_set(picture(16, 16)), "y", 0)
    history = engine.train([stage], patches, FitContext(0, Budget("images", 60), tmp_path)).history
    assert history[-1]["step"] == 5


def test_an_optimiser_rests_when_no_batch_has_its_loss(tmp_path: Path) -> None:
    network, other = OneWeight(), OneWeight()
    calls = iter(range(100))

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        losses = {"loss": 0.5 * network.w**2}
        return losses | ({"late": 0.5 * other.w**2} if next(calls) == 2 else {})

    stage = one_stage(network, networks={"n": network, "o": other}, step=step, accumulate=2)
    optimisers = {**stage.optimisers, "late": torch.optim.SGD(other.parameters(), lr=0.1)}
    run_stage(with_changes(stage, optimisers=optimisers), tmp_path, 4)
    # Of two batches one had the loss: the mean gradient is half of it, once.
    assert other.w.item() == pytest.approx(1 - 0.1 * 0.5)
    assert network.w.item() == pytest.approx(0.9**4)
