"""One step: the mean gradient of its batches, each optimiser its own parameters, rates by the schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from toys.training import (
    OneWeight,
    linear_stage,
    one_stage,
    picture,
    run_stage,
    training_set,
    with_changes,
)

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.training.data.batch import Batch
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.loop.group import Group
from srbench.training.loop.stages import StageError
from srbench.training.loop.steps import Stepper
from srbench.training.speed.precision import MixedPrecision


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


def stepper(stage: srbench.Stage, **changes: Any) -> Stepper:
    precision = MixedPrecision("32", torch.device("cpu"))
    context = FitContext(0, Budget("steps", 1), Path(), **changes)
    return Stepper([stage], Patches(training_set(picture(16, 16)), "y", 0), context, precision, Group())


def test_a_step_of_plain_descent_has_its_closed_form_under_the_schedule() -> None:
    network = OneWeight(1.0)
    stage = one_stage(network, schedule=lambda done: 1 - done)  # minimises w^2 / 2 at a rate of 0.1
    steps = stepper(stage)
    expected = 1.0
    for number, done in enumerate((0.0, 0.5, 0.75), start=1):
        steps.step(stage, number, done, "contiguous")
        expected -= 0.1 * (1 - done) * expected
        assert float(network.w.detach()) == pytest.approx(expected)
    # Rates are those of the beginning times the schedule, not one of another step times it.
    assert stage.optimisers["loss"].param_groups[0]["lr"] == pytest.approx(0.1 * 0.25)


def test_an_optimiser_moves_its_own_parameters_whatever_its_loss_depends_on() -> None:
    generator, critic = OneWeight(2.0), OneWeight(3.0)

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        return {"generator": generator.w * critic.w, "critic": critic.w**2 * generator.w.detach()}

    stage = one_stage(
        generator,
        networks={"g": generator, "c": critic},
        optimisers={
            name: torch.optim.SGD(network.parameters(), lr=0.01)
            for name, network in (("generator", generator), ("critic", critic))
        },
        step=step,
    )
    stepper(stage).step(stage, 1, 0.0, "contiguous")
    # Both losses are of the weights before either moved: the generator's gradient is 3, the critic's 2 * 3 * 2.
    assert float(generator.w.detach()) == pytest.approx(2 - 0.01 * 3)
    assert float(critic.w.detach()) == pytest.approx(3 - 0.01 * 12)


def test_a_step_that_minimises_nothing_is_named_with_what_it_could() -> None:
    stage = one_stage(OneWeight(), step=lambda batch: {"los": torch.tensor(1.0)})
    with pytest.raises(StageError, match=r"stage 'only': its step returned \['los'\].*minimise \['loss'\]"):
        stepper(stage).step(stage, 1, 0.0, "contiguous")


def test_batches_are_augmented_and_know_how_far_the_stage_is() -> None:
    stage = one_stage(OneWeight(), batch_size=3, augment=lambda batch: replace(batch, lr=batch.lr + 10))
    batch = stepper(stage).draw(stage, done=0.25)
    assert batch.progress == 0.25
    assert batch.lr.shape == (3, 1, 2, 2) and batch.hr.shape == (3, 1, 4, 4)
    assert float(batch.lr.min()) >= 10 and float(batch.hr.max()) <= 1


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (
            lambda loss: loss.mean(),
            "its step returned Tensor; it should return its losses by name, such as {'l1': loss}",
        ),
        (lambda loss: None, "its step returned NoneType"),
        (
            lambda loss: {"l1": loss},
            r"the loss 'l1' is Tensor of the shape \(2, 1, 4, 4\); it should be a tensor with one",
        ),
        (lambda loss: {"l1": 0.5}, "the loss 'l1' is float; it should be a tensor with one number"),
    ],
)
def test_a_step_that_returns_no_losses_is_told_what_it_should_return(
    returned: Callable[[torch.Tensor], object], message: str
) -> None:
    network = nn.Conv2d(1, 1, 1)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    stage = one_stage(
        OneWeight(),
        networks={"n": network},
        optimisers={"l1": optimiser},
        step=lambda batch: returned(network(batch.hr)),
        batch_size=2,
        patch=2,
    )
    with pytest.raises(StageError, match=f"^stage '.*': {message}"):
        stepper(stage).step(stage, 1, 0.0, "contiguous")
