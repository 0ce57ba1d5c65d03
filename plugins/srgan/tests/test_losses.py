"""The losses against their formulas, written down anew in float64."""

import numpy as np
import pytest
import torch
from srbench_srgan.losses import content_loss, discriminator_loss, generator_loss, pixel_loss

from srbench.training.vgg import vgg_features
from srbench.weights.lookup import WeightsMissing

pytestmark = pytest.mark.usefixtures("no_weights")


def pair(channels: int = 3, side: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    seeded = torch.Generator().manual_seed(side)
    return tuple(torch.rand(2, channels, side, side, generator=seeded) for _ in range(2))


@pytest.mark.parametrize("channels", [1, 3])
def test_errors_of_pixels_are_those_of_images_between_minus_1_and_1(channels: int) -> None:
    sr, hr = pair(channels)
    one, other = (np.interp(image.double().numpy(), (0, 1), (-1, 1)) for image in (sr, hr))
    assert float(pixel_loss("mse", sr, hr)) == pytest.approx(np.mean((one - other) ** 2), rel=1e-6)
    assert float(pixel_loss("l1", sr, hr)) == pytest.approx(np.mean(np.abs(one - other)), rel=1e-6)
    assert float(content_loss("mse", "cpu")(sr, hr)) == pytest.approx(np.mean((one - other) ** 2), rel=1e-6)


def test_the_adversarial_losses_are_the_cross_entropies_of_the_paper() -> None:
    real, fake = torch.tensor([[1.5], [-0.3], [40.0]]), torch.tensor([[0.2], [-2.0], [30.0]])
    judged_real, judged_fake = (1 / (1 + np.exp(-logits.double().numpy())) for logits in (real, fake))
    assert float(generator_loss(fake)) == pytest.approx(-np.log(judged_fake).mean(), rel=1e-6)
    # 1 - D(SR) is 1 / (1 + exp(logit)).
    rest = 1 / (1 + np.exp(fake.double().numpy()))
    expected = -np.log(judged_real).mean() - np.log(rest).mean()
    assert float(discriminator_loss(real, fake)) == pytest.approx(expected, rel=1e-6)
    # A discriminator that cannot tell says 1/2 of everything.
    assert float(discriminator_loss(torch.zeros(4, 1), torch.zeros(4, 1))) == pytest.approx(2 * np.log(2))


def test_losses_are_in_32_bits_whatever_the_networks_compute_in() -> None:
    sr, hr = pair()
    for loss in (
        pixel_loss("mse", sr.bfloat16(), hr),
        generator_loss(torch.ones(2, 1).bfloat16()),
        discriminator_loss(torch.ones(2, 1).bfloat16(), torch.ones(2, 1).bfloat16()),
    ):
        assert loss.dtype == torch.float32


@pytest.mark.usefixtures("vgg19")
@pytest.mark.parametrize("content", ["vgg22", "vgg54"])
def test_the_content_loss_is_the_mean_squared_difference_of_scaled_features(content: str) -> None:
    sr, hr = pair()
    sr.requires_grad_()
    loss = content_loss(content, "cpu")(sr, hr)
    network = vgg_features(content)
    with torch.no_grad():
        difference = (network(sr) - network(hr)).double().numpy() / 12.75
    assert float(loss.detach()) == pytest.approx(np.mean(difference**2), rel=1e-5)
    loss.backward()
    assert sr.grad is not None and sr.grad.abs().sum() > 0


@pytest.mark.usefixtures("vgg19")
def test_grey_images_are_given_to_vgg19_three_times_over() -> None:
    sr, hr = pair(1)
    compare = content_loss("vgg22", "cpu")
    as_colour = compare(sr.repeat(1, 3, 1, 1), hr.repeat(1, 3, 1, 1))
    assert float(compare(sr, hr)) == pytest.approx(float(as_colour), rel=1e-6)
    assert float(as_colour) > 0


def test_features_without_weights_are_not_replaced_in_silence() -> None:
    with pytest.raises(WeightsMissing):
        content_loss("vgg22", "cpu")
