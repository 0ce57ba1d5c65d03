"""Processes that share a training: what each computes, what they add up, tell each other and agree on."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from toys.ranks import together

from srbench.contract.fit import Budget, FitContext
from srbench.training.loop.group import Group


@given(st.integers(1, 60), st.integers(1, 7), st.integers(1, 5))
def test_the_parts_of_all_processes_make_up_the_batch_and_differ_by_one_at_most(
    count: int, size: int, each: int
) -> None:
    shares = [Group(rank, size).parts(count, each) for rank in range(size)]
    assert all(len(parts) == each for parts in shares)
    assert [i for parts in shares for part in parts for i in range(count)[part]] == list(range(count))
    lengths = [parts[-1].stop - parts[0].start for parts in shares]
    assert max(lengths) - min(lengths) <= 1
    if count >= size * each:
        assert all(part.stop > part.start for parts in shares for part in parts)


def test_alone_nothing_is_exchanged(tmp_path: Path) -> None:
    group, context = Group.here(), FitContext(0, Budget("steps", 1), tmp_path)
    assert group == Group(0, 1) and group.first and group.parts(5) == [slice(0, 5)]
    tensor = torch.arange(3.0)
    group.add_up([tensor])
    group.align({"n": nn.Linear(1, 1)})
    assert tensor.tolist() == [0, 1, 2] and group.agreed(context) is context
    assert group.told(lambda: "this") == "this" and group.largest({"a": 1.5}) == {"a": 1.5}
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    with group.apart(7):
        assert torch.equal(torch.rand(4), expected)


def exchange() -> list[object]:
    group = Group.here()
    assert group.size == 3
    tensors = [
        torch.full((2, 3), float(group.rank)),
        torch.tensor(group.rank, dtype=torch.int64),
        torch.full((2, 2, 2, 2), float(group.rank + 1)).to(memory_format=torch.channels_last),
    ]
    group.add_up(tensors)
    network = nn.BatchNorm1d(2)
    with torch.no_grad():
        network.weight.fill_(group.rank + 5.0)
    network.num_batches_tracked += 7 - group.rank
    group.align({"n": network})
    told = group.told(lambda: {"rank": group.rank, "all": [torch.ones(2), "é", None, (1.5, True)]})
    largest = group.largest({"a": float(group.rank), "b": -float(group.rank)})
    return [tensors, network.state_dict(), told, largest]


def test_sums_weights_and_findings_are_the_same_in_all_processes(tmp_path: Path) -> None:
    for tensors, weights, told, largest in together(3, tmp_path, exchange):
        assert torch.equal(tensors[0], torch.full((2, 3), 3.0)) and tensors[1].item() == 3
        assert torch.equal(tensors[2], torch.full((2, 2, 2, 2), 6.0))
        assert weights["weight"].tolist() == [5, 5] and weights["num_batches_tracked"].item() == 7
        assert told["rank"] == 0 and told["all"][0].tolist() == [1, 1] and told["all"][1:] == ["é", None, (1.5, True)]
        assert largest == {"a": 2, "b": 0}


def agree(folder: Path) -> tuple[list[float], list[bool], list[str]]:
    group = Group.here()
    seconds, said = iter([0.1, 0.25, 7.0]), iter([False, True, True])
    heard: list[str] = []
    context = group.agreed(
        FitContext(
            0,
            Budget("steps", 1),
            folder,
            progress=lambda done, message: heard.append(message),
            clock=(lambda: next(seconds)) if group.first else time.monotonic,
            stop=(lambda: next(said)) if group.first else lambda: True,
        )
    )
    read = [(context.clock(), context.stop()) for _ in range(3)]
    context.progress(0.5, "half")
    return [clock for clock, _ in read], [stop for _, stop in read], heard


def test_the_clock_and_the_stop_are_those_of_the_first_who_alone_tells_of_progress(tmp_path: Path) -> None:
    first, second = together(2, tmp_path, agree, tmp_path)
    assert first == ([0.1, 0.25, 7.0], [False, True, True], ["half"])
    assert second == (first[0], first[1], [])


def some() -> list[float]:
    return [float(torch.rand(())), np.random.rand(), random.random()]


def seed() -> None:
    torch.manual_seed(0), np.random.seed(0), random.seed(0)


def draw() -> tuple[list[float], list[float]]:
    seed()
    own = []
    for step in range(2):
        with Group.here().apart(3, step):
            own += some()
    return own, some()


def test_draws_of_a_step_differ_between_processes_and_steps_and_leave_no_trace(tmp_path: Path) -> None:
    (one, common), (other, also) = together(2, tmp_path, draw)
    assert len({*one, *other}) == 12
    seed()
    assert common == also == some()
    assert together(2, tmp_path, draw) == [(one, common), (other, also)]
