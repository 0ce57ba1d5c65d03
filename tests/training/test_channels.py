"""A network made of one for the other number of channels gives the same on pictures whose channels are equal."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from srbench.training.channels import Conversion, for_channels


class Centred(nn.Module):
    """Takes a mean colour away, multiplies, and undoes both; nothing is added at borders. Ends in one of three ways."""

    def __init__(self, channels: int, end: str, unshuffle: bool = False, img_range: float = 1.0) -> None:
        super().__init__()
        self.mean = torch.tensor([0.45, 0.4, 0.5] if channels == 3 else [0.1]).reshape(1, -1, 1, 1)
        self.img_range = img_range
        factor = 2 if unshuffle else 1
        self.begin = nn.Sequential(nn.PixelUnshuffle(factor), nn.Conv2d(channels * factor**2, 6, 3), nn.ReLU())
        self.middle = nn.Conv2d(6, 6, 1)
        ends = {
            "convolution": lambda: nn.Conv2d(6, channels, 1),
            "shuffle": lambda: nn.Sequential(nn.Conv2d(6, 4 * channels, 1), nn.PixelShuffle(2)),
            "transposed": lambda: nn.ConvTranspose2d(6, channels, 2, 2),
        }
        self.end = ends[end]()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        seen = self.begin((image - self.mean) * self.img_range)
        return self.end(self.middle(seen) + seen) / self.img_range + self.mean


def made(network: nn.Module, other: nn.Module) -> nn.Module:
    """The network with the weights of the other one."""
    conversion, given = Conversion(network, other), other.state_dict()
    state = {key: conversion.made(key, given) if conversion.concerns(key) else given[key] for key in given}
    assert None not in state.values()
    network.load_state_dict(state)
    return network.double()


@pytest.mark.parametrize("end", ["convolution", "shuffle", "transposed"])
@pytest.mark.parametrize("options", [{}, {"unshuffle": True}, {"img_range": 255.0}])
def test_grey_and_colour_are_the_same_where_channels_are_equal(end: str, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    grey_picture = torch.rand(2, 1, 12, 14, dtype=torch.float64)
    colour = Centred(3, end, **options).double()
    grey = made(Centred(1, end, **{**options, "img_range": 1.0}).double(), colour)
    expected = colour(grey_picture.expand(-1, 3, -1, -1)).mean(1, keepdim=True)
    torch.testing.assert_close(grey(grey_picture), expected, rtol=1e-6, atol=1e-6)
    back = made(Centred(3, end, **options).double(), grey)
    again = back(grey_picture.expand(-1, 3, -1, -1))
    torch.testing.assert_close(again, grey(grey_picture).expand(-1, 3, -1, -1), rtol=1e-6, atol=1e-6)


def test_only_layers_of_channels_are_concerned_and_only_plain_ones_known() -> None:
    class Odd(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.begin, self.middle = nn.Conv2d(channels, 4, 3), nn.Conv2d(4, 4, 3)
            self.gain = nn.Parameter(torch.ones(channels))

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.middle(self.begin(image * self.gain[:, None, None]))

    grey, colour = Odd(1), Odd(3)
    conversion = Conversion(grey, colour)
    assert [key for key in grey.state_dict() if conversion.concerns(key)] == ["gain", "begin.weight", "begin.bias"]
    assert conversion.made("gain", colour.state_dict()) is None
    assert conversion.made("begin.weight", Odd(1).state_dict()) is None, "it is not of three channels"
    torch.testing.assert_close(conversion.made("begin.weight", colour.state_dict()), colour.begin.weight.sum(1, True))


def test_channels_that_a_shuffle_takes_apart_stay_together() -> None:
    given = torch.arange(12.0)  # of red, green and blue, four places each
    assert for_channels(given, torch.Size([4]), None).tolist() == [4, 5, 6, 7]
    assert for_channels(given, torch.Size([4]), 0).tolist() == [12, 15, 18, 21]
    grey = torch.tensor([3.0, 6.0])
    assert for_channels(grey, torch.Size([6]), None).tolist() == [3, 6, 3, 6, 3, 6]
    assert for_channels(grey, torch.Size([6]), 0).tolist() == [1, 2, 1, 2, 1, 2]
