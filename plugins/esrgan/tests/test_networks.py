"""The networks beside basicsr's, and beside the numbers of parameters that were published."""

from types import ModuleType

import pytest
import torch
from srbench_esrgan.discriminator import Discriminator
from srbench_esrgan.generator import RRDBNet
from torch import nn


@pytest.mark.parametrize(("scale", "channels", "parameters"), [(4, 3, 16697987), (2, 3, 16703171), (4, 1, 16695681)])
def test_the_networks_of_the_paper_have_the_published_number_of_parameters(
    scale: int, channels: int, parameters: int
) -> None:
    with torch.device("meta"):
        network = RRDBNet(channels, scale, blocks=23, features=64, growth=32)
    assert sum(p.numel() for p in network.parameters()) == parameters


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_generator_is_that_of_basicsr(scale: int, channels: int, basicsr: ModuleType) -> None:
    torch.manual_seed(5)
    ours = RRDBNet(channels, scale, blocks=2, features=8, growth=4)
    torch.manual_seed(5)
    theirs = basicsr.archs.rrdbnet_arch.RRDBNet(channels, channels, scale, num_feat=8, num_block=2, num_grow_ch=4)
    assert_same(ours, theirs, torch.rand(2, channels, 6, 10))


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_discriminator_is_that_of_basicsr(side: int, channels: int, basicsr: ModuleType) -> None:
    torch.manual_seed(5)
    ours = Discriminator(channels, 2, side)
    torch.manual_seed(5)
    theirs = basicsr.archs.discriminator_arch.VGGStyleDiscriminator(channels, 2, side)
    assert_same(ours, theirs, torch.rand(2, channels, side, side))


def assert_same(ours: nn.Module, theirs: nn.Module, images: torch.Tensor) -> None:
    """The same first numbers from the same seed, outputs in training and evaluation, and gradients, name by name."""

    def numbers(network: nn.Module) -> dict[str, torch.Tensor]:
        first = {name: value.clone() for name, value in network.state_dict().items()}
        output = network(images)
        output.square().mean().backward()
        gradients = {f"{name}'s gradient": parameter.grad for name, parameter in network.named_parameters()}
        return {**first, **gradients, "output": output, "evaluated": network.eval()(images)}

    torch.testing.assert_close(numbers(ours), numbers(theirs), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("side", "channels"), [(128, 1), (256, 3)])
def test_the_discriminator_gives_one_logit_an_image(side: int, channels: int) -> None:
    assert Discriminator(channels, 2, side)(torch.rand(3, channels, side, side)).shape == (3, 1)
