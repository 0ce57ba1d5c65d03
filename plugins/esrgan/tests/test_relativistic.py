import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from srbench_esrgan.relativistic import relativistic_loss
from torch.nn import BCEWithLogitsLoss

logits = st.lists(st.floats(-8, 8), min_size=1, max_size=6)


@given(logits, logits)
def test_it_is_the_mean_of_the_two_cross_entropies_of_the_paper(real: list[float], fake: list[float]) -> None:
    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    r, f = np.array(real), np.array(fake)
    more_real, less_real = sigmoid(r - f.mean()), sigmoid(f - r.mean())
    # Equations 1 and 2 of the paper, halved.
    with np.errstate(divide="ignore"):
        of_discriminator = -(np.log(more_real).mean() + np.log(1 - less_real).mean()) / 2
        of_generator = -(np.log(1 - more_real).mean() + np.log(less_real).mean()) / 2
    tensors = torch.tensor(real).reshape(-1, 1), torch.tensor(fake).reshape(-1, 1)
    assert float(relativistic_loss(*tensors)) == pytest.approx(of_discriminator, rel=1e-4, abs=1e-6)
    assert float(relativistic_loss(*reversed(tensors))) == pytest.approx(of_generator, rel=1e-4, abs=1e-6)


@given(logits, logits, st.floats(-5, 5))
def test_only_differences_count_and_a_tie_costs_log_2(real: list[float], fake: list[float], shift: float) -> None:
    r, f = torch.tensor(real), torch.tensor(fake)
    assert float(relativistic_loss(r + shift, f + shift)) == pytest.approx(float(relativistic_loss(r, f)), abs=1e-4)
    tie = torch.full((4, 1), shift)
    assert float(relativistic_loss(tie, tie)) == pytest.approx(math.log(2), rel=1e-6)


def test_gradients_are_those_of_the_authors_formula_on_both_sides() -> None:
    torch.manual_seed(0)
    ours = torch.randn(5, 1, requires_grad=True), torch.randn(5, 1, requires_grad=True)
    theirs = tuple(tensor.detach().clone().requires_grad_() for tensor in ours)
    relativistic_loss(*ours).backward()
    real, fake = theirs
    criterion = BCEWithLogitsLoss()
    loss = criterion(real - fake.mean(), torch.ones_like(real)) + criterion(fake - real.mean(), torch.zeros_like(fake))
    (loss / 2).backward()
    for mine, reference in zip(ours, theirs, strict=True):
        assert mine.grad is not None and reference.grad is not None
        torch.testing.assert_close(mine.grad, reference.grad)


def test_logits_in_half_precision_lose_nothing_but_their_own_rounding() -> None:
    r, f = torch.tensor([[300.0], [-2.0]]), torch.tensor([[-300.0], [1.5]])
    assert relativistic_loss(r.bfloat16(), f.bfloat16()).dtype == torch.float32
    assert float(relativistic_loss(f.half(), r.half())) == pytest.approx(float(relativistic_loss(f, r)))
    assert math.isfinite(float(relativistic_loss(f.half(), r.half())))
