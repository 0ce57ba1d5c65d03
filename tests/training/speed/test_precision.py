"""How a step is computed: mixed precision, memory formats."""

from pathlib import Path

import pytest
import torch
from torch import nn
from toys.training import (
    OneWeight,
    Toy,
    many_images,
    one_stage,
    run_stage,
    training_set,
)

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.training.data.batch import Batch
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.speed.precision import MixedPrecision, PrecisionError

CPU = torch.device("cpu")


# --- mixed precision ----------------------------------------------------------------------------------------------


def test_fp16_is_refused_on_a_cpu(tmp_path: Path) -> None:
    with pytest.raises(PrecisionError, match="fp16 needs a GPU; on a CPU use precision: bf16"):
        run_stage(one_stage(OneWeight()), tmp_path, 1, precision="fp16")


def test_fp16_scales_losses_and_updates_by_the_plain_gradient() -> None:
    precision = MixedPrecision("fp16", CPU)
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    optimiser = torch.optim.SGD([weight], lr=0.1)
    with precision.autocast():
        product = weight[:, None] @ weight[None]
    assert product.dtype == torch.float16
    precision.backward(weight.square().sum(), [weight])
    assert weight.grad is not None and weight.grad[0] > 1000, "the gradient is that of the scaled loss"
    precision.step([optimiser], clip=None)
    torch.testing.assert_close(weight.detach(), torch.tensor([0.8, 1.6]))
    optimiser.zero_grad()
    precision.backward(weight.sum(), [weight])
    precision.step([optimiser], clip=0.5)  # of the norm of the plain gradient, which is sqrt(2)
    step = 0.1 * 0.5 / 2**0.5
    torch.testing.assert_close(weight.detach(), torch.tensor([0.8 - step, 1.6 - step]))
    assert precision.skipped == 0


@pytest.mark.parametrize("clip", [None, 1.0])
def test_fp16_skips_and_counts_steps_with_infinite_gradients(clip: float | None) -> None:
    precision = MixedPrecision("fp16", CPU)
    weights = [nn.Parameter(torch.tensor(1.0)) for _ in range(2)]
    optimisers = [torch.optim.SGD([weight], lr=0.1) for weight in weights]
    for factor in (1.0, float("inf"), 1.0):
        for weight, optimiser in zip(weights, optimisers, strict=True):
            optimiser.zero_grad()
            # Only the second optimiser's gradient ever is infinite.
            precision.backward(weight * (factor if weight is weights[1] else 1.0), [weight])
        precision.step(optimisers, clip)
    assert precision.skipped == 1
    assert [weight.item() for weight in weights] == pytest.approx([0.7, 0.8])

    again = MixedPrecision("fp16", CPU)
    again.restore(precision.state())
    assert again.state() == precision.state()
    assert again.skipped == 1 and again.state()["scaler"]["scale"] == 2**15
    again.clear_skipped()
    assert again.skipped == 0


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_validation_and_upscaling_are_in_32_bits(tmp_path: Path, precision: str) -> None:
    seen = {}
    convolution = nn.Conv2d(1, 1, 3, padding=1)

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        seen["step"] = convolution(batch.lr)
        return {"loss": seen["step"].float().square().mean()}

    def score(batch: Batch) -> float:
        seen["validation"] = convolution(batch.lr)
        return 0.0

    optimiser = torch.optim.SGD(convolution.parameters(), lr=0.1)
    stage = srbench.Stage("only", {"n": convolution}, {"loss": optimiser}, step, 1, 4, validate=score)
    patches = Patches(training_set(*many_images(5)), "y", 0)
    engine.train([stage], patches, FitContext(0, Budget("steps", 2), tmp_path, precision=precision))  # type: ignore[arg-type]
    assert seen["step"].dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)
    assert seen["validation"].dtype == torch.float32


def test_losses_that_are_looked_at_late_still_name_the_first_step_that_was_not_finite() -> None:
    """On a GPU losses are looked at now and then."""
    from srbench.training.loop.losses import NotFinite, RunningLosses

    losses = RunningLosses()
    for step in range(1, 9):
        losses.add({"always": torch.tensor(float(step))}, step)
        if step % 2 == 0:
            losses.add({"sometimes": torch.tensor(float("inf") if step == 6 else 1.0)}, step)
    with pytest.raises(NotFinite) as caught:
        losses.means()
    assert (caught.value.name, caught.value.step, caught.value.value) == ("sometimes", 6, float("inf"))
    losses.clear()
    losses.add({"a": torch.tensor(1.0), "b": torch.tensor(4.0)}, 1)
    losses.add({"a": torch.tensor(2.0)}, 2)
    again = RunningLosses()
    again.restore(losses.state(), CPU)
    assert again.means() == losses.means() == {"a": 1.5, "b": 4.0}


# --- memory formats -----------------------------------------------------------------------------------------------


class Last(Toy):
    memory_format = "channels_last"


def test_a_model_trained_in_channels_last_is_used_so(tmp_path: Path) -> None:
    seen = []
    method = Last()
    method.fit(training_set(*many_images(3)), FitContext(0, Budget("steps", 6), tmp_path))
    method.save(tmp_path / "model")
    again = Last()
    again.load(tmp_path / "model")
    for one in (method, again):
        weight = one.networks["generator"].body[4].weight
        seen.append(weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous())
    assert seen == [True, True]
    lr = torch.rand(1, 3, 9, 7)
    assert torch.equal(method.upscale(lr, 2), again.upscale(lr, 2))
