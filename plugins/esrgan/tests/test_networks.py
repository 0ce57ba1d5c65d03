"""The networks beside basicsr's, and beside the numbers of parameters that were published."""

from types import ModuleType

import pytest
import torch
from srbench_esrgan.discriminator import Discriminator
from srbench_esrgan.generator import RRDBNet
from torch import nn


@pytest.mark.parametrize(
    ("scale", "channels", "parameters"),
    [
        (4, 3, 16697987),
        (2, 3, 16703171),
        (4, 1, 16695681),
        (1, 3, 16697987 + 9 * 64 * (48 - 3)),  # 4 x 4 pixels with three channels go in
        (3, 3, 16697987 - (9 * 64**2 + 64)),  # one enlarging convolution less
        (8, 3, 16697987 + (9 * 64**2 + 64)),  # and one more
    ],
)
def test_the_networks_of_the_paper_have_the_published_number_of_parameters(
    scale: int, channels: int, parameters: int
) -> None:
    with torch.device("meta"):
        network = RRDBNet(channels, scale, blocks=23, features=64, growth=32)
    assert sum(p.numel() for p in network.parameters()) == parameters


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_generator_is_that_of_basicsr(scale: int, channels: int, basicsr: ModuleType) -> None:
    torch.manual_seed(5)
    ours = RRDBNet(channels, scale, blocks=2, features=8, growth=4)
    torch.manual_seed(5)
    theirs = basicsr.archs.rrdbnet_arch.RRDBNet(channels, channels, scale, num_feat=8, num_block=2, num_grow_ch=4)
    assert_same(ours, theirs, torch.rand(2, channels, 8, 12))


@pytest.mark.parametrize("scale", [3, 8])
def test_at_x3_and_x8_it_is_the_network_of_the_authors_first_program(scale: int) -> None:
    """As spandrel has it, by the same weights under the names of the first release."""
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet as FirstRRDBNet

    torch.manual_seed(5)
    ours = RRDBNet(3, scale, blocks=2, features=8, growth=32)
    theirs = FirstRRDBNet(num_filters=8, num_blocks=2, scale=scale)
    # Both list their layers from the first to the last.
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    lr = torch.rand(2, 3, 6, 10)
    torch.testing.assert_close(ours(lr), theirs(lr), rtol=1e-5, atol=1e-6)


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
