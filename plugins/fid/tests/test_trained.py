"""Extractors that srbench trains: their networks, the loop, what is held out, what they save."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from srbench_fid.metrics.inception import Classifies
from srbench_fid.trained.examples import Examples
from srbench_fid.trained.extractor import ExtractorError
from srbench_fid.trained.extractors import ResNet50, SkinLesNet, UNetEncoder
from srbench_fid.trained.learning import USUAL, Learning, budget_of
from srbench_fid.trained.networks import ResNetClassifier, SegmentationUNet, timm_model
from srbench_fid.trained.networks import SkinLesNet as SkinLesNetwork
from srbench_fid.trained.pictures import LabelError, fitted, held_out, units
from srbench_fid.trained.rows import Array, Rows
from srbench_fid.trained.training import learn, outputs, standardise
from torch import nn

from srbench.contract.dataset import Item
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.errors import ParameterError
from srbench.store.details import ConfusionMatrix
from srbench.store.evidence import Evidence
from srbench.testing import check_extractors
from srbench.training.loop.randomness import seeded
from srbench.weights.lookup import WeightsDamaged

test_conformance = check_extractors(
    ("skinlesnet", {"epochs": 1}),
    ("skinlesnet", {"preset": "isic", "steps": 2}),
    ("unet-encoder", {"epochs": 1}),
    ("unet-encoder", {"steps": 2, "side": 32, "width": 4, "loss": "mse", "schedule": "plateau"}),
)


def _stripes(seed: int, thin: bool, side: int = 32) -> np.ndarray:
    """Thin or thick stripes with noise."""
    random = np.random.default_rng(seed)
    period = 4 if thin else 16
    wave = 127 + 90 * np.sign(np.sin(2 * np.pi * (np.arange(side) + random.integers(period)) / period + 0.1))
    return np.clip(wave[None, :, None] + random.normal(0, 5, (side, side, 1)), 0, 255).astype(np.uint8)


def _labelled(seed: int, count: int) -> list[Item]:
    return [
        Item(f"i{index}", _stripes(100 * seed + index, index % 2 == 0), label=("thin", "thick")[index % 2])
        for index in range(count)
    ]


def _masked(seed: int, count: int) -> list[Item]:
    items = []
    for index in range(count):
        random = np.random.default_rng((seed, index))
        mask = np.zeros((32, 28, 1), np.uint8)
        top, left = random.integers(0, 17, 2)
        mask[top : top + 11, left : left + 11] = 1
        picture = np.clip(60 + 120.0 * mask + random.normal(0, 10, mask.shape), 0, 255).astype(np.uint8)
        items.append(Item(f"i{index}", picture, mask=mask))
    return items


def _context(folder: Path, extractor: Any, seed: int = 0, **others: Any) -> FitContext:
    return FitContext(seed, extractor.budget, folder, **others)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> SkinLesNet:
    extractor = SkinLesNet(epochs=6)
    facts = extractor.fit(_labelled(0, 8), _labelled(1, 4), _context(tmp_path_factory.mktemp("c"), extractor))
    assert facts == {"accuracy": 1.0, "epochs": 6.0}
    return extractor


def test_skinlesnet_has_the_parameters_of_the_paper() -> None:
    network = SkinLesNetwork(3)
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_310_083
    kernels = [tuple(layer.weight.shape) for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert kernels == [(32, 3, 3, 3), (64, 32, 3, 3), (64, 64, 3, 3), (128, 64, 3, 3)]
    assert network(torch.rand(2, 3, 224, 224)).shape == (2, 3)


def test_skinlesnet_is_its_layers_one_after_another() -> None:
    network = SkinLesNetwork(4).eval()
    weights = list(network.parameters())
    maps = image = torch.rand(1, 3, 224, 224)
    for layer in range(4):
        maps = nn.functional.max_pool2d(nn.functional.conv2d(maps, *weights[2 * layer : 2 * layer + 2]).clamp(min=0), 2)
    hidden = (weights[8] @ maps.flatten() + weights[9]).clamp(min=0)
    torch.testing.assert_close(network.features(image)[0], hidden, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network(image)[0], weights[10] @ hidden + weights[11], rtol=1e-4, atol=1e-5)


def test_the_head_of_the_resnet_is_1024_512_256_128_64() -> None:
    with torch.device("meta"):
        network = ResNetClassifier(7)
    linear = [layer.weight.shape for layer in network.unnormalised()]
    widths = [2048, 1024, 512, 256, 128, 64, 7]
    assert linear == [(after, before) for before, after in pairwise(widths)]
    # 25,557,032 parameters are published for ResNet50; its own classifier has 2048 * 1000 + 1000 of them.
    assert sum(p.numel() for p in network.backbone.parameters()) == 25_557_032 - 2_049_000


def test_timm_models_normalise_their_input() -> None:
    torch.manual_seed(0)
    model = timm_model("resnet18", 5).eval()
    images = torch.rand(2, 3, 64, 64)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = model.network((images - mean.view(1, 3, 1, 1)) / deviation.view(1, 3, 1, 1))
    torch.testing.assert_close(model(images), expected)
    assert model(images).shape == (2, 5)


def test_a_frozen_backbone_keeps_its_weights_and_statistics_while_the_head_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = ResNetClassifier(2, frozen=True)
    network.backbone.network = nn.Sequential(nn.Conv2d(3, 2048, 3), nn.BatchNorm2d(2048), nn.AdaptiveAvgPool2d(1))
    network.backbone.network.append(nn.Flatten()).requires_grad_(False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    examples = Examples(
        _rows(np.random.default_rng(0).random((6, 3, 8, 8))), np.arange(6) % 2, [*"abcdef"], np.arange(6) < 0, 0
    )
    learn(network, examples, nn.functional.cross_entropy, 8, FitContext(0, Budget("steps", 2), tmp_path))
    changed = {name.partition(".")[0] for name, value in network.state_dict().items() if not value.equal(before[name])}
    assert changed == {"head", "output"}
    assert all(parameter.requires_grad for parameter in ResNetClassifier(2).parameters())


def test_a_unet_of_64_maps_has_the_sizes_of_the_paper() -> None:
    with torch.device("meta"):
        network = SegmentationUNet(64)
    kernels = [layer.weight for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    # Ronneberger et al. 2015, figure 1, on three channels and to one; batch normalisation in place of biases.
    levels = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 512), (512, 512), (512, 1024)]
    levels += [
        (1024, 1024),
        (1024, 512),
        (512, 512),
        (512, 256),
        (256, 256),
        (256, 128),
        (128, 128),
        (128, 64),
        (64, 64),
    ]
    expected = sum(9 * before * after for before, after in levels)
    expected += sum(4 * width * width * 2 for width in (64, 128, 256, 512)) + 64
    assert (network.dim, sum(kernel.numel() for kernel in kernels)) == (1024, expected)
    assert UNetEncoder(width=64).dim == 1024


def test_the_unet_gives_a_mask_of_the_size_of_its_input_and_averages_its_bottleneck() -> None:
    network = SegmentationUNet().eval()
    images = torch.rand(2, 3, 64, 96)
    assert network(images).shape == (2, 1, 64, 96)
    seen: list[torch.Tensor] = []
    network.contracting[-1].register_forward_hook(lambda module, given, output: seen.append(output))
    features = network.features(images)
    assert seen[0].shape == (2, 256, 4, 6)
    torch.testing.assert_close(features, seen[0].flatten(2).sum(-1) / 24)


def test_standardised_units_have_mean_0_and_deviation_1() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 4))
    inputs = torch.rand(20, 1, 8, 8) + 5
    standardise(network, [network[0], network[3]], inputs)
    assert network.training, "it is left in its mode"
    for units_ in (network[0](inputs).transpose(0, 1).flatten(1), network(inputs).T):
        torch.testing.assert_close(units_.mean(1), torch.zeros(len(units_)), rtol=0, atol=1e-4)
        torch.testing.assert_close(units_.std(1, correction=0), torch.ones(len(units_)), rtol=0, atol=1e-3)


def test_rows_come_back_as_they_were_in_any_order() -> None:
    rows = Rows((2, 3), np.float32)
    arrays = np.random.default_rng(0).random((5, 2, 3), dtype=np.float32)
    for number, array in enumerate(arrays):
        rows.append(array)
        assert np.array_equal(rows.take(np.array([number, 0])), arrays[[number, 0]])
    assert len(rows) == 5
    assert np.array_equal(rows.take(np.array([3, 1, 3])), arrays[[3, 1, 3]])
    with pytest.raises(ValueError, match="shape"):
        rows.append(arrays)


def test_pictures_are_stretched_to_the_network_and_grey_is_repeated() -> None:
    grey = torch.rand(2, 1, 50, 20)
    made = fitted(grey, 32)
    assert made.shape == (2, 3, 32, 32)
    assert torch.equal(made[:, 0], made[:, 2])
    assert made.min() >= 0
    assert made.max() <= 1
    colour = torch.rand(3, 32, 32)
    torch.testing.assert_close(fitted(colour, 32), colour)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6)), min_size=1, max_size=60),
    st.integers(0, 10),
)
def test_a_patient_is_on_one_side_and_every_class_keeps_something_to_learn_from(
    drawn: list[tuple[str, int]], seed: int
) -> None:
    classes = [name for name, _ in drawn]
    groups = [f"{name}{patient}" for name, patient in drawn]
    together = units(classes, groups, [f"i{index}" for index in range(len(drawn))])
    held = held_out(classes, together, seed)
    for name in set(classes):
        of_class = [index for index in range(len(drawn)) if classes[index] == name]
        assert not held[of_class].all()
        patients = {groups[index] for index in of_class}
        if len(patients) >= 3:
            assert held[of_class].any()
            for patient in patients:
                assert len({bool(held[index]) for index in of_class if groups[index] == patient}) == 1
    assert np.array_equal(held, held_out(classes, together, seed))


def test_two_versions_of_an_image_are_never_divided() -> None:
    together = units(["a"] * 8, ["whole class"] * 8, ["i0", "i1", "i2", "i3"] * 2)
    assert together[:4].tolist() == together[4:].tolist()
    assert len(set(together.tolist())) == 4


def test_about_a_fifth_of_each_class_is_held_out() -> None:
    classes = ["a"] * 12 + ["b"] * 40
    held = held_out(classes, units(classes, [None] * 52, [f"i{index}" for index in range(52)]), 0)
    assert held[:12].sum() == 2
    assert held[12:].sum() == 8


def _rows(arrays: Array) -> Rows:
    rows = Rows(arrays.shape[1:], arrays.dtype)
    for array in arrays:
        rows.append(array)
    return rows


NUMBERS = _rows(np.arange(12).reshape(-1, 1, 1, 1))
"""Pictures of one pixel."""


def _numbered(held: int, count: int, seed: int) -> Examples:
    """Pictures of which each has its own number and class; the first ones are held out."""
    numbers = np.arange(count)
    return Examples(NUMBERS, numbers, [f"i{number}" for number in numbers], numbers < held, seed)


@given(st.integers(0, 3), st.integers(1, 9), st.lists(st.integers(1, 20), min_size=1, max_size=12), st.integers(0, 5))
def test_every_pass_sees_what_is_not_held_out_once_and_goes_on_from_its_state(
    held: int, learned: int, counts: list[int], seed: int
) -> None:
    examples = _numbered(held, held + learned, seed)
    kept = examples.hold_out()
    assert (kept.ids if kept else []) == [f"i{number}" for number in range(held)]
    assert [label.item() for *_, label in (kept.centres(1, 1) if kept else [])] == list(range(held))
    drawn: list[int] = []
    for count in counts:
        again = _numbered(held, held + learned, seed)
        again.restore(examples.state())
        lr, hr, labels = examples.draw(count, 1)
        assert np.array_equal(hr.reshape(-1), labels) and np.array_equal(lr, hr)
        assert np.array_equal(again.draw(count, 1)[2], labels)
        drawn += labels.tolist()
    assert len(examples) == learned
    for start in range(0, len(drawn) - learned + 1, learned):
        assert sorted(drawn[start : start + learned]) == list(range(held, held + learned))


def _epochs(epochs: int, folder: Path, **others: Any) -> FitContext:
    return FitContext(7, Budget("epochs", epochs), folder, **others)


def test_a_training_that_is_interrupted_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def run(folder: Path, stop: Callable[[], bool] = lambda: False) -> dict[str, torch.Tensor]:
        with seeded(3):
            network = nn.Sequential(nn.Flatten(), nn.Linear(48, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 2))
            learn(network, examples(), nn.functional.cross_entropy, 4, _epochs(5, folder, stop=stop))
        return network.state_dict()

    def examples() -> Examples:
        pictures = np.random.default_rng(0).random((24, 3, 4, 4))
        return Examples(_rows(pictures), np.arange(24) % 2, [f"i{i}" for i in range(24)], np.arange(24) >= 20, 7)

    whole = run(tmp_path / "whole")
    for step in (1, 7, 12):  # thirteen steps of 8 in five epochs of 20
        asked = iter([False] * (step - 1) + [True])
        with pytest.raises(Interrupted):
            run(tmp_path / str(step), lambda asked=asked: next(asked))
        resumed = run(tmp_path / str(step))
        assert all(torch.equal(resumed[name], value) for name, value in whole.items()), f"stopped after step {step}"


def test_it_stops_when_the_part_held_out_gets_no_better_and_keeps_the_best(tmp_path: Path) -> None:
    class Worse(nn.Module):
        """Every epoch adds 1 to what it gets wrong."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if self.training:
                with torch.no_grad():
                    self.weight += 1
            return images.flatten(1).mean(1) + self.weight

    def loss(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return (outputs - labels).exp().mean()

    network = Worse()
    examples = Examples(_rows(np.zeros((6, 3, 2, 2))), np.zeros(6), [*"abcdef"], np.arange(6) >= 3, 0)
    assert learn(network, examples, loss, 2, _epochs(50, tmp_path)).epochs == 1 + USUAL.early_stopping
    assert not network.training
    assert network.weight.item() == pytest.approx(1, abs=0.01), "what AdamW adds in a step is a thousandth"


def test_torchs_own_random_numbers_are_left_as_they_were(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    extractor = UNetEncoder(epochs=1)
    extractor.fit(_masked(0, 4), _masked(1, 2), _context(tmp_path, extractor))
    assert torch.equal(torch.get_rng_state(), before)


def test_masks_turn_with_their_pictures(tmp_path: Path) -> None:
    class Same(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images + 0 * self.weight

    def loss(pictures: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        assert torch.equal(pictures, masks.float())
        seen.update(mask.numpy().tobytes() for mask in masks)
        return (pictures - masks).square().mean()

    seen: set[bytes] = set()
    pictures = _rows(np.arange(9, dtype=np.uint8).reshape(1, 1, 3, 3).repeat(40, 0))
    examples = Examples(pictures, pictures, [str(i) for i in range(40)], np.zeros(40, bool), 0)
    learn(Same(), examples, loss, 3, _epochs(4, tmp_path))
    assert len(seen) == 8, "four turns, each flipped or not"


def test_a_unet_learns_to_find_bright_squares(tmp_path: Path) -> None:
    extractor = UNetEncoder(epochs=6)
    facts = extractor.fit(_masked(0, 8), _masked(1, 4), _context(tmp_path, extractor))
    assert facts["dice"] > 0.6, "a mask of everything would have 0.24"
    assert extractor.extract(torch.rand(2, 1, 50, 70)).shape == (2, 256)


def test_grey_and_colour_of_any_size_have_features(trained: SkinLesNet) -> None:
    grey = torch.rand(1, 1, 61, 30)
    assert trained.extract(grey).shape == (1, trained.dim)
    torch.testing.assert_close(trained.extract(grey), trained.extract(grey.expand(1, 3, 61, 30)))


def test_the_maps_of_the_last_convolution_are_features_that_lead_on_to_the_same_logits(
    trained: SkinLesNet, tmp_path: Path
) -> None:
    trained.save(tmp_path)
    of_maps = SkinLesNet(features="maps")
    of_maps.load(tmp_path)
    images = torch.rand(2, 3, 40, 50)
    with torch.inference_mode():
        seen: torch.Tensor = trained.network.convolutions(fitted(images, 224))
    assert of_maps.dim == 128 * 12 * 12
    torch.testing.assert_close(of_maps.extract(images), seen.flatten(1))
    torch.testing.assert_close(of_maps.logits(of_maps.extract(images)), trained.logits(trained.extract(images)))


def test_its_features_lead_on_to_its_logits(trained: SkinLesNet) -> None:
    assert isinstance(trained, Classifies)
    images = torch.rand(3, 3, 40, 50)
    with torch.inference_mode():
        whole = trained.network(fitted(images, trained.side).contiguous())
    torch.testing.assert_close(trained.logits(trained.extract(images)), whole)
    assert whole.shape == (3, len(trained.classes))


def test_what_is_saved_gives_the_same_features(trained: SkinLesNet, tmp_path: Path) -> None:
    trained.save(tmp_path)
    loaded = SkinLesNet(epochs=6)
    loaded.load(tmp_path)
    images = torch.rand(3, 3, 40, 40)
    assert torch.equal(loaded.extract(images), trained.extract(images))
    assert loaded.classes == ("thick", "thin")


def _drop(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["hidden.bias"]


def _add(tensors: dict[str, torch.Tensor]) -> None:
    tensors["more"] = torch.zeros(1)


def _transpose(tensors: dict[str, torch.Tensor]) -> None:
    tensors["hidden.weight"] = tensors["hidden.weight"].T.contiguous()


def _spoil(tensors: dict[str, torch.Tensor]) -> None:
    tensors["output.bias"][0] = torch.nan


@pytest.mark.parametrize("damage", [_drop, _add, _transpose, _spoil])
def test_weights_that_do_not_fit_are_refused(
    trained: SkinLesNet, tmp_path: Path, damage: Callable[[dict[str, torch.Tensor]], None]
) -> None:
    trained.save(tmp_path)
    tensors = load_file(tmp_path / "weights.safetensors")
    damage(tensors)
    save_file(tensors, tmp_path / "weights.safetensors")
    with pytest.raises((WeightsDamaged, ExtractorError), match=r"weights\.safetensors"):
        SkinLesNet().load(tmp_path)


def test_a_truncated_file_or_one_of_another_network_is_refused(trained: SkinLesNet, tmp_path: Path) -> None:
    with pytest.raises(ExtractorError, match="does not describe"):
        SkinLesNet().load(tmp_path)
    trained.save(tmp_path)
    with pytest.raises(ExtractorError, match="UNetEncoder"):
        UNetEncoder().load(tmp_path)
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ExtractorError, match="cannot be read"):
        SkinLesNet().load(tmp_path)
    facts = json.loads((tmp_path / "extractor.json").read_text())
    (tmp_path / "extractor.json").write_text(json.dumps({**facts, "classes": "thin"}))
    with pytest.raises(ExtractorError, match="does not describe"):
        SkinLesNet().load(tmp_path)


def test_nothing_is_learned_without_two_classes_labels_or_masks(tmp_path: Path) -> None:
    unlabelled = [Item("one", _stripes(0, True))]
    single = [Item(f"i{index}", _stripes(index, True), label="thin") for index in range(3)]
    for extractor, items in ((SkinLesNet(), unlabelled), (SkinLesNet(), single), (UNetEncoder(), unlabelled)):
        with pytest.raises(LabelError):
            extractor.fit(items, items, _context(tmp_path, extractor))
    with pytest.raises(ExtractorError, match="learned nothing"):
        SkinLesNet().extract(torch.rand(1, 3, 8, 8))


def test_a_class_that_was_not_in_the_training_split_is_never_right(trained: SkinLesNet) -> None:
    made = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0]])
    assert trained._facts(made, np.array([0, 0, -1])) == {"accuracy": 1 / 3}


@pytest.mark.parametrize("unit", ["epochs", "steps", "seconds"])
def test_a_budget_is_the_one_that_is_given(unit: Any) -> None:
    given: dict[str, Any] = {"epochs": None, "steps": None, "seconds": None}
    assert budget_of(**given, usual=7) == Budget("epochs", 7)
    assert budget_of(**given | {unit: 3}, usual=7) == Budget(unit, 3)
    other = {"epochs": "steps", "steps": "seconds", "seconds": "epochs"}[unit]
    with pytest.raises(ParameterError, match="two budgets"):
        budget_of(**given | {unit: 3, other: 5}, usual=7)


def test_it_learns_with_the_optimiser_rate_and_schedule_that_are_asked_for(tmp_path: Path) -> None:
    class Still(nn.Module):
        """Never gets better, so that a plateau is all there is."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.flatten(1).mean(1) + 0 * self.weight

    how = Learning("adam", 0.5, 2, {"plateau": {"factor": 0.1, "patience": 1}}, early_stopping=50)
    pictures = _rows(np.ones((6, 3, 2, 2)))
    examples = Examples(pictures, np.zeros(6), [*"abcdef"], np.arange(6) >= 4, 0)
    learned = learn(Still(), examples, lambda made, _: made.mean(), 2, _epochs(7, tmp_path), how)
    rates = [row["lr"] for row in learned.history]
    assert rates[0] == 0.5 and sorted(set(rates), reverse=True) == pytest.approx([0.5, 0.05, 0.005])
    assert learned.history[-1]["step"] == 14, "two batches of two an epoch"


def test_what_it_was_like_on_the_test_split_is_left_for_pages(trained: SkinLesNet, tmp_path: Path) -> None:
    trained.save(tmp_path / "classifier")
    shown = Evidence.read(tmp_path / "classifier")
    assert shown.confusion == ConfusionMatrix(("thick", "thin"), ((2, 0), (0, 2))) and shown.masks == ()
    assert (tmp_path / "classifier/history.csv").read_text().startswith("stage,step,seconds")
    assert json.loads((tmp_path / "classifier/training.json").read_text())["stages"][0]["name"] == "learning"
    unknown = [*_labelled(1, 2), Item("new", _stripes(1, True), label="wavy")]
    trained.fit(_labelled(0, 8), unknown, FitContext(0, Budget("steps", 1), tmp_path / "again"))
    trained.save(tmp_path / "again")
    confusion = Evidence.read(tmp_path / "again").confusion
    assert confusion is not None and confusion.classes == ("thick", "thin", "wavy")
    assert [sum(row) for row in confusion.counts] == [1, 1, 1]


def test_masks_are_shown_from_the_worst_to_the_best(tmp_path: Path) -> None:
    extractor = UNetEncoder(side=32, width=4, steps=2)
    test = _masked(1, 9)
    facts = extractor.fit(_masked(0, 8), test, _context(tmp_path, extractor))
    extractor.save(tmp_path)
    masks = Evidence.read(tmp_path).masks
    assert len(masks) == 6 and len({one.image for one in masks}) == 6
    scores = [one.dice for one in masks]
    assert scores == sorted(scores) and scores[0] <= facts["dice"] <= scores[-1]
    by_id = {item.id: item for item in test}
    for one in masks:
        both = 2 * (one.true & one.found).sum() / max(1, one.true.sum() + one.found.sum())
        assert one.dice == pytest.approx(both)
        inside, outside = one.picture[one.true], one.picture[~one.true]
        assert inside.mean() > outside.mean() + 50, "the picture that the mask is of"
        share = (by_id[one.image].read_mask() != 0).mean()
        assert one.true.mean() == pytest.approx(share, abs=0.05)


def test_outputs_do_not_depend_on_the_size_of_batches() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)).eval()
    rows = Rows((3, 8, 8), np.float16)
    for _ in range(7):
        rows.append(np.random.default_rng(0).random((3, 8, 8)))
    torch.testing.assert_close(outputs(network, rows, "cpu", 1), outputs(network, rows, "cpu", 5))


def test_a_resnet_with_the_weights_of_imagenet_is_torchvisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from srbench.weights import import_torchvision

    import_torchvision()
    import torchvision

    torch.manual_seed(0)
    published = torchvision.models.resnet50().eval()
    tensors = {
        name: value for name, value in published.state_dict().items() if not name.endswith("num_batches_tracked")
    }
    monkeypatch.setattr("srbench.weights.load_weights", lambda name: {"resnet50": tensors}[name])
    extractor = ResNet50(weights="imagenet", freeze=True)
    assert extractor.weights == ("resnet50",) and ResNet50().weights == ()
    extractor.classes = ("a", "b")
    network: Any = extractor._build()
    extractor._start(network)
    images = torch.rand(1, 3, 64, 64)
    published.fc = nn.Identity()
    with torch.inference_mode():
        torch.testing.assert_close(network.eval().backbone.network(images), published(images), rtol=1e-4, atol=1e-4)


def test_weights_that_say_two_things_and_random_ones_that_were_to_be_kept_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="give one of both"):
        ResNet50(weights="imagenet", weights_file=tmp_path)
    with pytest.raises(ParameterError, match="random weights"):
        ResNet50(freeze=True)


def test_a_resnet_starts_from_weights_in_a_file(tmp_path: Path) -> None:
    import timm

    start = timm.create_model("resnet50", pretrained=False, num_classes=10)
    path = tmp_path / "resnet50.safetensors"
    save_file(start.state_dict(), path)
    extractor = ResNet50(weights_file=path)
    extractor.classes = ("a", "b")
    network: Any = extractor._build()
    extractor._start(network)
    assert torch.equal(network.backbone.network.layer3[2].conv2.weight, start.layer3[2].conv2.weight)
    save_file({"conv1.weight": start.conv1.weight.detach()}, path)
    with pytest.raises(WeightsDamaged, match="missing"):
        extractor._start(network)
