"""Moving averages of weights: against the recursion written out."""

from __future__ import annotations

import copy

import pytest
import torch

from srbench.training.loop.ema import Average, decay_at


def network(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))


def move(net: torch.nn.Module, amount: float) -> None:
    with torch.no_grad():
        for weight in net.parameters():
            weight += amount


def weights(net: torch.nn.Module) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in net.parameters()]


def test_the_decay_grows_to_what_was_asked_for() -> None:
    assert [decay_at(0.9, updates) for updates in (0, 1, 8, 80, 10**6)] == [0.1, 2 / 11, 0.5, 0.9, 0.9]
    assert decay_at(0.0, 50) == 0


def test_the_average_is_the_recursion_from_the_first_update_on() -> None:
    net = network()
    average = Average(net, 0.99)
    move(net, 5.0)  # before the first update: forgotten
    expected = weights(net)
    average.update()
    for step in range(1, 6):
        move(net, 1.0)
        average.update()
        d = (1 + step) / (10 + step)
        expected = [d * old + (1 - d) * new for old, new in zip(expected, weights(net), strict=True)]
    average.replace()
    for found, wanted in zip(weights(net), expected, strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("error", [False, True])
def test_inside_the_average_is_in_place_and_afterwards_the_weights_bit_for_bit(error: bool) -> None:
    net = network()
    average = Average(net, 0.5)
    average.update()
    first = weights(net)
    move(net, 0.1)
    own = weights(net)
    try:
        with average.in_place():
            assert all(map(torch.equal, weights(net), first))
            if error:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert all(map(torch.equal, weights(net), own))
    average.update()  # of the network's own weights, as before
    average.replace()
    d = decay_at(0.5, 1)
    for found, old, new in zip(weights(net), first, own, strict=True):
        torch.testing.assert_close(found, d * old + (1 - d) * new)


def test_buffers_are_left_alone() -> None:
    net = network()
    average = Average(net, 0.5)
    average.update()
    net(torch.randn(8, 3))  # moves the batch statistics
    before = {name: buffer.clone() for name, buffer in net.named_buffers()}
    with average.in_place():
        assert all(torch.equal(buffer, before[name]) for name, buffer in net.named_buffers())


def test_an_average_goes_on_from_its_state() -> None:
    net = network()
    average = Average(net, 0.9)
    for _ in range(3):
        move(net, 1.0)
        average.update()
    state = copy.deepcopy(average.state())
    again_net = copy.deepcopy(net)
    again = Average(again_net, 0.9)
    again.restore(state)
    for one, its in ((average, net), (again, again_net)):
        move(its, 1.0)
        one.update()
        one.replace()
    assert all(map(torch.equal, weights(net), weights(again_net)))
