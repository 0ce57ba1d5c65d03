"""The losses against their formulas, written down anew in float64."""

import numpy as np
import pytest
import torch
from srbench_srgan.losses import content_loss, total_variation

from srbench.training import vgg_features
from srbench.weights.lookup import WeightsMissing

pytestmark = pytest.mark.usefixtures("no_weights")


def pair(channels: int = 3, side: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    seeded = torch.Generator().manual_seed(side)
    return tuple(torch.rand(2, channels, side, side, generator=seeded) for _ in range(2))


@pytest.mark.parametrize("channels", [1, 3])
def test_errors_of_pixels_are_those_of_images_between_minus_1_and_1(channels: int) -> None:
    sr, hr = pair(channels)
    one, other = (np.interp(image.double().numpy(), (0, 1), (-1, 1)) for image in (sr, hr))
    assert float(content_loss("l1", "cpu")(sr, hr)) == pytest.approx(np.mean(np.abs(one - other)), rel=1e-6)
    assert float(content_loss("mse", "cpu")(sr, hr)) == pytest.approx(np.mean((one - other) ** 2), rel=1e-6)


def test_the_total_variation_of_a_ramp_and_of_a_step() -> None:
    ramp = (torch.arange(5) / 8).expand(2, 3, 4, 5)
    # Four differences of 1 / 8, in [-1, 1] of 1 / 4, in each of 4 rows of 3 channels.
    assert float(total_variation(ramp)) == pytest.approx(4 * 4 * 3 / 4)
    step = torch.zeros(1, 1, 4, 6)
    step[..., 2:, :] = 1
    assert float(total_variation(step)) == 6 * 2
    both = torch.cat([step, torch.zeros_like(step)])
    assert float(total_variation(both)) == 6, "the mean over images"


def test_losses_are_in_32_bits_whatever_the_networks_compute_in() -> None:
    sr, hr = pair()
    for kind in ("mse", "l1"):
        assert content_loss(kind, "cpu")(sr.bfloat16(), hr).dtype == torch.float32
    assert total_variation(sr.bfloat16()).dtype == torch.float32


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
