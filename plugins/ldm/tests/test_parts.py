"""Losses, sizes and networks, each against something that was not made here."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_ldm import losses
from srbench_ldm.geometry import Geometry, largest_power, levels
from srbench_ldm.networks import Autoencoder, Denoiser, checkpoint_blocks
from torch import nn


def denoiser() -> Denoiser:
    torch.manual_seed(0)
    network = Denoiser(3, 1, (8, 8), (False, True), 4, 1, 2, levels=6)
    for parameter in network.parameters():  # what MONAI begins with tells nothing: the last layer is all zeros
        nn.init.normal_(parameter, std=0.2)
    return network.eval()


def told(network: Denoiser, level: int, t: int = 3, lr: float = 0.0) -> torch.Tensor:
    seeded = torch.Generator().manual_seed(1)
    noisy = torch.randn(2, 3, 8, 8, generator=seeded)
    condition = torch.randn(2, 1, 8, 8, generator=seeded) + lr
    with torch.no_grad():
        return network(noisy, condition, torch.full((2,), t), torch.full((2,), level))


def test_the_divergence_is_that_of_normal_distributions_summed_over_a_latent() -> None:
    mean, deviation = torch.randn(5, 3, 4, 6), torch.rand(5, 3, 4, 6) + 0.1
    normal = torch.distributions.Normal(mean.double(), deviation.double())
    standard = torch.distributions.Normal(torch.zeros((), dtype=torch.float64), 1.0)
    one_by_one = torch.distributions.kl_divergence(normal, standard)
    assert float(losses.kl_loss(mean, deviation)) == pytest.approx(float(one_by_one.sum((1, 2, 3)).mean()), rel=1e-5)
    assert float(losses.kl_loss(torch.zeros(2, 1, 3, 3), torch.ones(2, 1, 3, 3))) == 0
    # A mean of 1 in one of 9 components of one of two images costs half a nat in that image.
    mean = torch.zeros(2, 1, 3, 3)
    mean[0, 0, 1, 1] = 1
    assert float(losses.kl_loss(mean, torch.ones_like(mean))) == pytest.approx(0.25)


def test_the_divergence_is_computed_in_32_bits() -> None:
    assert losses.kl_loss(torch.ones(1, 2).bfloat16(), torch.ones(1, 2).bfloat16()).dtype == torch.float32


class Judge(nn.Module):
    """Returns its features and, last, what it thinks of each place: the pixel times a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [image, self.weight * image]


def test_the_adversarial_losses_are_least_squares_of_the_leaky_map() -> None:
    judge = Judge()
    judgement = losses.PatchJudgement(judge)
    real, fake = torch.randn(2, 1, 5, 5), torch.randn(2, 1, 5, 5, requires_grad=True)

    def squares(image: torch.Tensor, goal: float) -> float:
        logits = 2 * image.detach().double().numpy()
        return float(np.mean((np.where(logits > 0, logits, 0.05 * logits) - goal) ** 2))

    assert float(judgement.fooling(fake).detach()) == pytest.approx(squares(fake, 1), rel=1e-5)
    telling = judgement.telling(real, fake)
    assert float(telling.detach()) == pytest.approx((squares(real, 1) + squares(fake, 0)) / 2, rel=1e-5)
    telling.backward()
    assert fake.grad is None and judge.weight.grad is not None, "the generator learns nothing from it"


