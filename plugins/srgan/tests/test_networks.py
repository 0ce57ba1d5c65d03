"""Generator and discriminator against the published count, a transcription of the paper's figure, and their reach."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_srgan.generator import Generator
from srbench_srgan.parameters import UPSAMPLING
from srbench_srgan.srgan import SRGAN
from srbench_srgan.srresnet import SRResNet
from torch.nn import functional

import srbench
from srbench.contract.method import Problem
from srbench.evaluate.tiles import Tiling, upscale_tiled
from srbench.registry.parameters import resolve
from srbench.registry.shared import create

PUBLISHED = 1_549_462


def seeded(method: SRResNet, scale: int, channels: int = 3, seed: int = 0) -> SRResNet:
    """A method as if it had learned something: batch statistics and slopes are not those of the start."""
    torch.manual_seed(seed)
    method._make(channels, scale)
    unsettle(method.networks["generator"])
    return method


def unsettle(network: torch.nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.running_mean, module.bias):
                torch.nn.init.normal_(tensor, std=0.1)
            for tensor in (module.running_var, module.weight):
                torch.nn.init.uniform_(tensor, 0.8, 1.2)
        elif isinstance(module, torch.nn.PReLU):
            torch.nn.init.uniform_(module.weight, 0.1, 0.4)


def expected_parameters(planes: int, scale: int, blocks: int, width: int, batch_norm: bool, light: bool = False) -> int:
    """The sum over the layers of figure 4; a PReLU has one slope."""
    inner = 9 * width**2 + width + (2 * width if batch_norm else 0)
    total = blocks * (2 * inner + 1) + inner
    if light:
        return total + 9 * planes * width + width + scale**2 * planes * (9 * width + 1)
    total += 81 * planes * width + width + 1
    factors = {2: [2], 3: [3], 4: [2, 2], 8: [2, 2, 2]}[scale]
    total += sum(factor**2 * (9 * width**2 + width) + 1 for factor in factors)
    return total + 81 * width * planes + planes


@pytest.mark.parametrize("target", [SRResNet, SRGAN])
def test_the_paper_preset_has_the_published_number_of_parameters(target: type[SRResNet]) -> None:
    method = create(target, resolve(target, {"preset": "paper"}))
    method._make(3, 4)
    assert method.parameters_count() == PUBLISHED == expected_parameters(3, 4, 16, 64, True)


@pytest.mark.parametrize("planes", [1, 3])
@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("ends", ["published", "light"])
def test_the_parameters_are_the_sum_over_the_layers(planes: int, scale: int, batch_norm: bool, ends: str) -> None:
    method = SRResNet(blocks=3, width=10, batch_norm=batch_norm, ends=ends)
    method._make(planes, scale)
    assert method.parameters_count() == expected_parameters(planes, scale, 3, 10, batch_norm, ends == "light")


def test_the_small_preset_has_the_documented_number_of_parameters() -> None:
    method = create(SRResNet, resolve(SRResNet, {"preset": "small"}))
    method._make(3, 4)
    assert method.parameters_count() == 657_272 == expected_parameters(3, 4, 8, 64, False, light=True)
    assert method.halo == 19


def test_a_leaky_relu_has_no_slope_to_learn() -> None:
    prelu, leaky = (Generator(3, 4, 5, 8, activation=activation) for activation in ("prelu", "leaky_relu"))
    slopes = 1 + 5 + 2
    assert sum(p.numel() for p in prelu.parameters()) - sum(p.numel() for p in leaky.parameters()) == slopes


def test_by_three_is_one_layer_of_nine_times_the_channels() -> None:
    layers = [layer for layer in Generator(3, 3, 1, 64).tail if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.out_channels for layer in layers] == [576, 3]


def transcribed(lr: torch.Tensor, tensors: Iterator[torch.Tensor], blocks: int, factors: list[int]) -> torch.Tensor:
    """Figure 4 (top) written down as a sequence of operations, which takes its tensors in the order of the figure."""

    def conv(image: torch.Tensor, stride: int = 1) -> torch.Tensor:
        weight = next(tensors)
        return functional.conv2d(image, weight, next(tensors), stride=stride, padding=weight.shape[-1] // 2)

    def bn(image: torch.Tensor) -> torch.Tensor:
        gamma, beta, mean, variance, _ = (next(tensors) for _ in range(5))
        gamma, beta, mean, variance = (tensor[:, None, None] for tensor in (gamma, beta, mean, variance))
        return gamma * (image - mean) / (variance + 1e-5).sqrt() + beta

    def prelu(image: torch.Tensor) -> torch.Tensor:
        return image.clamp(min=0) + next(tensors) * image.clamp(max=0)

    first = image = prelu(conv(lr))
    for _ in range(blocks):
        image = image + bn(conv(prelu(bn(conv(image)))))
    image = first + bn(conv(image))
    for factor in factors:
        image = conv(image)
        n, channels, height, width = image.shape
        image = image.reshape(n, channels // factor**2, factor, factor, height, width).permute(0, 1, 4, 2, 5, 3)
        image = prelu(image.reshape(n, channels // factor**2, height * factor, width * factor))
    return conv(image) / 2 + 0.5


@pytest.mark.parametrize(("scale", "factors"), [(2, [2]), (3, [3]), (4, [2, 2]), (8, [2, 2, 2])])
def test_the_generator_is_that_of_the_figure(scale: int, factors: list[int]) -> None:
    method = seeded(SRResNet(blocks=3, width=12), scale)
    tensors = iter(method.networks["generator"].state_dict().values())
    lr = torch.rand(2, 3, 7, 9)
    expected = transcribed(lr, tensors, 3, factors)
    torch.testing.assert_close(method.upscale(lr, scale), expected, atol=1e-5, rtol=1e-5)
    assert next(tensors, None) is None, "there are tensors that the figure does not have"


def test_light_ends_are_convolutions_on_lr_around_the_same_blocks() -> None:
    method = seeded(SRResNet(blocks=1, width=5, ends="light", batch_norm=False), 3)
    tensors = list(method.networks["generator"].state_dict().values())
    head, (*first_of_block, slope), second_of_block, last_of_body, tail = (
        tensors[:2],
        tensors[2:5],
        tensors[5:7],
        tensors[7:9],
        tensors[9:],
    )
    lr = torch.rand(2, 3, 6, 5)

    def conv(image: torch.Tensor, weight_and_bias: list[torch.Tensor]) -> torch.Tensor:
        return functional.conv2d(image, *weight_and_bias, padding=1)

    first = conv(lr, head)
    inside = conv(first, first_of_block)
    block = first + conv(torch.where(inside > 0, inside, slope * inside), second_of_block)
    planes = conv(first + conv(block, last_of_body), tail)
    # Nine planes a colour, of which plane 3 i + j is the row i and the column j of every place.
    sr = planes.reshape(2, 3, 3, 3, 6, 5).permute(0, 1, 4, 2, 5, 3).reshape(2, 3, 18, 15)
    torch.testing.assert_close(method.upscale(lr, 3), (sr + 1) / 2, atol=1e-5, rtol=1e-5)


STUDY = {"second_activation": True, "upsampling": (1, 1, 3), "upsampling_activation": False, "tanh": True}


def test_the_generator_of_the_study_of_mri_is_what_it_tells() -> None:
    """Blocks of (conv, BN, leaky ReLU, conv, BN, leaky ReLU, add), 3 x (conv, shuffle) of x3 altogether, tanh."""
    method = seeded(SRResNet(blocks=2, width=5, activation="leaky_relu", signed_lr=True, **STUDY), 3, channels=1)
    tensors = iter(method.networks["generator"].state_dict().values())

    def conv(image: torch.Tensor) -> torch.Tensor:
        weight = next(tensors)
        return functional.conv2d(image, weight, next(tensors), padding=weight.shape[-1] // 2)

    def normalised(image: torch.Tensor) -> torch.Tensor:
        gamma, beta, mean, variance, _ = (next(tensors) for _ in range(5))
        return functional.batch_norm(image, mean, variance, gamma, beta)

    def leaky(image: torch.Tensor) -> torch.Tensor:
        return torch.maximum(image, 0.2 * image)

    lr = torch.rand(2, 1, 7, 6)
    first = features = leaky(conv(2 * lr - 1))
    for _ in range(2):
        features = features + leaky(normalised(conv(leaky(normalised(conv(features))))))
    features = first + normalised(conv(features))
    for factor in (1, 1, 3):
        features = functional.pixel_shuffle(conv(features), factor)
    expected = torch.tanh(conv(features)) / 2 + 0.5
    assert next(tensors, None) is None
    torch.testing.assert_close(method.upscale(lr, 3), expected, atol=1e-5, rtol=1e-5)


def test_the_preset_for_mri_is_the_published_network() -> None:
    params = resolve(SRGAN, {"preset": "mri-x3"})
    assert {name: params[name] for name in STUDY} == STUDY
    method = SRGAN(**params)
    method._make(1, 3)
    # Head and last convolution, 7 blocks, the one behind them, two layers that keep the size, and one of 9 x 64.
    inner = 9 * 64**2 + 64
    expected = (81 * 64 + 64) + 15 * (inner + 2 * 64) + 2 * inner + 9 * inner + (81 * 64 + 1)
    assert method.parameters_count() == expected == 972_481


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("ends", ["published", "light", (1, 1)])
@pytest.mark.parametrize("blocks", [1, 3])
def test_the_halo_is_how_far_pixels_see_and_no_more(scale: int, ends: str | tuple[int, ...], blocks: int) -> None:
    layers = {"upsampling": (*ends, scale)} if isinstance(ends, tuple) else {"ends": ends}
    method = seeded(SRResNet(blocks=blocks, width=6, **layers), scale)
    assert method.halo is not None
    side = 2 * method.halo + 3
    middle = method.halo + 1
    lr = torch.rand(1, 3, side, side)
    changed = lr.clone()
    changed[..., middle, middle] += 10
    moved = (method.upscale(lr, scale) != method.upscale(changed, scale)).any(1)[0]
    columns = moved.any(0).nonzero() // scale - middle
    assert int(columns.min()) == -method.halo and int(columns.max()) == method.halo


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("ends", ["published", "light"])
def test_tiles_with_the_halo_equal_the_whole(scale: int, ends: str) -> None:
    method = seeded(SRResNet(blocks=2, width=8, ends=ends), scale)
    lr = torch.rand(1, 3, 45, 38)
    assert method.halo is not None
    tiled = upscale_tiled(lambda seen: method.upscale(seen, scale), lr, scale, Tiling(4, 3, method.halo))
    torch.testing.assert_close(tiled, method.upscale(lr, scale), atol=1e-5, rtol=0, check_stride=False)


def test_the_halo_of_the_paper_is_40_pixels() -> None:
    # 4 for the last convolution are 2 at half its size and, with the sub-pixel layers' own, 3 in LR; then 33 + 4.
    method = SRResNet()
    method._make(3, 4)
    assert method.halo == 3 + 33 + 4


@settings(max_examples=20)
@given(
    scale=st.sampled_from(sorted(UPSAMPLING)),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    trained=st.sampled_from([1, 3]),
    given_channels=st.sampled_from([1, 3]),
)
def test_any_size_in_grey_and_in_colour_and_whatever_else_is_in_the_batch(
    scale: int, height: int, width: int, trained: int, given_channels: int
) -> None:
    method = seeded(SRResNet(blocks=1, width=4), scale, trained)
    lr = torch.rand(3, given_channels, height, width)
    together = method.upscale(lr, scale)
    assert together.shape == (3, given_channels, height * scale, width * scale)
    assert together.dtype == torch.float32 and together.isfinite().all()
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], method.upscale(lr[i : i + 1], scale), atol=1e-5, rtol=0)


@pytest.mark.parametrize("target", [SRResNet, SRGAN])
def test_what_it_cannot_do_is_said_before_anything_is_trained(target: type[SRResNet]) -> None:
    def asked(scale: int, **params: object) -> srbench.Skip | None:
        return target(**params).supports(Problem(scale, (1, 3), ("uint8", "uint16", "float32"), (1, 1), (9, 9)))

    assert [asked(scale) for scale in (2, 3, 4, 8)] == [None] * 4
    for scale in (1, 5, 6, 16):
        assert f"not x{scale}" in asked(scale).reason
    assert "patches of 98 pixels" in asked(4, patch=98).reason
    assert asked(2, patch=98) is None
    assert "`upsampling`) make x6, not x3" in asked(3, upsampling=(2, 3)).reason
    assert asked(6, upsampling=(2, 3)) is None
    with pytest.raises(srbench.SrbenchError, match="not x5"):
        target()._make(3, 5)
    with pytest.raises(srbench.SrbenchError, match="light ends"):
        target(ends="light", upsampling=(3,))
