"""Extractors: what the network is given, and that nothing but the right weights is."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from srbench_fid.extractors.inception import Inception, empty_network
from srbench_fid.extractors.preparing import resized
from srbench_fid.extractors.timm_model import ModelError, TimmModel
from srbench_fid.metrics.kernel import CLIP

from srbench.weights.lookup import WeightsDamaged, WeightsMissing, weights_file
from srbench.weights.torchvision_shim import import_torchvision

import_torchvision()
import timm  # noqa: E402
from torch_fidelity import feature_extractor_inceptionv3  # noqa: E402

MODEL = "test_resnet.r160_in1k"


def pictures(count: int, channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    """8-bit pictures in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, height, width), generator=generator).float() / 255


@pytest.fixture(scope="module")
def inception_state() -> dict[str, torch.Tensor]:
    """Weights for torch-fidelity's Inception, random, of a size that keeps activations alive."""
    generator = torch.Generator().manual_seed(1)
    state = {}
    for name, tensor in empty_network().state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros(tensor.shape, dtype=tensor.dtype)
        elif name.endswith(("running_var", "bn.weight")):
            state[name] = torch.rand(tensor.shape, generator=generator) + 0.5
        elif tensor.ndim > 1:
            fan_in = tensor[0].numel()
            state[name] = torch.randn(tensor.shape, generator=generator) * (2 / fan_in) ** 0.5
        else:
            state[name] = torch.randn(tensor.shape, generator=generator) * 0.1
    return state


@pytest.fixture
def inception(inception_state, monkeypatch) -> Inception:
    monkeypatch.setattr("srbench.weights.load_weights", lambda name: {"inception": inception_state}[name])
    return Inception()


def by_torch_fidelity(state: dict[str, torch.Tensor], levels: torch.Tensor) -> list[torch.Tensor]:
    """Features and unbiased logits as torch-fidelity itself computes them from a file with weights."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    network = feature_extractor_inceptionv3.FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=file
    )
    with torch.inference_mode():
        return list(network(levels))


@pytest.mark.parametrize("size", [(96, 130), (320, 310)])
def test_inception_gives_the_features_and_logits_of_torch_fidelity(inception, inception_state, size):
    images = pictures(2, 3, *size)
    features, logits = by_torch_fidelity(inception_state, (images * 255).round().to(torch.uint8))
    with torch.inference_mode():
        found = inception.extract(images)
        torch.testing.assert_close(found, features)
        torch.testing.assert_close(inception.logits(found), logits)
    assert found.shape == (2, inception.dim)
    assert found.std() > 1e-3, "a network that answers the same for everything proves nothing"


def test_inception_repeats_grey_and_rounds_16_bit_pictures_to_8(inception):
    grey = torch.rand(1, 1, 80, 70, generator=torch.Generator().manual_seed(2))
    rounded = (grey * 255).round() / 255
    with torch.inference_mode():
        expected = inception.extract(rounded.expand(-1, 3, -1, -1))
        torch.testing.assert_close(inception.extract(grey), expected)


def test_the_address_of_the_inception_weights_is_that_of_torch_fidelity():
    declared = weights_file("inception")
    assert declared.url == feature_extractor_inceptionv3.URL_INCEPTION_V3
    assert declared.sha256.startswith(declared.file.removesuffix(".pth").rpartition("-")[2])


@pytest.mark.parametrize("fault", ["missing", "extra", "transposed"])
def test_inception_refuses_weights_that_do_not_fit(inception_state, monkeypatch, fault):
    state = dict(inception_state)
    if fault == "missing":
        del state["fc.weight"]
    elif fault == "extra":
        state["head.weight"] = torch.zeros(1)
    else:
        state["fc.weight"] = state["fc.weight"].T
    monkeypatch.setattr("srbench.weights.load_weights", lambda name: state)
    with pytest.raises(WeightsDamaged, match="inception"):
        Inception().extract(pictures(1, 3, 64, 64))


@pytest.mark.parametrize("extractor", [Inception, lambda: TimmModel(MODEL)])
def test_without_its_weights_an_extractor_says_how_to_get_them(extractor, tmp_path, monkeypatch):
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"srbench fetch inception|huggingface.co/timm/test_resnet") as caught:
        extractor().extract(pictures(1, 3, 64, 64))
    assert str(tmp_path) not in str(caught.value)


def test_the_page_of_a_models_weights_is_the_one_that_timm_names(tmp_path, monkeypatch):
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    for name in (MODEL, "vit_base_patch32_clip_224.openai", CLIP.removeprefix("timm:")):
        with pytest.raises(WeightsMissing) as caught:
            _ = TimmModel(name).files
        page = f"https://huggingface.co/{timm.models.get_pretrained_cfg(name).hf_hub_id}/resolve/main/"
        assert page in str(caught.value)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(40, 30), (160, 160), (33, 200)])
def test_resizing_is_that_of_pillow(interpolation, size):
    image = pictures(1, 1, 90, 75)
    resample = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}[interpolation]
    expected = np.asarray(Image.fromarray(image[0, 0].numpy(), "F").resize(size[::-1], resample))
    np.testing.assert_allclose(resized(image, size, interpolation)[0, 0].numpy(), expected, atol=1e-4)


@pytest.fixture
def weights_folder(tmp_path, monkeypatch) -> Path:
    """The folder of timm's weights in an empty data root."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    folder = tmp_path / "weights" / "timm"
    folder.mkdir(parents=True)
    return folder


