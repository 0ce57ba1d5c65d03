"""Batch normalisation shared by processes is torch's own over the whole batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from toys.ranks import together

from srbench.training.loop.batch_norm import share_batch_norm, unshare_batch_norm
from srbench.training.loop.group import Group

BATCH = torch.randn(5, 3, 4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3 + 1
TARGET = torch.randn(5, 3, 4, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
KINDS: list[dict[str, Any]] = [{}, {"momentum": None}, {"affine": False}, {"track_running_stats": False, "eps": 0.1}]


def network(**kind: Any) -> nn.Sequential:
    torch.manual_seed(2)
    made = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3, **kind), nn.Tanh(), nn.BatchNorm2d(3, **kind))
    return made.double()


def learned(group: Group, part: slice, **kind: Any) -> list[torch.Tensor]:
    """Outputs of two batches, gradients of input and weights, and buffers, added up over the processes."""
    net = network(**kind)
    share_batch_norm([net], group)
    batch = BATCH.clone().requires_grad_()
    found = []
    for factor in (1.0, 0.5):
        made = net(factor * batch[part])
        share = (part.stop - part.start) / len(BATCH)
        (share * (made - TARGET[part]).square().mean()).backward()
        whole = torch.zeros_like(BATCH)
        whole[part] = made.detach()
        found.append(whole)
    gradients = [p.grad for p in net.parameters()]
    group.add_up([*found, batch.grad, *gradients])
    evaluated = net.eval()(BATCH).detach() if kind.get("track_running_stats", True) else torch.zeros(())
    return [*found, batch.grad, *gradients, *net.buffers(), evaluated]


def in_parts(kind: dict[str, Any]) -> list[torch.Tensor]:
    group = Group.here()
    (part,) = group.parts(len(BATCH))
    return learned(group, part, **kind)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_outputs_gradients_and_statistics_are_those_of_the_whole_batch(tmp_path: Path, kind: dict[str, Any]) -> None:
    expected = learned(Group(), slice(0, 5), **kind)
    first, second = together(2, tmp_path, in_parts, kind)
    for one, other, alone in zip(first, second, expected, strict=True):
        torch.testing.assert_close(one, alone, rtol=1e-10, atol=1e-10)
        assert torch.equal(one, other)


def in_half() -> tuple[torch.Tensor, torch.dtype, str]:
    group, norm = Group.here(), nn.BatchNorm2d(3)
    share_batch_norm([norm], group)
    made = norm(BATCH[group.parts(5)[0]].bfloat16())
    try:
        norm(torch.zeros(2, 3))
    except ValueError as error:
        said = str(error)
    unshare_batch_norm([norm])
    return norm.running_mean, made.dtype, said


def test_half_precision_is_normalised_in_32_bits_and_wrong_shapes_are_refused_as_ever(tmp_path: Path) -> None:
    for mean, kind, said in together(2, tmp_path, in_half):
        torch.testing.assert_close(mean, 0.1 * BATCH.bfloat16().float().mean((0, 2, 3)))
        assert kind == torch.bfloat16 and "expected 4D input" in said


def test_alone_and_afterwards_networks_are_as_written() -> None:
    net = network()
    share_batch_norm([net], Group())
    assert not any("forward" in vars(module) for module in net.modules())
    share_batch_norm([net], Group(0, 2))
    assert sum("forward" in vars(module) for module in net.modules()) == 2
    unshare_batch_norm([net])
    assert not any("forward" in vars(module) for module in net.modules())