@settings(max_examples=40)
@given(
    scale=st.integers(2, 16),
    multiple=st.sampled_from([1, 2, 4]),
    height=st.integers(1, 13),
    width=st.integers(1, 13),
)
def test_lr_and_latent_have_one_size_whatever_the_scale(scale: int, multiple: int, height: int, width: int) -> None:
    geometry = Geometry(scale, multiple)
    lr, hr = torch.rand(2, 3, height, width), torch.rand(2, 3, height * scale, width * scale)
    condition, framed = geometry.condition(lr), geometry.framed(hr)
    sides = [side // geometry.factor for side in framed.shape[-2:]]
    assert list(framed.shape[-2:]) == [side * geometry.factor for side in sides]
    assert list(condition.shape[-2:]) == sides
    assert all(side % multiple == 0 for side in sides)
    assert framed[..., : height * scale, : width * scale].equal(hr)
    if scale == geometry.factor:
        assert condition[..., :height, :width].equal(lr)
        assert sides == [-(-side // multiple) * multiple for side in (height, width)]


@pytest.mark.parametrize("scale", [3, 5, 6, 7])
def test_lr_lies_where_it_belongs_where_the_latent_is_larger(scale: int) -> None:
    """The value of a pixel is where its centre lies in HR, so that it tells where it came to lie."""
    geometry = Geometry(scale, 4)
    places = (torch.arange(24.0) + 0.5) * scale
    lr = places.expand(1, 1, 24, 24)
    condition = geometry.condition(lr)[0, 0, 20]
    expected = (torch.arange(len(condition)) + 0.5) * geometry.factor
    inner = (expected > 4 * scale) & (expected < 20 * scale)
    torch.testing.assert_close(condition[inner], expected[inner], atol=1e-3, rtol=0)


def test_the_levels_follow_the_scale() -> None:
    assert [largest_power(scale) for scale in range(1, 10)] == [1, 2, 2, 4, 4, 4, 4, 8, 8]
    assert levels((64, 96, 128), 2) == (64, 96)
    assert levels((64, 96, 128), 3) == (64, 96)
    assert levels((64, 96, 128), 4) == (64, 96, 128)
    assert levels((64, 96, 128), 16) == (64, 96, 128, 128, 128)
    assert levels((128,), 4) == (128, 128, 128)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_the_latents_of_the_autoencoder_have_the_factor_of_the_geometry(scale: int) -> None:
    network = Autoencoder(1, levels((4, 8), scale), 5, 1, False, 2)
    mean, deviation = network.encode(torch.rand(1, 1, 4 * scale, 6 * scale))
    assert mean.shape == deviation.shape == (1, 5, 4, 6)
    assert network.decode(mean).shape == (1, 1, 4 * scale, 6 * scale)


def test_noise_level_step_and_lr_all_reach_the_denoiser() -> None:
    network = denoiser()
    first = told(network, 0)
    assert told(network, 0).equal(first)
    outputs = [first, *(told(network, level) for level in range(1, 7)), told(network, 0, t=4), told(network, 0, lr=0.1)]
    for i, one in enumerate(outputs):
        for other in outputs[:i]:
            assert float((one - other).abs().max()) > 1e-3


def test_each_image_has_the_noise_level_that_is_its_own() -> None:
    network = denoiser()
    noisy, condition = torch.randn(2, 3, 8, 8), torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        together = network(noisy, condition, torch.tensor([3, 3]), torch.tensor([0, 5]))
        apart = [
            network(noisy[i : i + 1], condition[i : i + 1], torch.tensor([3]), torch.tensor([level]))
            for i, level in enumerate((0, 5))
        ]
    torch.testing.assert_close(together, torch.cat(apart), atol=1e-5, rtol=1e-4)


def kept_bytes(network: nn.Module, *inputs: torch.Tensor) -> tuple[int, list[torch.Tensor]]:
    """How much a forward pass keeps for the backward pass, weights aside, and the gradients."""
    weights = {parameter.data_ptr() for parameter in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in weights:
            kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = network(*inputs)
        loss = sum(part.square().mean() for part in (result if isinstance(result, tuple) else (result,)))
    total = sum(kept.values())
    gradients = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    return total, [torch.zeros(()) if gradient is None else gradient for gradient in gradients]


@pytest.mark.parametrize("which", ["autoencoder", "denoiser"])
def test_with_checkpointing_the_gradients_are_the_same_and_less_is_kept(which: str) -> None:
    if which == "denoiser":
        network: nn.Module = denoiser()
        inputs = (torch.randn(2, 3, 16, 16), torch.randn(2, 1, 16, 16), torch.tensor([1, 2]), torch.tensor([0, 3]))
    else:
        network = Autoencoder(1, (8, 8), 2, 2, True, 2)
        inputs = (torch.rand(2, 1, 16, 16),)
    torch.manual_seed(3)
    much, expected = kept_bytes(network, *inputs)
    names = list(network.state_dict())
    checkpoint_blocks(network)
    assert list(network.state_dict()) == names
    torch.manual_seed(3)
    little, gradients = kept_bytes(network, *inputs)
    assert any(float(gradient.abs().max()) > 0 for gradient in expected)
    for one, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(one, other, atol=0, rtol=0)
    assert little < 0.6 * much
