"""Means of losses, and the first one that was not finite."""

from __future__ import annotations

import math

import pytest
import torch

from srbench.training.loop.losses import NotFinite, RunningLosses

CPU = torch.device("cpu")


def added(*rows: dict[str, float]) -> RunningLosses:
    losses = RunningLosses()
    for step, row in enumerate(rows, start=1):
        losses.add({name: torch.tensor(float(value), requires_grad=True) for name, value in row.items()}, step)
    return losses


def test_each_loss_has_the_mean_over_the_batches_that_had_it() -> None:
    assert added({"a": 1, "b": 10}, {"a": 2}, {"a": 6, "b": 20}).means() == {"a": 3, "b": 15}
    assert RunningLosses().means() == {}


def test_many_small_losses_keep_their_digits() -> None:
    losses = RunningLosses()
    for step in range(3000):
        losses.add({"a": torch.tensor(0.1)}, step)
    assert losses.means()["a"] == pytest.approx(float(torch.tensor(0.1)), rel=1e-12)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_first_loss_that_is_not_finite_is_named_with_its_step(bad: float) -> None:
    losses = added({"a": 1, "b": 1}, {"a": 1, "b": bad}, {"a": bad, "b": 1}, {"a": 1, "b": 1})
    for ask in (losses.check, losses.means, losses.state):
        with pytest.raises(NotFinite) as caught:
            ask()
        assert (caught.value.name, caught.value.step) == ("b", 2)
        assert not math.isfinite(caught.value.value)


def test_a_loss_that_is_left_out_of_some_steps_is_named_with_the_right_one() -> None:
    with pytest.raises(NotFinite) as caught:
        added({"a": 1}, {"b": 1}, {"a": 1}, {"b": math.nan, "a": 1}).check()
    assert (caught.value.name, caught.value.step) == ("b", 4)


def test_clearing_forgets_what_was_not_finite() -> None:
    losses = added({"a": math.nan})
    losses.clear()
    losses.add({"a": torch.tensor(3.0)}, 2)
    assert losses.means() == {"a": 3}


def test_means_go_on_from_a_state() -> None:
    losses = added({"a": 1.0}, {"a": 2.0, "b": 5.0})
    again = RunningLosses()
    again.restore(losses.state(), CPU)
    again.add({"a": torch.tensor(6.0)}, 3)
    assert again.means() == {"a": 3, "b": 5}
    again.add({"b": torch.tensor(math.inf)}, 4)
    with pytest.raises(NotFinite) as caught:
        again.check()
    assert caught.value.step == 4
    assert losses.means() == {"a": 1.5, "b": 5}
