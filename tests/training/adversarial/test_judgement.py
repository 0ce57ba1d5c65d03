"""Adversarial losses against the papers' formulas, and one step against gradients worked out beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import BCEWithLogitsLoss

from srbench.training.adversarial.judgement import (
    adversarial_step,
    discriminator_loss,
    generator_loss,
    relativistic_loss,
)
from srbench.training.data.batch import Batch

logits = st.lists(st.floats(-8, 8), min_size=1, max_size=6)


def test_the_plain_losses_are_the_cross_entropies_of_the_paper() -> None:
    real, fake = torch.tensor([[1.5], [-0.3], [40.0]]), torch.tensor([[0.2], [-2.0], [30.0]])
    judged_real, judged_fake = (1 / (1 + np.exp(-values.double().numpy())) for values in (real, fake))
    assert float(generator_loss("plain", fake, real)) == pytest.approx(-np.log(judged_fake).mean(), rel=1e-6)
    # 1 - D(SR) is 1 / (1 + exp(logit)).
    rest = 1 / (1 + np.exp(fake.double().numpy()))
    expected = -np.log(judged_real).mean() - np.log(rest).mean()
    assert float(discriminator_loss("plain", real, fake)) == pytest.approx(expected, rel=1e-6)
    # A discriminator that cannot tell says 1/2 of everything.
    assert float(discriminator_loss("plain", torch.zeros(4, 1), torch.zeros(4, 1))) == pytest.approx(2 * np.log(2))


class TestRelativistic:
    @given(logits, logits)
    def test_it_is_the_mean_of_the_two_cross_entropies_of_the_paper(self, real: list[float], fake: list[float]) -> None:
        def sigmoid(x: np.ndarray) -> np.ndarray:
            return 1 / (1 + np.exp(-x))

        r, f = np.array(real), np.array(fake)
        more_real, less_real = sigmoid(r - f.mean()), sigmoid(f - r.mean())
        # Equations 1 and 2 of the paper, halved.
        with np.errstate(divide="ignore"):
            of_discriminator = -(np.log(more_real).mean() + np.log(1 - less_real).mean()) / 2
            of_generator = -(np.log(1 - more_real).mean() + np.log(less_real).mean()) / 2
        judged, made = torch.tensor(real).reshape(-1, 1), torch.tensor(fake).reshape(-1, 1)
        found = discriminator_loss("relativistic", judged, made), generator_loss("relativistic", made, judged)
        assert [float(loss) for loss in found] == pytest.approx([of_discriminator, of_generator], rel=1e-4, abs=1e-6)

    @given(logits, logits, st.floats(-5, 5))
    def test_only_differences_count_and_a_tie_costs_log_2(
        self, real: list[float], fake: list[float], shift: float
    ) -> None:
        r, f = torch.tensor(real), torch.tensor(fake)
        assert float(relativistic_loss(r + shift, f + shift)) == pytest.approx(float(relativistic_loss(r, f)), abs=1e-4)
        tie = torch.full((4, 1), shift)
        assert float(relativistic_loss(tie, tie)) == pytest.approx(math.log(2), rel=1e-6)

    def test_gradients_are_those_of_the_authors_formula_on_both_sides(self) -> None:
        torch.manual_seed(0)
        ours = torch.randn(5, 1, requires_grad=True), torch.randn(5, 1, requires_grad=True)
        theirs = tuple(tensor.detach().clone().requires_grad_() for tensor in ours)
        relativistic_loss(*ours).backward()
        real, fake = theirs
        criterion = BCEWithLogitsLoss()
        loss = criterion(real - fake.mean(), torch.ones_like(real)) + criterion(
            fake - real.mean(), torch.zeros_like(fake)
        )
        (loss / 2).backward()
        for mine, reference in zip(ours, theirs, strict=True):
            assert mine.grad is not None and reference.grad is not None
            torch.testing.assert_close(mine.grad, reference.grad)

    def test_logits_in_half_precision_lose_nothing_but_their_own_rounding(self) -> None:
        r, f = torch.tensor([[300.0], [-2.0]]), torch.tensor([[-300.0], [1.5]])
        assert float(relativistic_loss(f.half(), r.half())) == pytest.approx(float(relativistic_loss(f, r)))
        assert math.isfinite(float(relativistic_loss(f.half(), r.half())))


@pytest.mark.parametrize("kind", ["plain", "relativistic"])
def test_losses_are_in_32_bits_whatever_the_networks_compute_in(kind: str) -> None:
    ones = torch.ones(2, 1).bfloat16()
    assert generator_loss(kind, ones, ones).dtype == torch.float32
    assert discriminator_loss(kind, ones, ones).dtype == torch.float32


@pytest.mark.parametrize("kind", ["plain", "relativistic"])
def test_a_step_adds_up_what_the_generator_minimises_and_keeps_the_two_apart(kind: str) -> None:
    torch.manual_seed(0)
    generator, judge = torch.nn.Conv2d(1, 1, 3, padding=1), torch.nn.Conv2d(1, 1, 3)
    batch = Batch(torch.rand(3, 1, 6, 6), torch.rand(3, 1, 6, 6), 0.0)

    def content(sr: torch.Tensor, hr: torch.Tensor) -> dict[str, tuple[float, torch.Tensor]]:
        return {"l1": (0.5, (sr - hr).abs().mean()), "squared": (2.0, (sr - hr).square().mean())}

    losses = adversarial_step(generator, judge, kind, 0.25, content)(batch)
    sr = generator(batch.lr)
    real, fake = judge(batch.hr), judge(sr)
    criterion = torch.nn.functional.binary_cross_entropy_with_logits
    one, nought = torch.ones_like(real), torch.zeros_like(real)
    if kind == "plain":
        fooled, told = criterion(fake, one), criterion(real, one) + criterion(fake, nought)
    else:
        fooled = (criterion(fake - real.mean(), one) + criterion(real - fake.mean(), nought)) / 2
        told = (criterion(real - fake.mean(), one) + criterion(fake - real.mean(), nought)) / 2
    l1, squared = (sr - batch.hr).abs().mean(), (sr - batch.hr).square().mean()
    for name, expected in {
        "generator": 0.25 * fooled + 0.5 * l1 + 2 * squared,
        "discriminator": told,
        "adversarial": fooled,
        "l1": l1,
        "squared": squared,
    }.items():
        torch.testing.assert_close(losses[name], expected, msg=name)
    losses["discriminator"].backward()
    assert generator.weight.grad is None and judge.weight.grad is not None
    losses["generator"].backward()
    assert generator.weight.grad is not None