def save_model(folder: Path, name: str = MODEL, seed: int = 0) -> torch.nn.Module:
    """A file as timm publishes it, with random weights; returns the model."""
    torch.manual_seed(seed)
    model = timm.create_model(name, pretrained=False, num_classes=timm.models.get_pretrained_cfg(name).num_classes)
    save_file(model.state_dict(), folder / f"{name}.safetensors")
    return model.eval()


@pytest.mark.parametrize("name", [MODEL, "test_vit.r160_in1k", "mobilenetv3_small_050.lamb_in1k"])
def test_a_model_of_timm_gives_its_features_before_the_classifier(weights_folder, name):
    model = save_model(weights_folder, name)
    facts = model.pretrained_cfg
    images = pictures(2, 3, *facts["input_size"][1:])
    mean, deviation = (torch.tensor(facts[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    extractor = TimmModel(name)
    with torch.inference_mode():
        maps = model.forward_features((images - mean) / deviation)
        found = extractor.extract(images)
        torch.testing.assert_close(found, model.forward_head(maps, pre_logits=True), rtol=1e-4, atol=1e-5)
    assert found.shape == (2, extractor.dim)


def test_a_model_of_timm_sees_the_whole_picture_as_its_own_preprocessing_does(weights_folder):
    model = save_model(weights_folder)
    # Squashed to the size of the input, without a crop.
    transform = timm.data.create_transform(
        **timm.data.resolve_model_data_config(model) | {"crop_pct": 1.0, "crop_mode": "squash"}
    )
    image = pictures(1, 3, 200, 120)
    levels = (image[0] * 255).byte().permute(1, 2, 0).numpy()
    with torch.inference_mode():
        expected = model.forward_head(model.forward_features(transform(Image.fromarray(levels))[None]), pre_logits=True)
        found = TimmModel(MODEL).extract(image)
    # Theirs is rounded to 8 bits on the way.
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)


def test_grey_is_repeated_in_three_channels(weights_folder):
    save_model(weights_folder)
    extractor = TimmModel(MODEL)
    grey = pictures(1, 1, 50, 60)
    with torch.inference_mode():
        torch.testing.assert_close(extractor.extract(grey), extractor.extract(grey.expand(-1, 3, -1, -1)))


def test_of_clip_the_features_are_embeddings_of_length_one(weights_folder):
    name = "vit_xsmall_patch16_clip_224.tinyclip_yfcc15m"
    model = save_model(weights_folder, name)
    extractor = TimmModel(name)
    images = pictures(2, 3, 224, 224)
    facts = model.pretrained_cfg
    mean, deviation = (torch.tensor(facts[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        found, embedding = extractor.extract(images), model((images - mean) / deviation)
    assert found.shape == (2, 512)
    assert extractor.dim == 512
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(found, embedding / embedding.norm(dim=1, keepdim=True), rtol=1e-4, atol=1e-6)


def damage(path: Path, fault: str) -> None:
    state = load_file(path)
    if fault == "missing":
        del state["layer1.0.conv1.weight"]
    elif fault == "extra":
        state["another.weight"] = torch.zeros(3)
    elif fault == "another shape":
        state["conv1.0.weight" if "conv1.0.weight" in state else "conv1.weight"] = torch.zeros(2, 2)
    elif fault == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
        return
    elif fault == "pickled":
        path.write_bytes(pickle.dumps({"conv1.weight": Path}))
        return
    save_file(state, path)


@pytest.mark.parametrize("fault", ["missing", "extra", "another shape", "truncated", "pickled"])
def test_damaged_weights_of_timm_are_refused(weights_folder, fault):
    save_model(weights_folder)
    damage(weights_folder / f"{MODEL}.safetensors", fault)
    with pytest.raises(WeightsDamaged, match=MODEL):
        TimmModel(MODEL).extract(pictures(1, 3, 64, 64))


@pytest.mark.parametrize("name", ["../secret", "", "a/b", "/etc/passwd"])
def test_a_model_is_named_not_located(name):
    with pytest.raises(ModelError, match="no name of a model"):
        TimmModel(name)


def test_a_model_that_timm_does_not_have_is_refused_with_the_nearest_name(weights_folder):
    (weights_folder / "resnet19.a1_in1k.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"resnet1"):
        TimmModel("resnet19.a1_in1k").extract(pictures(1, 3, 64, 64))
