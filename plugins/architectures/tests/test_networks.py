"""Networks written from their papers, beside what the papers say, operation by operation, and beside basicsr's."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
from srbench_architectures.networks.drcn import DRCN
from srbench_architectures.networks.edsr import EDSR
from srbench_architectures.networks.espcn import ESPCN
from srbench_architectures.networks.fsrcnn import FSRCNN
from srbench_architectures.networks.vdsr import VDSR
from tiny_networks import scrambled, untrained
from torch.nn import functional

from srbench.pictures import resize


def tensors(network: torch.nn.Module) -> list[torch.Tensor]:
    """The weights of a network, in the order of its layers, made such that all of them show."""
    torch.manual_seed(1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return list(network.state_dict().values())


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_edsr_is_that_of_basicsr(scale: int, basicsr: ModuleType) -> None:
    ours = EDSR(3, scale, num_feat=6, num_block=3, res_scale=0.1)
    theirs = basicsr.archs.edsr_arch.EDSR(3, 3, 6, 3, scale, res_scale=0.1, img_range=1.0)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), tensors(ours), strict=True)))
    lr = torch.rand(2, 3, 7, 9)
    torch.testing.assert_close(ours(lr), theirs(lr), atol=1e-5, rtol=1e-5)


def test_edsr_for_grey_takes_the_average_of_the_mean_colour_away() -> None:
    network = EDSR(1, 2, 4, 1, 1.0)
    assert network.mean.item() == pytest.approx((0.4488 + 0.4371 + 0.4040) / 3)
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    assert network(torch.rand(1, 1, 3, 3)).unique().item() == pytest.approx(network.mean.item())


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_espcn_is_two_convolutions_with_tanh_and_one_of_all_pixels(scale: int) -> None:
    network, lr = ESPCN(1, scale, (5, 3, 3), (6, 4)), torch.rand(2, 1, 6, 5)
    w1, b1, w2, b2, w3, b3 = tensors(network)
    hidden = torch.tanh(functional.conv2d(lr, w1, b1, padding=2))
    hidden = torch.tanh(functional.conv2d(hidden, w2, b2, padding=1))
    planes = functional.conv2d(hidden, w3, b3, padding=1)
    # Plane scale * i + j is the row i and the column j of every place.
    sr = planes.reshape(2, scale, scale, 6, 5).permute(0, 3, 1, 4, 2).reshape(2, 1, 6 * scale, 5 * scale)
    torch.testing.assert_close(network(lr), sr, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_fsrcnn_maps_a_shrunken_image_and_sums_kernels_of_nine_pixels(scale: int) -> None:
    network, lr = FSRCNN(1, scale, d=5, s=3, m=2), torch.rand(1, 1, 4, 3)
    given = iter(tensors(network))
    features = lr
    for padding in (2, 0, 1, 1, 0):
        features = functional.conv2d(features, next(given), next(given), padding=padding)
        features = torch.where(features > 0, features, next(given).reshape(1, -1, 1, 1) * features)
    kernel, bias = next(given), next(given)
    assert next(given, None) is None
    canvas = torch.zeros(4 * scale + 20, 3 * scale + 20)
    for row in range(4):
        for column in range(3):
            stamp = torch.tensordot(features[0, :, row, column], kernel[:, 0], dims=1)
            top, left = 10 + row * scale - 4, 10 + column * scale - 4
            canvas[top : top + 9, left : left + 9] += stamp
    expected = canvas[10 : 10 + 4 * scale, 10 : 10 + 3 * scale] + bias
    torch.testing.assert_close(network(lr)[0, 0], expected, atol=1e-4, rtol=1e-4)


def test_fsrcnn_begins_with_small_kernels_of_its_deconvolution() -> None:
    torch.manual_seed(0)
    weight = FSRCNN(1, 3, 56, 12, 4).deconvolution.weight
    assert weight.std().item() == pytest.approx(0.001, rel=0.05)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_vdsr_adds_what_convolutions_make_of_the_upsampled_image(scale: int) -> None:
    network, lr = VDSR(1, scale, num_layers=4, num_feat=5), torch.rand(2, 1, 6, 5)
    given = tensors(network)
    upsampled = features = resize(lr, scale)
    for layer in range(4):
        features = functional.conv2d(features, given[2 * layer], given[2 * layer + 1], padding=1)
        features = features if layer == 3 else features.clamp(min=0)
    torch.testing.assert_close(network(lr), upsampled + features, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_drcn_mixes_what_each_recursion_makes(scale: int) -> None:
    network, lr = DRCN(1, scale, recursions=3, num_feat=5), torch.rand(2, 1, 6, 5)
    mixture, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = tensors(network)

    def convolved(image: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(image, weight, bias, padding=1)

    upsampled = resize(lr, scale)
    features = convolved(convolved(upsampled, w1, b1).clamp(min=0), w2, b2).clamp(min=0)
    expected = torch.zeros_like(upsampled)
    for weight in mixture:
        features = convolved(features, w3, b3).clamp(min=0)
        expected += weight * (upsampled + convolved(convolved(features, w4, b4).clamp(min=0), w5, b5))
    torch.testing.assert_close(network(lr), expected, atol=1e-4, rtol=1e-4)


def test_drcns_recursion_begins_as_the_identity() -> None:
    network, features = DRCN(1, 2, 3, 6), torch.rand(1, 6, 5, 5)
    torch.testing.assert_close(network.recursive(features), features)


@pytest.mark.parametrize("name", ["vdsr", "drcn"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_an_untrained_network_that_learns_a_difference_is_bicubic_interpolation(name: str, scale: int) -> None:
    lr = torch.rand(2, 3, 9, 8)
    torch.testing.assert_close(untrained(name, scale).upscale(lr, scale), resize(lr, scale), atol=1e-5, rtol=0)
    assert (scrambled(name, scale).upscale(lr, scale) - resize(lr, scale)).abs().max() > 0.01


@pytest.mark.parametrize(
    ("name", "params"), [("espcn", {}), ("fsrcnn", {}), ("vdsr", {}), ("drcn", {}), ("compact", {"trains_on": "y"})]
)
def test_of_colour_y_is_learned_and_chroma_is_bicubic(name: str, params: dict[str, str]) -> None:
    from skimage.color import rgb2ycbcr

    method, lr = scrambled(name, **params), torch.rand(1, 3, 9, 8)
    assert method.channels == 1
    sr, bicubic = (rgb2ycbcr(image[0].permute(1, 2, 0).numpy()) for image in (method.upscale(lr, 2), resize(lr, 2)))
    assert abs(sr[..., 1:] - bicubic[..., 1:]).max() < 0.1
    assert abs(sr[..., 0] - bicubic[..., 0]).max() > 1
