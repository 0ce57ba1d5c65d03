"""The Keras-style ResNet50 against a transcription of Keras' own network into NumPy, and its published size."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from srbench_fid.extractors.keras_resnet import KerasResNet
from srbench_fid.extractors.radimagenet import MEANS, RadImageNet

from srbench.weights.lookup import load_state

STAGES = (3, 4, 6, 3)


class KerasInNumpy:
    """`keras.applications.ResNet50(include_top=False)` with `width` in place of 64: images are (N, H, W, C).

    Weights are in Keras' layout and under Keras' names. A convolution is given its padding by a layer before it.
    """

    def __init__(self, width, blocks, seed):
        self.random = np.random.default_rng(seed)
        self.width, self.blocks, self.weights = width, blocks, {}

    def __call__(self, x):
        x = self.convolution(np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0))), self.width, 7, 2, "conv1_conv")
        x = self.relu(self.normalisation(x, "conv1_bn"))
        x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))  # pool1_pad: with zeros
        x = sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2].max(axis=(-2, -1))
        for stage, count in enumerate(self.blocks):
            for block in range(count):
                name = f"conv{stage + 2}_block{block + 1}"
                stride = 2 if stage > 0 and block == 0 else 1
                x = self.block(x, self.width * 2**stage, stride, block == 0, name)
        return x

    def block(self, x, filters, stride, conv_shortcut, name):
        shortcut = x
        if conv_shortcut:
            shortcut = self.convolution(x, 4 * filters, 1, stride, f"{name}_0_conv")
            shortcut = self.normalisation(shortcut, f"{name}_0_bn")
        x = self.relu(self.normalisation(self.convolution(x, filters, 1, stride, f"{name}_1_conv"), f"{name}_1_bn"))
        x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))  # padding="SAME" of a 3 x 3 kernel without stride
        x = self.relu(self.normalisation(self.convolution(x, filters, 3, 1, f"{name}_2_conv"), f"{name}_2_bn"))
        x = self.normalisation(self.convolution(x, 4 * filters, 1, 1, f"{name}_3_conv"), f"{name}_3_bn")
        return self.relu(shortcut + x)

    def convolution(self, x, filters, side, stride, name):
        kernel = self.random.normal(size=(side, side, x.shape[-1], filters)) / np.sqrt(side * side * x.shape[-1])
        bias = self.random.normal(size=filters)
        self.weights[name] = {"kernel": kernel, "bias": bias}
        windows = sliding_window_view(x, (side, side), axis=(1, 2))[:, ::stride, ::stride]
        return np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True) + bias

    def normalisation(self, x, name):
        gamma, beta, mean = (self.random.normal(size=x.shape[-1]) for _ in range(3))
        # Some variances so small that the epsilon shows.
        variance = self.random.choice([1e-5, 0.3, 1.5], size=x.shape[-1])
        gamma = 0.3 * gamma * np.sqrt(variance + 1e-3)
        self.weights[name] = {"gamma": gamma, "beta": beta, "moving_mean": mean, "moving_variance": variance}
        return gamma * (x - mean) / np.sqrt(variance + 1.001e-5) + beta

    @staticmethod
    def relu(x):
        return np.maximum(x, 0)


def torch_name(keras: str) -> str:
    """Where the published PyTorch file keeps a layer of Keras."""
    if keras.startswith("conv1_"):
        return "conv1" if keras == "conv1_conv" else "bn1"
    stage, block, number, kind = keras.split("_")
    place = f"layer{int(stage[4:]) - 1}.{int(block[5:]) - 1}"
    if number == "0":
        return f"{place}.downsample.{0 if kind == 'conv' else 1}"
    return f"{place}.{kind}{number}"


def state_dict(weights) -> dict[str, torch.Tensor]:
    state = {}
    for layer, arrays in weights.items():
        name = torch_name(layer)
        if "kernel" in arrays:
            state[f"{name}.weight"] = arrays["kernel"].transpose(3, 2, 0, 1)
            state[f"{name}.bias"] = arrays["bias"]
        else:
            ours = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
            state |= {f"{name}.{ours[key]}": array for key, array in arrays.items()}
            state[f"{name}.num_batches_tracked"] = np.array(0)
    return {name: torch.tensor(array) for name, array in state.items()}


@pytest.mark.parametrize(("width", "blocks", "size"), [(4, STAGES, (64, 64)), (8, (1, 2, 1, 1), (71, 90))])
def test_the_network_is_that_of_keras(width, blocks, size):
    images = np.random.default_rng(1).random((2, *size, 3))
    keras = KerasInNumpy(width, blocks, seed=2)
    expected = keras(images)
    network = KerasResNet(width, blocks).double().eval()
    network.load_state_dict(state_dict(keras.weights), strict=True)
    with torch.inference_mode():
        found = network(torch.from_numpy(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    assert found.shape == expected.shape
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_it_has_as_many_parameters_and_tensors_as_published():
    network = KerasResNet()
    # keras.applications.ResNet50(include_top=False).summary(): 23,587,712 parameters, 53,120 of them not trained.
    assert sum(parameter.numel() for parameter in network.parameters()) == 23_587_712 - 53_120
    state = network.state_dict()
    assert len(state) == 53 * 2 + 53 * 5
    still = [name for name in state if name.endswith(("running_mean", "running_var"))]
    assert sum(state[name].numel() for name in still) == 53_120


@pytest.mark.parametrize("channels", [1, 3])
def test_radimagenets_features_are_those_of_the_transcription(monkeypatch, channels):
    images = torch.rand(1, channels, 224, 224, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    blue_first = images.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()[..., ::-1] - np.array([0.406, 0.456, 0.485])
    keras = KerasInNumpy(64, STAGES, seed=7)
    expected = keras(blue_first).mean(axis=(1, 2))
    state = state_dict(keras.weights)
    monkeypatch.setattr("srbench.weights.load_weights", lambda name: state)
    extractor = RadImageNet()
    with torch.inference_mode():
        rounded = extractor.extract(images.float()).numpy()
    np.testing.assert_allclose(rounded, expected, rtol=0, atol=1e-5 * expected.max())
    load_state(extractor._network.double(), state, "radimagenet-resnet50")  # unrounded, to see every digit
    with torch.inference_mode():
        found = extractor.extract(images).numpy()
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def full_state(seed: int) -> dict[str, torch.Tensor]:
    """Weights of the full network that keep activations of a sensible size."""
    generator = torch.Generator().manual_seed(seed)
    state = KerasResNet().state_dict()
    for name, tensor in state.items():
        if name.endswith("running_mean"):
            tensor.normal_(0, 0.1, generator=generator)
        elif name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=generator)
    return state


def test_radimagenet_sees_blue_first_less_its_means_and_averages_7_x_7(monkeypatch):
    state = full_state(3)
    monkeypatch.setattr("srbench.weights.load_weights", lambda name: {"radimagenet-resnet50": state}[name])
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(4))
    network = KerasResNet().eval()
    network.load_state_dict(state)
    maps = []
    network.layer4.register_forward_hook(lambda module, given, made: maps.append(made))
    red, green, blue = images.unbind(1)
    given = torch.stack([blue - 0.406, green - 0.456, red - 0.485], dim=1)
    extractor = RadImageNet()
    with torch.inference_mode():
        network(given)
        found = extractor.extract(images)
    assert maps[0].shape == (2, 2048, 7, 7)
    assert found.shape == (2, extractor.dim)
    torch.testing.assert_close(found, maps[0].mean(dim=(2, 3)))


def test_radimagenet_repeats_grey_and_resizes_whatever_it_is_given(monkeypatch):
    state = full_state(3)
    monkeypatch.setattr("srbench.weights.load_weights", lambda name: {"radimagenet-resnet50": state}[name])
    extractor = RadImageNet()
    grey = torch.rand(1, 1, 60, 100, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        torch.testing.assert_close(extractor.extract(grey), extractor.extract(grey.expand(-1, 3, -1, -1)))
    assert MEANS == (0.406, 0.456, 0.485)
