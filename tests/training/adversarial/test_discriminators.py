"""Discriminators: Ledig's figure written down again, and basicsr's U-Net on the same weights."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
from torch.nn import functional

from srbench.training.adversarial.discriminators import UNetDiscriminator, VGGDiscriminator


def unsettle(network: torch.nn.Module) -> None:
    """Give it batch statistics that are not those of the start."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.running_mean, module.bias):
                torch.nn.init.normal_(tensor, std=0.1)
            for tensor in (module.running_var, module.weight):
                torch.nn.init.uniform_(tensor, 0.8, 1.2)


class TestVGGStyle:
    def test_the_discriminator_is_that_of_the_figure(self) -> None:
        torch.manual_seed(0)
        network = VGGDiscriminator(3, 40, width=4, dense=16).eval()
        unsettle(network)
        tensors = iter(network.state_dict().values())
        image = torch.rand(3, 3, 40, 40)

        def leaky(features: torch.Tensor) -> torch.Tensor:
            return torch.maximum(features, 0.2 * features)

        features = image * 2 - 1
        for layer, (channels, stride) in enumerate(
            [(4, 1), (4, 2), (8, 1), (8, 2), (16, 1), (16, 2), (32, 1), (32, 2)],
        ):
            weight = next(tensors)
            assert weight.shape == (channels, features.shape[1], 3, 3)
            features = functional.conv2d(features, weight, next(tensors), stride=stride, padding=1)
            if layer:
                gamma, beta, mean, variance, _ = (next(tensors) for _ in range(5))
                features = functional.batch_norm(features, mean, variance, gamma, beta)
            features = leaky(features)
        assert features.shape[-2:] == (3, 3)  # 40, 20, 10, 5, 3
        hidden = leaky(features.flatten(1) @ next(tensors).T + next(tensors))
        expected = hidden @ next(tensors).T + next(tensors)
        torch.testing.assert_close(network(image), expected, atol=1e-5, rtol=1e-5)
        assert next(tensors, None) is None

    def test_the_discriminator_of_the_paper_judges_patches_of_96_pixels(self) -> None:
        with torch.device("meta"):
            network = VGGDiscriminator(3, 96)
        assert network.judgement[1].weight.shape == (1024, 512 * 6 * 6)
        convolutions = [layer for layer in network.features if isinstance(layer, torch.nn.Conv2d)]
        assert [layer.out_channels for layer in convolutions] == [64, 64, 128, 128, 256, 256, 512, 512]
        assert sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in network.features) == 7

    @pytest.mark.parametrize("side", [1, 15, 16, 17, 33, 150])
    def test_the_discriminator_takes_patches_of_any_side(self, side: int) -> None:
        logits = VGGDiscriminator(1, side, width=2, dense=4)(torch.rand(2, 1, side, side))
        assert logits.shape == (2, 1) and logits.isfinite().all()

    def test_dropout_is_within_every_block_and_only_while_it_learns(self) -> None:
        torch.manual_seed(0)
        network = VGGDiscriminator(1, 16, width=4, dense=8, block_dropout=0.5)
        kinds = [type(layer).__name__ for layer in network.features]
        assert kinds.count("Dropout") == 8
        assert all(kinds[place - 1] == "LeakyReLU" for place, kind in enumerate(kinds) if kind == "Dropout")
        image = torch.rand(2, 1, 16, 16)
        assert not network(image).equal(network(image))
        network.eval()
        assert network(image).equal(network(image))


class TestUNet:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_it_is_that_of_basicsr_on_the_same_weights(self, channels: int, basicsr: ModuleType) -> None:
        torch.manual_seed(0)
        theirs = basicsr.archs.discriminator_arch.UNetDiscriminatorSN(channels, num_feat=6)
        ours = UNetDiscriminator(channels, 6)
        # basicsr has torch's older spectral normalisation, which calls its tensors otherwise.
        renamed = {
            "parametrizations.weight.original": "weight_orig",
            "parametrizations.weight.0._u": "weight_u",
            "parametrizations.weight.0._v": "weight_v",
        }
        held = theirs.state_dict()
        given = {name: held[f"{name[:6]}{renamed.get(name[6:], name[6:])}"] for name in ours.state_dict()}
        assert len(given) == len(held)
        ours.load_state_dict(given)
        ours.eval(), theirs.eval()  # in training the two begin their power iteration at other ends
        image = torch.rand(2, channels, 24, 16)
        found, expected = ours(image), theirs(image)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
        assert found.shape == (2, 1, 24, 16)
        for network, logits in ((ours, found), (theirs, expected)):
            logits.square().mean().backward()
            assert network.conv0.weight.grad is not None
        torch.testing.assert_close(ours.conv0.weight.grad, theirs.conv0.weight.grad, rtol=1e-4, atol=1e-6)

    def test_it_has_as_many_parameters_as_the_published_one(self) -> None:
        with torch.device("meta"):
            network = UNetDiscriminator(3)
        kernels = [(3, 64, 9), (64, 128, 16), (128, 256, 16), (256, 512, 16), (512, 256, 9), (256, 128, 9)]
        kernels += [(128, 64, 9), (64, 64, 9), (64, 64, 9), (64, 1, 9)]
        biases = 64 + 1
        expected = sum(inside * outside * places for inside, outside, places in kernels) + biases
        assert sum(p.numel() for p in network.parameters()) == expected == 4_376_897

    @pytest.mark.parametrize("side", [(8, 8), (9, 15), (30, 17)])
    def test_sides_need_not_be_multiples(self, side: tuple[int, int]) -> None:
        logits = UNetDiscriminator(1, 2)(torch.rand(2, 1, *side))
        assert logits.shape == (2, 1, *side) and logits.isfinite().all()

    def test_convolutions_between_the_ends_stretch_nothing(self) -> None:
        torch.manual_seed(0)
        network = UNetDiscriminator(3, 8)
        for _ in range(60):  # the power iteration goes a step with each forward pass
            network(torch.rand(1, 3, 8, 8))
        for name, layer in list(network.named_children())[1:-1]:
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02), name

    def test_three_forward_passes_before_one_backward_pass(self) -> None:
        """As in a step: HR, SR, and SR without the generator."""
        network = UNetDiscriminator(1, 2)
        image = torch.rand(1, 1, 8, 8, requires_grad=True)
        losses = [network(image).mean() for _ in range(3)]
        torch.stack(losses).sum().backward()
        assert image.grad is not None and image.grad.abs().sum() > 0


def test_importing_the_bases_imports_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, srbench.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    import srbench.training

    assert srbench.training.UNetDiscriminator is UNetDiscriminator
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = srbench.training.Nothing
