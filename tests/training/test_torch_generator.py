"""Generators that learn with torch: noise of each place alone, classes by name, sheets in order, refusals in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from toys.training import picture

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.generator import SampleContext
from srbench.contract.training_set import TrainingSet
from srbench.training.data.batch import Batch
from srbench.training.data.pairs import TrainingDataError
from srbench.training.torch_generator import SHEET, TorchGenerator, noise_of, sheet, sheet_noise
from srbench.training.torch_method import ModelError

SIZE = 8


class Tint(TorchGenerator):
    """Noise times a learned number, and the class added."""

    memory_format = "contiguous"

    def __init__(self, labelled: bool = True) -> None:
        self.labelled = labelled

    def build(self, channels: int, scale: int) -> dict[str, nn.Module]:
        return {"net": nn.Conv2d(channels, channels, 1)}

    def stages(self, networks: dict[str, nn.Module], scale: int) -> list[srbench.Stage]:
        network = networks["net"]

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"l": (network(batch.lr) - batch.hr).abs().mean()}

        optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
        return [srbench.Stage("only", {"net": network}, {"l": optimiser}, step, 2, self.size)]

    def draw(self, noise: Sequence[torch.Generator], labels: torch.Tensor) -> torch.Tensor:
        made = torch.stack([torch.rand(self.channels, self.size, self.size, generator=one) for one in noise])
        return self.networks["net"](made) + labels[:, None, None, None]


def items(count: int = 6, labels: str = "ab") -> list[srbench.Item]:
    pictures = [picture(SIZE, SIZE, seed=place) for place in range(count)]
    return [
        srbench.Item(f"i{place}", one, label=labels[place % len(labels)] if labels else None)
        for place, one in enumerate(pictures)
    ]


def fitted(folder: Path, labelled: bool = True) -> Tint:
    generator = Tint(labelled)
    train = TrainingSet(items(), srbench.Protocol("8px", 1, size=SIZE))
    generator.fit(train, FitContext(0, Budget("steps", 2), folder))
    return generator


@pytest.fixture(scope="module")
def tint(tmp_path_factory: pytest.TempPathFactory) -> Tint:
    return fitted(tmp_path_factory.mktemp("tint"))


def asked(count: int, first: int = 0, labels: tuple[str, ...] | None = None, **other: int) -> SampleContext:
    where = {"seed": 0, "size": SIZE, "channels": 3} | other
    return SampleContext(first=first, labels=labels or ("a",) * count, **where)


def test_an_image_depends_on_its_seed_place_and_class_alone(tint: Tint) -> None:
    together = tint.sample(5, asked(5, labels=("a", "b", "a", "b", "a")))
    assert together.shape == (5, 3, SIZE, SIZE) and together.dtype == torch.float32
    torch.manual_seed(99)
    alone = tint.sample(1, asked(1, first=3, labels=("b",)))
    torch.testing.assert_close(alone[0], together[3])  # a convolution of five may round otherwise than one of one
    other_class = tint.sample(1, asked(1, first=3, labels=("a",)))
    torch.testing.assert_close(other_class[0] + 1, together[3])
    assert not torch.equal(tint.sample(1, asked(1, seed=1)), tint.sample(1, asked(1)))


@given(st.integers(0, 2**40), st.integers(0, 10**6))
def test_neighbouring_seeds_and_places_have_nothing_in_common(seed: int, place: int) -> None:
    def numbers(seed: int, place: int) -> list[int]:
        return torch.randint(0, 2**31, (4,), generator=noise_of(seed, place)).tolist()

    here = numbers(seed, place)
    assert numbers(seed, place) == here
    for other in ((seed, place + 1), (seed + 1, place), (place, seed) if place != seed else (seed, place + 2)):
        assert not set(numbers(*other)) & set(here)


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (asked(1, size=9), r"makes images of 8 pixels with 3 channels, not of 9 with 3"),
        (asked(1, channels=1), r"not of 8 with 1"),
        (asked(1, labels=("c",)), "learned the classes a, b, not c"),
        (asked(1, labels=("a", "b")), "a class is needed for each of 1 images; there are 2"),
    ],
)
def test_what_was_not_learned_is_refused_in_words(tint: Tint, context: SampleContext, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        tint.sample(1, context)


def test_without_classes_none_are_asked_for(tmp_path: Path) -> None:
    plain = fitted(tmp_path, labelled=False)
    assert plain.labels == () and set(plain.classes_on_sheet()) == {-1}
    assert plain.sample(2, SampleContext(0, 0, SIZE, 3)).shape == (2, 3, SIZE, SIZE)


def test_a_saved_model_knows_its_size_and_classes_and_gives_the_same_samples(tint: Tint, tmp_path: Path) -> None:
    tint.save(tmp_path)
    again = Tint()
    again.load(tmp_path)
    assert (again.size, again.labels) == (SIZE, ("a", "b"))
    assert torch.equal(again.sample(3, asked(3)), tint.sample(3, asked(3)))


def test_training_images_must_be_squares_of_one_size_and_have_the_classes_that_are_learned(tmp_path: Path) -> None:
    context = FitContext(0, Budget("steps", 1), tmp_path)
    with pytest.raises(TrainingDataError, match="learns from squares of one size, and x2 has none"):
        Tint().fit(TrainingSet(items(), srbench.Protocol("x2", 2)), context)
    with pytest.raises(TrainingDataError, match=r"3 of 3 training images have none: i0, i1, i2$"):
        Tint().fit(TrainingSet(items(3, labels=""), srbench.Protocol("8px", 1, size=SIZE)), context)


def test_a_sheet_shows_the_first_samples_of_seed_0_class_by_class(tint: Tint) -> None:
    classes = tint.classes_on_sheet()
    side = SHEET // SIZE
    assert classes == sorted(classes) and len(classes) == side**2
    assert classes.count(0) == classes.count(1)
    noise = sheet_noise(3)
    for place, one in enumerate(noise):
        assert torch.equal(torch.rand(2, generator=one), torch.rand(2, generator=noise_of(0, place)))


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 3]))
def test_images_on_a_sheet_lie_row_by_row(side: int, height: int, width: int, channels: int) -> None:
    images = torch.arange(side**2 * channels * height * width).reshape(side**2, channels, height, width)
    made = sheet(images)
    assert made.shape == (1, channels, side * height, side * width)
    for place in range(side**2):
        row, column = divmod(place, side)
        part = made[0, :, row * height : (row + 1) * height, column * width : (column + 1) * width]
        assert torch.equal(part, images[place])
